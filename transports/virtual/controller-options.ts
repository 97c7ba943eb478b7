import type { Address } from "../../src/common/address.ts";

/** The kinds of controller that there are. */
export const virtualProfiles = ["4.0", "4.2", "5.0", "5.4", "small", "clone dongle"] as const;

/**
 * A kind of controller: of the Core specification with that number and as large as the chips of its time; `"small"`
 * for one of 5.4 that has room for 1 connection and 1 advertising set, and no privacy; `"clone dongle"` for one that
 * calls itself 4.2, is hardly 4.0, and tells wrong things about the commands it knows.
 */
export type VirtualProfile = (typeof virtualProfiles)[number];

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
  /** The eight octets of its LE features: of those that its profile has, it does these alone. Default: all of them. */
  readonly leFeatures?: Uint8Array;
}
