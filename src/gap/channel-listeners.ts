import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { SpsmRegistry } from "../l2cap/spsm-registry.ts";
import { ChannelListener, type ListenOptions } from "./channel-listener.ts";
import type { Connection } from "./connection.ts";

/** What the listeners of a host need of it. */
export interface ListenersSetup {
  readonly clock: Clock;
  readonly turn: Turn;
  connectionOf(handle: number): Connection | undefined;
  /** Has the agent say whether a peer may use a service. */
  authorizeService(connection: Connection, service: Uuid): Promise<boolean>;
  /** The program has made a mistake. */
  handlerFailed(error: unknown): void;
}

/** Who listens for channels on the links of one host. */
export class ChannelListeners {
  /** For the links, which look there for who takes a channel. */
  readonly registry: SpsmRegistry = new SpsmRegistry();
  readonly #setup: ListenersSetup;
  readonly #listeners = new Set<ChannelListener>();
  #ended: BleError | undefined;

  constructor(setup: ListenersSetup) {
    this.#setup = setup;
  }

  /** Listens on every link that there is and will be. */
  listen(options: ListenOptions): ChannelListener {
    if (this.#ended) throw this.#ended;
    const { registry } = this;
    const ended = (own: ChannelListener): void => {
      this.#listeners.delete(own);
    };
    const listener = new ChannelListener({ ...this.#setup, registry, ended }, options);
    this.#listeners.add(listener);
    return listener;
  }

  /** The host closes, or its controller is gone. */
  end(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    for (const listener of this.#listeners) listener.end(reason);
    this.#listeners.clear();
  }
}
