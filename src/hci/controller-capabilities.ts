import { noOctets } from "../common/bytes.ts";
import { LeSetAdvertisingEnable } from "./commands/le-advertising.ts";
import { LeCreateConnection } from "./commands/le-connection.ts";
import { LeSetExtendedAdvertisingEnable } from "./commands/le-extended-advertising.ts";
import { LeExtendedCreateConnection } from "./commands/le-extended-connection.ts";
import { LeSetExtendedScanEnable } from "./commands/le-extended-scanning.ts";
import {
  LeAddDeviceToResolvingList,
  LeReadResolvingListSize,
  LeRemoveDeviceFromResolvingList,
  LeSetAddressResolutionEnable,
  LeSetResolvablePrivateAddressTimeout,
} from "./commands/le-resolving-list.ts";
import { LeSetScanEnable } from "./commands/le-scanning.ts";
import { type LeActivity, statesAllow, statesSay } from "./le-states.ts";
import { supportedCommandBit } from "./supported-commands.ts";

/** Bits of the LE feature mask that decisions are made on. Vol 6, Part B, 4.6. */
const LeFeature = {
  ConnectionParametersRequest: 1,
  DataPacketLengthExtension: 5,
  LlPrivacy: 6,
  Phy2M: 8,
  PhyCoded: 11,
  ExtendedAdvertising: 12,
  PeriodicAdvertising: 13,
  ConnectionSubrating: 37,
} as const;

/** Bits of page 0 of the LMP feature mask. Vol 2, Part C, 3.3. */
const LmpFeature = { BrEdrNotSupported: 37 } as const;

/** The legacy command of each thing that both sets of commands can do, and the extended one. Vol 4, Part E, 3.1.1. */
const eitherWay: readonly (readonly [
  legacy: { readonly opcode: number },
  extended: { readonly opcode: number },
])[] = [
  [LeSetAdvertisingEnable, LeSetExtendedAdvertisingEnable],
  [LeSetScanEnable, LeSetExtendedScanEnable],
  [LeCreateConnection, LeExtendedCreateConnection],
];

/** What a host needs to keep a resolving list. Vol 4, Part E, 7.8.38 to 7.8.45. */
const resolvingListCommands: readonly { readonly opcode: number }[] = [
  LeAddDeviceToResolvingList,
  LeRemoveDeviceFromResolvingList,
  LeReadResolvingListSize,
  LeSetAddressResolutionEnable,
  LeSetResolvablePrivateAddressTimeout,
];

/** What a controller claims and has not: see quirks.ts. */
export interface ControllerLacks {
  readonly commands?: readonly { readonly opcode: number }[];
  readonly features?: readonly (keyof typeof LeFeature)[];
}

/** What the controller can do, decided here and nowhere else, from the masks it reports and what is known of it. */
export class ControllerCapabilities {
  readonly #commands: Uint8Array;
  readonly #lmpFeatures: Uint8Array;
  readonly #leFeatures: Uint8Array;
  readonly #leStates: Uint8Array;

  /**
   * *Owns* the masks.
   *
   * @param lacking - What they claim wrongly.
   */
  constructor(
    supportedCommands: Uint8Array,
    lmpFeatures: Uint8Array,
    leFeatures: Uint8Array,
    leStates: Uint8Array = noOctets,
    lacking: readonly ControllerLacks[] = [],
  ) {
    this.#leStates = leStates;
    this.#commands = supportedCommands;
    this.#lmpFeatures = lmpFeatures;
    this.#leFeatures = leFeatures;
    for (const { commands = [], features = [] } of lacking) {
      for (const { opcode } of commands) clearBit(supportedCommands, supportedCommandBit(opcode));
      for (const feature of features) clearBit(leFeatures, LeFeature[feature]);
    }
  }

  /** Whether the controller says it knows the command. Vol 4, Part E, 6.27. */
  supports(command: { readonly opcode: number }): boolean {
    const bit = supportedCommandBit(command.opcode);
    return bit !== undefined && hasBit(this.#commands, bit);
  }

  get supportsBrEdr(): boolean {
    return !hasBit(this.#lmpFeatures, LmpFeature.BrEdrNotSupported);
  }

  get supportsDataLengthExtension(): boolean {
    return this.#has(LeFeature.DataPacketLengthExtension);
  }

  /**
   * Whether advertising, scanning and connecting use the extended commands. Once a host has used one of them the
   * legacy ones are disallowed, so it is all or none. Vol 4, Part E, 3.1.1.
   */
  get usesExtendedCommands(): boolean {
    return (
      this.#has(LeFeature.ExtendedAdvertising) &&
      eitherWay.every(([legacy, extended]) => this.supports(extended) || !this.supports(legacy))
    );
  }

  /** Whether its states allow that, alone or beside something else; what nobody knows is allowed. Vol 4, Part E, 7.8.27. */
  allows(activity: LeActivity, beside?: LeActivity): boolean {
    return statesAllow(this.#leStates, activity, beside);
  }

  /** Whether it says that it can scan while it initiates a connection. */
  get scansWhileInitiating(): boolean {
    return statesSay(this.#leStates, "activeScanning", "initiating");
  }

  get supports2MPhy(): boolean {
    return this.#has(LeFeature.Phy2M);
  }

  get supportsCodedPhy(): boolean {
    return this.#has(LeFeature.PhyCoded);
  }

  get supportsPeriodicAdvertising(): boolean {
    return this.#has(LeFeature.PeriodicAdvertising);
  }

  /** Whether it resolves the private addresses of a list of peers. Vol 6, Part B, 4.7. */
  get resolvesAddresses(): boolean {
    return this.#has(LeFeature.LlPrivacy) && resolvingListCommands.every((command) => this.supports(command));
  }

  /** Whether a peripheral may ask for other connection parameters through the Link Layer. Vol 6, Part B, 5.1.7. */
  get supportsParameterRequests(): boolean {
    return this.#has(LeFeature.ConnectionParametersRequest);
  }

  get supportsSubrating(): boolean {
    return this.#has(LeFeature.ConnectionSubrating);
  }

  #has(bit: number): boolean {
    return hasBit(this.#leFeatures, bit);
  }
}

function clearBit(octets: Uint8Array, bit: number | undefined): void {
  if (bit === undefined || bit >> 3 >= octets.length) return;
  octets[bit >> 3] = (octets[bit >> 3] ?? 0) & ~(1 << (bit & 7));
}

function hasBit(octets: Uint8Array, bit: number): boolean {
  return (((octets[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}
