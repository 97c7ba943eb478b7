import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { systemRandom } from "../common/random.ts";
import type { Turn } from "../common/turn.ts";
import type { Hci } from "../hci/hci.ts";
import type { AgentCapabilityLike } from "./agent.ts";
import { Agents } from "./agents.ts";
import { BondKeeper } from "./bond-keeper.ts";
import { Bonds } from "./bonds.ts";
import { BondStoreError } from "./bond-store.ts";
import type { Connection } from "./connection.ts";
import type { Settings } from "./configuration.ts";
import type { HostOptions } from "./host-options.ts";
import { LocalOob } from "./local-oob.ts";
import { PairingService } from "./pairing-service.ts";

/** What the security of a host is made of. */
export interface HostSecurityParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly options: HostOptions;
  /** What of them may change. */
  readonly settings: () => Settings;
  /** The address that peers know this host by. */
  readonly address: () => Address;
  /** Whether peers may begin to pair. */
  readonly pairable: () => boolean;
  /** A handler of the program has failed, or bonds could not be saved. */
  readonly fault: (error: unknown) => void;
  readonly bondLost: (connection: Connection) => void;
}

/** How long the last save may take when a host closes, in ms. */
const savePatience = 5_000;

/** Agents, bonds and pairing of a host, put together. */
export class HostSecurity {
  readonly agents: Agents;
  readonly bonds: Bonds;
  readonly keeper: BondKeeper;
  readonly pairing: PairingService;
  readonly localOob: LocalOob;
  readonly #clock: Clock;
  readonly #fault: (error: unknown) => void;

  constructor({ hci, clock, turn, options, settings, ...user }: HostSecurityParts) {
    const { random = systemRandom, bonds: store } = options;
    const { address, pairable, fault, bondLost } = user;
    const resolvable = (): boolean => settings().privacy === "resolvable";
    this.#clock = clock;
    this.#fault = fault;
    this.keeper = new BondKeeper({ random, store, address, resolvable, fault });
    this.bonds = new Bonds(this.keeper, turn);
    this.localOob = new LocalOob(random);
    const io = (): AgentCapabilityLike => settings().io;
    this.agents = new Agents(io, (registered) => {
      turn.run(() => {
        this.pairing.released(registered);
        turn.defer(() => {
          // In a promise, so that what it throws at once and what it rejects with come the same way.
          Promise.resolve()
            .then(() => registered.agent.release?.())
            .catch(fault);
        });
      });
    });
    this.pairing = new PairingService(
      { hci, clock, random },
      {
        turn,
        agents: this.agents,
        keeper: this.keeper,
        get options() {
          return settings().pairing;
        },
        localOob: this.localOob,
        pairable,
        fault,
        bondLost,
      },
    );
  }

  /** Releases the agents, saves what is not saved yet, and gives the store free; a store that hangs is not waited for. */
  async end(): Promise<void> {
    this.agents.end();
    const ending = this.keeper.end().catch((error: unknown) => {
      // A save that failed was told when it did.
      if (!(error instanceof BondStoreError)) this.#fault(error);
    });
    let patience: Disposable | undefined;
    const enough = new Promise<void>((resolve) => {
      patience = this.#clock.after(savePatience, resolve);
    });
    await Promise.race([ending, enough]);
    patience?.[Symbol.dispose]();
  }
}
