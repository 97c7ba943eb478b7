import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import type { Turn } from "../common/turn.ts";
import type { Event } from "../hci/event.ts";
import type { Hci } from "../hci/hci.ts";
import type { ControllerInfo } from "../hci/start-up.ts";
import { Advertiser, advertiserEvents } from "./advertiser.ts";
import type { Connection } from "./connection.ts";
import type { ConnectionsUser } from "./connections.ts";
import type { HostPrivacy } from "./host-privacy.ts";
import { Initiator } from "./initiator.ts";
import type { LinkQuestions } from "./link-questions.ts";
import { RadioSetup } from "./radio-setup.ts";
import type { RadioStates } from "./radio-states.ts";
import { Scanner, scannerEvents } from "./scanner.ts";
import { Synchronizer, synchronizerEvents } from "./synchronizer.ts";

/** What the {@link Radio} is made of. */
export interface RadioParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly questions: LinkQuestions;
  readonly controller: () => ControllerInfo;
  readonly privacy: HostPrivacy;
  /** A link has come up, and the program may have it. */
  readonly connected: (connection: Connection) => void;
}

/** The events whose handlers {@link Radio} puts in place. */
export const radioEvents: readonly Event<unknown>[] = [
  ...scannerEvents,
  ...advertiserEvents,
  ...synchronizerEvents,
];

/** Everything that uses the radio beside the links: scans, advertising, attempts to connect, synchronisation. */
export class Radio implements ConnectionsUser {
  readonly scanner: Scanner;
  readonly initiator: Initiator;
  readonly advertiser: Advertiser;
  readonly synchronizer: Synchronizer;
  readonly #connected: (connection: Connection) => void;
  readonly #states: RadioStates;

  constructor({ hci, clock, turn, questions, controller, privacy, connected }: RadioParts) {
    this.#connected = connected;
    const setup = new RadioSetup(controller, privacy);
    this.scanner = new Scanner(hci, clock, turn, setup);
    this.advertiser = new Advertiser(hci, clock, turn, setup);
    const states = (this.#states = setup.states);
    const beside = {
      interfering: () => [
        ...(setup.scansMeanwhile ? [] : [this.scanner]),
        ...(states.advertisesMeanwhile ? [] : [this.advertiser]),
      ],
      released: () => {
        this.advertiser.reconsider();
      },
    };
    this.initiator = new Initiator(hci, clock, turn, beside, questions, setup);
    states.advertising = () => this.advertiser.activities;
    states.scanning = () => this.scanner.activities;
    states.initiating = () => this.initiator.initiating;
    privacy.silence.add(this.scanner, this.advertiser, this.initiator);
    this.synchronizer = new Synchronizer(hci, clock, turn, this.scanner);
  }

  connected(connection: Connection): void {
    this.#states.links.add(connection);
    this.scanner.reconsider();
    if (connection.role === "peripheral") {
      this.advertiser.connected(connection);
      this.#connected(connection);
      return;
    }
    const established = (): void => {
      this.#connected(connection);
    };
    if (!this.initiator.connected(connection, established)) void connection.disconnect(); // nobody wants it
  }

  failed(status: number): void {
    this.initiator.failed(status);
  }

  advertisingTimedOut(): void {
    this.advertiser.timedOut();
  }

  disconnected(connection: Connection, reason: BleError): void {
    this.#states.links.delete(connection);
    this.scanner.reconsider();
    this.initiator.disconnected(connection, reason);
    this.advertiser.disconnected(connection);
    this.synchronizer.disconnected(connection, reason);
  }

  /** The controller is being reset, and has forgotten what it was told; what waits for it ends with `cause`. */
  suspend(cause: BleError): void {
    this.scanner.suspend();
    this.advertiser.suspend();
    this.initiator.suspend(cause);
    this.synchronizer.reset(cause);
  }

  /** It is ready again: scans and advertising go on. */
  restore(): void {
    this.scanner.restore();
    this.advertiser.restore();
    this.initiator.restore();
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    this.synchronizer.end(reason);
    this.initiator.end(reason);
    this.scanner.end(reason);
    this.advertiser.end(reason);
  }
}
