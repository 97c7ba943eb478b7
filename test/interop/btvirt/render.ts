import { hexNumber, toHex, u16At } from "../../../src/common/bytes.ts";
import { commandByOpcode } from "../../../src/hci/commands/registry.ts";
import { leMetaEventCode } from "../../../src/hci/event.ts";
import { CommandComplete, CommandStatus } from "../../../src/hci/events/flow.ts";
import { eventName } from "../../../src/hci/events/names.ts";
import { eventByCode } from "../../../src/hci/events/registry.ts";
import { PacketType } from "../../../src/hci/packet.ts";
import type { Seat } from "./rig.ts";
import type { Scene } from "./script.ts";

/** One packet from a controller in words, so that two controllers that do the same say the same. */
export interface Line {
  /** Who sent what: "a: Command Status 0x0c". */
  readonly title: string;
  /** Each with its name: "status 0x00". */
  readonly fields: readonly string[];
}

/** What every controller decides for itself: that it is there is compared, what it is is not. */
const free: ReadonlySet<string> = new Set([
  ...["rssi", "txPower", "txPowerLevel", "selectedTxPower", "minTxPower", "maxTxPower"],
  ...["centralClockAccuracy", "advertiserClockAccuracy", "randomNumber", "syncHandle", "states"],
  ...["features", "lmpFeatures", "supportedCommands", "companyIdentifier"],
  ...["hciVersion", "hciSubversion", "lmpVersion", "lmpSubversion", "version", "subversion"],
  ...["aclDataPacketLength", "totalNumAclDataPackets", "isoDataPacketLength", "totalNumIsoDataPackets"],
  ...["filterAcceptListSize", "resolvingListSize", "periodicAdvertiserListSize"],
  ...["maxAdvertisingDataLength", "numSupportedAdvertisingSets"],
]);

/** Puts one packet into words. */
export function rendered(seat: Seat, packet: Uint8Array, { handles }: Scene): Line {
  const { title, value } = packet[0] === PacketType.AclData ? dataOf(packet) : eventOf(packet);
  return { title: `${seat}: ${title}`, fields: [...leaves("", value, handles[seat])] };
}

interface Content {
  readonly title: string;
  readonly value: unknown;
}

function dataOf(packet: Uint8Array): Content {
  const field = u16At(packet, 1);
  const value = { connectionHandle: field & 0x0fff, flags: field >> 12, octets: packet.subarray(5) };
  return { title: "ACL data", value };
}

function eventOf(packet: Uint8Array): Content {
  const code = packet[1] ?? 0;
  if (code === CommandStatus.code) return { title: `Command Status ${hex(packet[3])}`, value: {} };
  if (code === CommandComplete.code) return completeOf(packet);
  const subevent = code === leMetaEventCode ? packet[3] : undefined;
  const octets = packet.subarray(subevent === undefined ? 3 : 4);
  const definition = eventByCode(code, subevent);
  const title = plainName(eventName(code, subevent) ?? `event ${hex(code)}`);
  return { title, value: definition ? definition.parameters.decode(octets) : { octets } };
}

function completeOf(packet: Uint8Array): Content {
  const status = packet[6];
  const returns = packet.subarray(7);
  const title = `Command Complete ${hex(status)}`;
  const definition = status === 0 ? commandByOpcode(u16At(packet, 4))?.returns : undefined;
  if (definition && returns.length > 0) return { title, value: definition.decode(returns) };
  return { title: returns.length === 0 ? title : `${title} and ${returns.length} octets`, value: {} };
}

/** The name of a command or an event as people write it. */
export function plainName(name: string): string {
  return name.replace(/^HCI_/, "").replaceAll("_", " ");
}

function* leaves(name: string, value: unknown, link: number): Generator<string> {
  if (free.has(name)) yield `${name} any`;
  else if (name === "connectionHandle" && value === link) yield "the link";
  else if (value instanceof Uint8Array) yield `${name} ${toHex(value) || "empty"}`;
  else if (Array.isArray(value)) for (const item of value) yield* leaves(name, item, link);
  else if (typeof value === "object" && value !== null) {
    for (const [field, inner] of Object.entries(value)) yield* leaves(field, inner, link);
  } else yield `${name} ${typeof value === "number" ? hex(value) : String(value)}`;
}

function hex(value: number | undefined): string {
  return value === undefined ? "without a status" : `0x${hexNumber(value, 2)}`;
}
