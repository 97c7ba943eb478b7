import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { type Procedure, wait } from "../common/procedure.ts";
import { LeCreateConnection, LeCreateConnectionCancel } from "../hci/commands/le-connection.ts";
import { LeExtendedCreateConnection } from "../hci/commands/le-extended-connection.ts";
import {
  LeAddDeviceToFilterAcceptList,
  LeClearFilterAcceptList,
} from "../hci/commands/le-filter-accept-list.ts";
import { HciError } from "../hci/error.ts";
import { extendedCreate, legacyCreate, type LinkParameters } from "./connect-options.ts";
import { addressTypeOctet } from "./device-address.ts";
import type { RadioTask } from "./radio-task.ts";

/** What initiating needs to know of the host and its controller, at any time. */
export interface InitiatingSetup {
  readonly ownAddressType: () => number;
  /** What the controller knows a peer by: its identity address where its resolving list has it. */
  readonly named: (peer: Address) => Address;
  /** Who is behind an address, if it is a bonded peer. */
  readonly identityOf: (address: Address) => Address | undefined;
  /** Whether the controller connects with the extended commands. */
  readonly extended: () => boolean;
  /** How many devices its Filter Accept List holds. */
  readonly acceptListSize: () => number;
  /** @throws {@link UnavailableError} The controller cannot make such links. */
  readonly check: (link: LinkParameters) => void;
}

/** How long the controller may take to say that it has stopped trying, in ms. */
const cancelPatience = 5_000;

/** The controller's initiating state: started for one or more peers, and stopped. Vol 4, Part E, 7.8.12 and 7.8.13. */
export class InitiatingRadio {
  readonly #clock: Clock;
  readonly #setup: InitiatingSetup;
  #whenEnded: (() => void) | undefined;

  constructor(clock: Clock, setup: InitiatingSetup) {
    this.#clock = clock;
    this.#setup = setup;
  }

  /** Whether the controller was told to stop and has not said that it has. */
  get stopping(): boolean {
    return this.#whenEnded !== undefined;
  }

  /** Looks for the first of `peers`, or any of several: with the parameters of the first and the PHYs of all. */
  *start(
    task: RadioTask,
    peers: readonly { readonly address: Address; readonly link: LinkParameters }[],
  ): Procedure<void> {
    const [first] = peers;
    if (!first) return;
    const phys = [...new Set(peers.flatMap(({ link }) => link.phys))];
    const link = { ...first.link, phys };
    if (peers.length > 1) yield* this.#fillAcceptList(task, peers);
    const peer = peers.length > 1 ? undefined : this.#setup.named(first.address);
    const own = this.#setup.ownAddressType();
    if (this.#setup.extended()) yield* task.ask(LeExtendedCreateConnection, extendedCreate(peer, link, own));
    else yield* task.ask(LeCreateConnection, legacyCreate(peer, link, own));
  }

  /** Stops, and goes on when the controller has, or has had its time to. */
  *stop(task: RadioTask): Procedure<void> {
    const ended = this.#awaitEnd();
    try {
      yield* task.ask(LeCreateConnectionCancel, {});
    } catch (error) {
      // Refused because the link has just come up, or not: a Connection Complete event tells the end.
      if (!(error instanceof HciError)) throw error;
    }
    yield* wait<undefined>(ended);
  }

  /** The controller has said that it has stopped, or is gone. */
  ended(): void {
    this.#whenEnded?.();
  }

  *#fillAcceptList(task: RadioTask, peers: readonly { readonly address: Address }[]): Procedure<void> {
    yield* task.ask(LeClearFilterAcceptList, {});
    for (const peer of peers) {
      const address = this.#setup.named(peer.address);
      yield* task.ask(LeAddDeviceToFilterAcceptList, {
        addressType: addressTypeOctet(address),
        address: address.value,
      });
    }
  }

  /** Listens from now on, since the event may come before the command's own answer. */
  #awaitEnd(): (done: (outcome: undefined) => void) => void {
    let over = false;
    let tell: (() => void) | undefined;
    const timer = this.#clock.after(cancelPatience, () => {
      this.#whenEnded?.();
    });
    this.#whenEnded = () => {
      this.#whenEnded = undefined;
      timer[Symbol.dispose]();
      over = true;
      tell?.();
    };
    return (done) => {
      if (over) done(undefined);
      else
        tell = () => {
          done(undefined);
        };
    };
  }
}
