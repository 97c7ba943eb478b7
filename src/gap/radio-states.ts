import type { ControllerCapabilities } from "../hci/controller-capabilities.ts";
import type { LeActivity } from "../hci/le-states.ts";
import type { AdvertisingPlan } from "./advertising-plan.ts";
import type { Connection } from "./connection.ts";
import { UnavailableError } from "./error.ts";

/** As it is said of what is to be done, and of what is done already. */
const words: Readonly<Record<LeActivity, readonly [todo: string, done: string]>> = {
  nonConnectable: ["advertise", "advertises"],
  scannable: ["advertise scannably", "advertises scannably"],
  connectable: ["advertise connectably", "advertises connectably"],
  highDutyDirected: ["advertise to one device at high duty cycle", "advertises to one device"],
  lowDutyDirected: ["advertise to one device", "advertises to one device"],
  passiveScanning: ["scan passively", "scans passively"],
  activeScanning: ["scan actively", "scans actively"],
  initiating: ["connect", "connects"],
  central: ["be a central", "is central of a link"],
  peripheral: ["be a peripheral", "is peripheral of a link"],
};

/** What the radio is at, beside which the controller may be unable to do something else. Vol 4, Part E, 7.8.27. */
export class RadioStates {
  /** The links there are. */
  readonly links: Set<Connection> = new Set();
  /** What is advertised at this moment, or will be again as soon as may be. */
  advertising: () => readonly LeActivity[] = () => [];
  /** How the radio scans, if it does. */
  scanning: () => readonly LeActivity[] = () => [];
  /** Whether there are attempts to connect. */
  initiating: () => boolean = () => false;
  readonly #capabilities: () => ControllerCapabilities;

  constructor(capabilities: () => ControllerCapabilities) {
    this.#capabilities = capabilities;
  }

  /** @throws {@link UnavailableError} The controller does not advertise like that, or not beside what it is at. */
  checkAdvertising(plan: AdvertisingPlan): void {
    const activity = activityOf(plan);
    if (!this.#capabilities().allows(activity)) {
      throw new UnavailableError(`this controller cannot ${words[activity][0]}`);
    }
    this.#check(activity, [...this.#roles, ...this.scanning()]);
  }

  /** @throws {@link UnavailableError} The controller does not scan beside what it is at. */
  checkScanning(active: boolean): void {
    this.#check(active ? "activeScanning" : "passiveScanning", [...this.#roles, ...this.advertising()]);
  }

  /** Whether it scans beside the links there are: one may have come up since the scan began. */
  scansBesideLinks(active: boolean): boolean {
    const scanning = active ? "activeScanning" : "passiveScanning";
    return this.#roles.every((role) => this.#capabilities().allows(scanning, role));
  }

  /** @throws {@link UnavailableError} The controller does not connect beside the links there are. */
  checkInitiating(): void {
    this.#check("initiating", this.#roles);
  }

  /** Whether that advertising has to wait while there are attempts to connect. */
  waitsForInitiating(plan: AdvertisingPlan): boolean {
    return this.initiating() && !this.#capabilities().allows(activityOf(plan), "initiating");
  }

  /** Whether what is advertised may go on while the controller connects. */
  get advertisesMeanwhile(): boolean {
    return this.advertising().every((activity) => this.#capabilities().allows(activity, "initiating"));
  }

  get #roles(): LeActivity[] {
    return [...this.links].map(({ role }) => role);
  }

  #check(wanted: LeActivity, beside: readonly LeActivity[]): void {
    const hindrance = beside.find((each) => !this.#capabilities().allows(wanted, each));
    if (hindrance === undefined) return;
    throw new UnavailableError(
      `this controller cannot ${words[wanted][0]} while it ${words[hindrance][1]}: see its supported states`,
    );
  }
}

/** What an advertising is, as controllers tell kinds apart. */
export function activityOf({
  connectable,
  scannable,
  directedTo,
  highDutyCycle,
}: Pick<AdvertisingPlan, "connectable" | "scannable" | "directedTo" | "highDutyCycle">): LeActivity {
  if (highDutyCycle) return "highDutyDirected";
  if (directedTo && connectable) return "lowDutyDirected";
  if (connectable) return "connectable";
  return scannable ? "scannable" : "nonConnectable";
}
