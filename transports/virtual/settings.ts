import type { Address } from "../../src/common/address.ts";
import { checkWithin } from "./range-check.ts";
import { publicAddress } from "./device-address.ts";
import { core54, txPowerRange } from "./identity.ts";
import { featuresOfProfile, type Profile, profileOf, type VirtualProfile } from "./profiles.ts";

/** What kind of controller it is. */
export interface VirtualControllerOptions {
  /** Which chips it is like; what else is said here goes before what they are like. Default `"5.4"`. */
  readonly profile?: VirtualProfile;
  /** The public device address, `"C0:FF:EE:00:00:01/public"` or the 48 bits; default: 02:00:00:00:00:01 and up. */
  readonly address?: Address | string | number;
  /** How many ACL packets the controller can hold, 1 to 255; default 12. */
  readonly aclPackets?: number;
  /** The largest payload of an ACL packet in either direction, in octets, 27 to 65535; default 251. */
  readonly aclOctets?: number;
  /** LE Read Buffer Size answers 0, so that hosts must ask for the BR/EDR buffers; default `false`. */
  readonly leBufferSizeZero?: boolean;
  /** Num_HCI_Command_Packets at best, 1 to 255; default 1. */
  readonly commandPackets?: number;
  /** How many connections at the same time, 1 to 1024; default 64. */
  readonly connections?: number;
  /** Entries in the Filter Accept List, 1 to 255; default 16. */
  readonly acceptListSize?: number;
  /** Entries in the resolving list, 0 to 255; default 16; 0 for a controller that resolves no addresses. */
  readonly resolvingListSize?: number;
  /** How many advertising sets the extended commands can make, 1 to 240; default 4. */
  readonly advertisingSets?: number;
  /** The most data a set advertises, in octets, 31 to 1650; default 1650. */
  readonly advertisingDataOctets?: number;
  /** The most data of an advertisement that its scanner keeps, in octets, 31 to 1650; default 1650. */
  readonly scanDataOctets?: number;
  /** How many periodic advertising trains it receives at the same time, 1 to 255; default 8. */
  readonly periodicSyncs?: number;
  /** Entries in the Periodic Advertiser List, 1 to 255; default 8. */
  readonly periodicAdvertiserListSize?: number;
  /** The longest data a Link Layer packet carries, in octets, 27 to 251; default 251. */
  readonly dataOctets?: number;
  /** How strongly others hear this controller, in dBm, -127 to 20; default -50. */
  readonly rssi?: number;
  /** The power of every transmission, in dBm, -40 to 20; default 0. */
  readonly txPower?: number;
  /** The weakest signal it receives on LE 1M, in dBm, -127 to 20; default -95. */
  readonly sensitivity?: number;
  /** Of which Core specification it is, as Assigned Numbers count: 0x06 for 4.0 to 0x0d for 5.4; default 0x0d. */
  readonly version?: number;
  /** How much later than it could the controller returns ACL buffers to its host, in ms; default 0. */
  readonly creditDelayMs?: number;
  /** The eight octets of its LE features, of which it does what is not listed no more; default: all that there are. */
  readonly leFeatures?: Uint8Array;
}

/** All of {@link VirtualControllerOptions}, decided. */
export type Settings = Required<Omit<VirtualControllerOptions, "address" | "profile">> & {
  readonly profile: Profile;
  readonly address: Address;
  /** The first connection handle this controller gives, a different one for each of an air. */
  readonly firstHandle: number;
  /** Which controller of its air it is, from 1. */
  readonly index: number;
};

/** What the options that are whole numbers are by default, at least and at most. */
const numbers = {
  aclPackets: [12, 1, 255],
  aclOctets: [251, 27, 65_535],
  commandPackets: [1, 1, 255],
  connections: [64, 1, 1024],
  acceptListSize: [16, 1, 255],
  resolvingListSize: [16, 0, 255],
  advertisingSets: [4, 1, 240],
  advertisingDataOctets: [1650, 31, 1650],
  scanDataOctets: [1650, 31, 1650],
  periodicSyncs: [8, 1, 255],
  periodicAdvertiserListSize: [8, 1, 255],
  dataOctets: [251, 27, 251],
  rssi: [-50, -127, 20],
  txPower: [0, txPowerRange.least, txPowerRange.greatest],
  sensitivity: [-95, -127, 20],
  version: [core54, 0x06, 0xff],
  creditDelayMs: [0, 0, 60_000],
} as const satisfies Partial<Record<keyof VirtualControllerOptions, readonly [number, number, number]>>;

type NumberName = keyof typeof numbers;

/**
 * Fills in the defaults: those of the profile, then those of all controllers.
 *
 * @param index - Which controller of its air it is, from 1.
 * @throws {@link RangeError} An option is out of its range; the message names it.
 */
export function settingsOf(given: VirtualControllerOptions, index: number): Settings {
  const profile = profileOf(given.profile ?? "5.4");
  const options = { ...profile.options, ...given };
  return {
    ...numbersIn(options),
    profile,
    address: publicAddress(options.address, index),
    leBufferSizeZero: options.leBufferSizeZero ?? false,
    leFeatures: options.leFeatures ?? featuresOfProfile(profile),
    index,
    // A host that mixes up its own handle with its peer's shall not get away with it.
    firstHandle: (index * 0x40) % 0xe00,
  };
}

function numbersIn(options: VirtualControllerOptions): Readonly<Record<NumberName, number>> {
  const chosen: Partial<Record<NumberName, number>> = {};
  for (const name of Object.keys(numbers) as NumberName[]) {
    const [otherwise, least, most] = numbers[name];
    const value = options[name] ?? otherwise;
    checkWithin(name, value, least, most);
    chosen[name] = value;
  }
  return chosen as Record<NumberName, number>;
}
