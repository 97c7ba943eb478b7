import type { Address } from "../common/address.ts";
import type { ControllerInfo } from "../hci/start-up.ts";
import type { AdvertisingPlan } from "./advertising-plan.ts";
import type { AdvertisingSetup } from "./advertiser.ts";
import type { LinkParameters } from "./connect-options.ts";
import { UnavailableError } from "./error.ts";
import type { HostPrivacy } from "./host-privacy.ts";
import type { InitiatingSetup } from "./initiating-radio.ts";
import { RadioStates } from "./radio-states.ts";
import type { Phy } from "./scan-report.ts";
import type { ScanningSetup } from "./scanner.ts";

/** What the parts that use the radio ask of the controller, which is known only when they exist already. */
export class RadioSetup implements ScanningSetup, InitiatingSetup, AdvertisingSetup {
  readonly #controller: () => ControllerInfo;
  readonly #privacy: HostPrivacy;
  readonly states: RadioStates;

  constructor(controller: () => ControllerInfo, privacy: HostPrivacy) {
    this.#controller = controller;
    this.#privacy = privacy;
    this.states = new RadioStates(() => controller().capabilities);
  }

  readonly ownAddressType = (): number => this.#privacy.ownAddressType();
  readonly advertisingAddressType = (directedTo: Address | undefined): number =>
    this.#privacy.advertisingAddressType(directedTo);
  readonly randomAddress = (): number => this.#privacy.address.value;
  readonly named = (peer: Address): Address => this.#privacy.named(peer);
  readonly identityOf = (address: Address): Address | undefined => this.#privacy.identityOf(address);
  readonly ignores = (type: number, address: number): boolean => this.#privacy.ignores(type, address);
  readonly used = (peer: Address, done: () => void): void => {
    this.#privacy.used(peer, done);
  };
  readonly extended = (): boolean => this.#controller().capabilities.usesExtendedCommands;
  readonly coded = (): boolean => this.extended() && this.#controller().capabilities.supportsCodedPhy;
  readonly checkScanning = (active: boolean): void => {
    this.states.checkScanning(active);
  };
  readonly scansBesideLinks = (active: boolean): boolean => this.states.scansBesideLinks(active);
  readonly waits = (plan: AdvertisingPlan): boolean => this.states.waitsForInitiating(plan);
  readonly acceptListSize = (): number => this.#controller().filterAcceptListSize;
  readonly sets = (): number => this.#controller().advertisingSets;
  readonly dataOctets = (): number => this.#controller().advertisingDataOctets;

  readonly check = (wanted: LinkParameters | AdvertisingPlan): void => {
    if ("interval" in wanted) this.#checkAdvertising(wanted);
    else {
      this.#checkPhys("phys", wanted.phys);
      this.states.checkInitiating();
    }
  };

  /** Whether the controller can scan and initiate at once. */
  get scansMeanwhile(): boolean {
    return this.#controller().capabilities.scansWhileInitiating;
  }

  #checkAdvertising(plan: AdvertisingPlan): void {
    const needed = [
      ["extended advertising", plan.extended],
      ["maxEvents", plan.maxEvents !== undefined],
      ["txPower", plan.txPower !== undefined],
    ] as const;
    const lacking = needed.find(([, is]) => is && !this.extended());
    if (lacking) {
      throw new UnavailableError(`this controller has no extended commands, which ${lacking[0]} needs`);
    }
    if (plan.periodic && !this.#controller().capabilities.supportsPeriodicAdvertising) {
      throw new UnavailableError("this controller has no periodic advertising");
    }
    this.#checkPhys("secondaryPhy", [plan.primaryPhy, plan.secondaryPhy]);
    this.states.checkAdvertising(plan);
  }

  #checkPhys(name: string, phys: readonly Phy[]): void {
    const { supports2MPhy, supportsCodedPhy } = this.#controller().capabilities;
    const lacking = phys.find(
      (phy) => phy !== "1M" && !(this.extended() && (phy === "2M" ? supports2MPhy : supportsCodedPhy)),
    );
    if (lacking) throw new UnavailableError(`${name}: this controller has no ${lacking} PHY`);
  }
}
