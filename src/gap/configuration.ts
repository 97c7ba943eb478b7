import { promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Address, AddressType } from "../common/address.ts";
import type { Done } from "../common/procedure.ts";
import type { AgentCapabilityLike } from "./agent.ts";
import {
  type ConfigureOptions,
  checkConfigureOptions,
  defaultName,
  type HostOptions,
} from "./host-options.ts";
import type { Privacy } from "./own-address.ts";
import { type HostPairingOptions, present } from "./pairing-options.ts";

/** How a host is set up, as far as that may change while it is open. */
export interface HostConfiguration {
  /** The Device Name of the GAP service; a peer may have written it. */
  readonly name: string;
  /** The Appearance of the GAP service; a peer may have written it. */
  readonly appearance: number;
  /** The most octets of an ATT PDU that the host receives on links that have not exchanged it yet; `undefined`: 517. */
  readonly mtu: number | undefined;
  /** Which address peers know the host by. */
  readonly addressType: AddressType;
  /** Which private addresses others see in its place. */
  readonly privacy: Privacy | "none";
  /** How the host pairs, as far as the program has said it. */
  readonly pairing: HostPairingOptions;
  /** The capability of agents that do not say it themselves. */
  readonly io: AgentCapabilityLike;
  /** How many values may wait for the program; `undefined`: see `HostOptions`. */
  readonly receiveBuffer: number | undefined;
}

/** A {@link HostConfiguration} that may leave the choice of the address to the controller. */
export type Settings = Omit<HostConfiguration, "addressType"> & {
  readonly addressType: AddressType | undefined;
};

/** What changes when the settings do. */
export interface ConfigurationParts {
  readonly turn: Turn;
  /** Which type of address there is where the settings do not say it. */
  readonly addressType: () => AddressType;
  /**
   * The address that such settings make.
   *
   * @throws {@link UnavailableError} There is none.
   */
  readonly identityWith: (settings: Settings) => Address;
  /** Has the controller use other addresses; `changed` is called when nothing is on the air. */
  readonly changeAddress: (
    privacy: Privacy | undefined,
    identity: Address,
    changed: () => void,
    done: Done<undefined>,
  ) => void;
  /**
   * Whether peers may be told so.
   *
   * @throws {@link UnavailableError} They were told otherwise, or the host is closed.
   */
  readonly check: (settings: Settings) => void;
  /** They have changed. */
  readonly changed: (settings: Settings, before: Settings) => void;
}

/** What `Host.open` was told and `host.configure` may change: all that is asked for at once, or nothing. */
export class Configuration {
  readonly #parts: ConfigurationParts;
  #settings: Settings;
  /** Changes of the address wait for the radio, and others behind them so as to keep their order. */
  #line: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: HostOptions, parts: ConfigurationParts) {
    this.#parts = parts;
    const { name = defaultName, appearance = 0, mtu, addressType, privacy = "none" } = options;
    const { pairing = {}, io = "", receiveBuffer } = options;
    this.#settings = { name, appearance, mtu, addressType, privacy, pairing, io, receiveBuffer };
  }

  /** As the parts of the host read it. */
  get settings(): Settings {
    return this.#settings;
  }

  /** As the program reads it: a copy. */
  get current(): HostConfiguration {
    const { settings } = this;
    return {
      ...settings,
      pairing: { ...settings.pairing },
      addressType: settings.addressType ?? this.#parts.addressType(),
    };
  }

  /** The private addresses in use. */
  get privacy(): Privacy | undefined {
    const { privacy } = this.#settings;
    return privacy === "none" ? undefined : privacy;
  }

  /** Changes what is given, at once or, where the address changes, when the radio is quiet. */
  async configure(options: ConfigureOptions): Promise<void> {
    checkConfigureOptions(options, this.#settings.pairing);
    const next = merged(this.#settings, options);
    this.#parts.check(next);
    const identity = this.#parts.identityWith(next);
    if (this.#waiting === 0 && !this.#movesTo(next, identity)) {
      this.#become(next);
      return;
    }
    this.#waiting++;
    const mine = this.#line.then(() => this.#move(options));
    this.#line = mine.then(
      () => undefined,
      () => undefined, // whoever has asked for it is told
    );
    try {
      await mine;
    } finally {
      this.#waiting--;
    }
  }

  /** A peer has written something, which is so already. */
  written(change: Partial<Pick<Settings, "name" | "appearance">>): void {
    this.#settings = { ...this.#settings, ...change };
  }

  /** In its turn: what is in force may be another thing by now. */
  async #move(options: ConfigureOptions): Promise<void> {
    const next = merged(this.#settings, options);
    this.#parts.check(next);
    const identity = this.#parts.identityWith(next);
    if (!this.#movesTo(next, identity)) {
      this.#become(next);
      return;
    }
    await promised<undefined>((done) => {
      const privacy = next.privacy === "none" ? undefined : next.privacy;
      const changed = (): void => {
        this.#become(merged(this.#settings, options));
      };
      this.#parts.turn.run(() => {
        this.#parts.changeAddress(privacy, identity, changed, done);
      });
    });
  }

  #movesTo(next: Settings, identity: Address): boolean {
    return (
      next.privacy !== this.#settings.privacy || !identity.equals(this.#parts.identityWith(this.#settings))
    );
  }

  #become(settings: Settings): void {
    const before = this.#settings;
    this.#settings = settings;
    this.#parts.changed(settings, before);
  }
}

function merged(settings: Settings, options: ConfigureOptions): Settings {
  const { pairing, ...rest } = options;
  const given = Object.entries<unknown>(rest).filter(([, value]) => value !== undefined);
  return {
    ...settings,
    ...(Object.fromEntries(given) as Omit<ConfigureOptions, "pairing">),
    pairing: { ...settings.pairing, ...present(pairing) },
  };
}
