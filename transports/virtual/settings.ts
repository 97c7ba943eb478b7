import type { Address } from "../../src/common/address.ts";
import { publicAddress } from "./device-address.ts";

/** What kind of controller it is. */
export interface VirtualControllerOptions {
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
  /** The longest data a Link Layer packet carries, in octets, 27 to 251; default 251. */
  readonly dataOctets?: number;
  /** How strongly others hear this controller, in dBm, -127 to 20; default -50. */
  readonly rssi?: number;
}

/** All of {@link VirtualControllerOptions}, decided. */
export type Settings = Required<Omit<VirtualControllerOptions, "address">> & {
  readonly address: Address;
  /** The first connection handle this controller gives, a different one for each of an air. */
  readonly firstHandle: number;
};

/**
 * Fills in the defaults.
 *
 * @param index - Which controller of its air it is, from 1.
 * @throws {@link RangeError} An option is out of its range; the message names it.
 */
export function settingsOf(options: VirtualControllerOptions, index: number): Settings {
  const settings: Settings = {
    address: publicAddress(options.address, index),
    aclPackets: options.aclPackets ?? 12,
    aclOctets: options.aclOctets ?? 251,
    leBufferSizeZero: options.leBufferSizeZero ?? false,
    commandPackets: options.commandPackets ?? 1,
    connections: options.connections ?? 64,
    acceptListSize: options.acceptListSize ?? 16,
    dataOctets: options.dataOctets ?? 251,
    rssi: options.rssi ?? -50,
    // A host that mixes up its own handle with its peer's shall not get away with it.
    firstHandle: (index * 0x40) % 0xe00,
  };
  within("aclPackets", settings.aclPackets, 1, 255);
  within("aclOctets", settings.aclOctets, 27, 65_535);
  within("commandPackets", settings.commandPackets, 1, 255);
  within("connections", settings.connections, 1, 1024);
  within("acceptListSize", settings.acceptListSize, 1, 255);
  within("dataOctets", settings.dataOctets, 27, 251);
  within("rssi", settings.rssi, -127, 20);
  return settings;
}

function within(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} is ${least} to ${most}: ${value}`);
}
