import { Address } from "../common/address.ts";
import { noOctets, requireOctets } from "../common/bytes.ts";
import { checkOptions } from "../common/options.ts";
import type { CallOptions } from "../common/promised.ts";
import { uuidsFrom } from "../common/uuid.ts";
import { AdFlag } from "./ad-type.ts";
import type { AdvertisedData, RawAdvertisement } from "./advertising.ts";
import { advertisedKinds, advertiseKinds } from "./advertised-kinds.ts";
import { encodeAdvertisingData } from "./advertising-data.ts";
import type { AdvertisingDataInput } from "./advertising-fields.ts";
import { type AdvertisingLayout, type AdvertisingRoom, layOutAdvertising } from "./advertising-layout.ts";
import type { Phy } from "./scan-report.ts";
import { advertisingInterval, checkPatience, periodicInterval } from "./units.ts";

/** What to say, and how. */
export interface AdvertiseOptions extends AdvertisedData, CallOptions {
  /** Others may connect. Default true, but not for anonymous and periodic advertising. */
  readonly connectable?: boolean;
  /** Others may ask for a scan response. Default true in legacy advertising, where it has room for 31 octets more. */
  readonly scannable?: boolean;
  /** How often, 20 to 10,240 ms. Default 100. */
  readonly intervalMs?: number;
  /**
   * Only to this device, which it asks to connect. No data is sent. A peer with a bond is named by its identity; which
   * address it uses matters only where the controller has no resolving list. Vol 6, Part B, 4.4.2.4.3 and 6.2.2.
   */
  readonly directedTo?: Address | string;
  /** Directed as fast as can be, for 1.28 s at most, which then ends the advertising. Default false. */
  readonly highDutyCycle?: boolean;
  /**
   * In the packets of Bluetooth 5, with room for up to 1650 octets. Default true where another option or the PHY needs
   * it, else false: old devices do not hear it.
   */
  readonly extended?: boolean;
  /** Leaves the address out. Needs extended advertising. Default false. */
  readonly anonymous?: boolean;
  /** The PHY of the first packet: `"1M"` (default) or `"coded"` for long range. */
  readonly primaryPhy?: "1M" | "coded";
  /** The PHY of the data, in extended advertising. Default that of the first packet. */
  readonly secondaryPhy?: Phy;
  /** The number of the advertising set that others hear, 0 to 15. Needs extended advertising. Default one that is free. */
  readonly sid?: number;
  /** Sends at most so strong, -127 to 20 dBm, where the controller has extended commands. */
  readonly txPower?: number;
  /** Says in the packet how strong it is sent. Needs extended advertising. Default false. */
  readonly includeTxPower?: boolean;
  /** Ends after so many ms; by default it goes on. */
  readonly durationMs?: number;
  /**
   * Ends after so many advertising events, 1 to 255, counted anew after each interruption, as by a connection. Needs a
   * controller with extended commands.
   */
  readonly maxEvents?: number;
  /** Beside it, data at fixed times that others synchronise to. Needs extended advertising that nobody connects to. */
  readonly periodic?: PeriodicOptions;
  /**
   * Go on after a connection has come of it, as soon as the controller can. Default true; with `false` the advertising
   * ends with its first connection.
   */
  readonly resume?: boolean;
  /** Gives up waiting for the radio. Advertising that has begun ends when it is disposed of. */
  readonly signal?: AbortSignal | undefined;
}

/** Periodic advertising. Vol 6, Part B, 4.4.2.12. */
export interface PeriodicOptions {
  /** How often, 7.5 to 81,918.75 ms. Default 100. */
  readonly intervalMs?: number;
  /** What is said; no flags are added. */
  readonly data?: AdvertisedData;
}

/** How an advertising is done, every option settled. Times in the units of HCI. */
export interface AdvertisingPlan {
  readonly connectable: boolean;
  readonly scannable: boolean;
  readonly directedTo: Address | undefined;
  readonly highDutyCycle: boolean;
  /** Which packets: those of Bluetooth 5, or those every device hears. */
  readonly extended: boolean;
  readonly anonymous: boolean;
  /** In 0.625 ms. */
  readonly interval: number;
  readonly primaryPhy: "1M" | "coded";
  readonly secondaryPhy: Phy;
  readonly sid: number | undefined;
  readonly txPower: number | undefined;
  readonly includeTxPower: boolean;
  readonly durationMs: number | undefined;
  readonly maxEvents: number | undefined;
  readonly resume: boolean;
  readonly room: AdvertisingRoom;
  readonly data: AdvertisingLayout;
  /** The interval in 1.25 ms. */
  readonly periodic: { readonly interval: number; readonly data: Uint8Array } | undefined;
}

const legacyRoom = 31;
const noData: AdvertisingLayout = { advertisingData: noOctets, scanResponseData: noOctets };
/** The most octets of one periodic advertisement. Vol 4, Part E, 7.8.62. */
const mostPeriodic = 1650;

/** Options that decide how it is sent, each with its default. */
interface Form {
  readonly connectable: boolean;
  readonly scannable: boolean;
  readonly extended: boolean;
  readonly directedTo: Address | undefined;
}

const example = '{ name: "lamp", services: ["180f"] }';

/** @throws {@link TypeError} They are no options of `advertise`; the message names the one that is none. */
export function checkAdvertiseOptions(options: unknown): void {
  checkOptions("advertise", options, advertiseKinds, example);
  const { periodic } = options as AdvertiseOptions;
  if (periodic === undefined) return;
  checkOptions(
    "periodic",
    periodic,
    { intervalMs: "number", data: "object" },
    "{ intervalMs: 100, data: {} }",
  );
  if (periodic.data !== undefined) checkAdvertisedData("periodic.data", periodic.data);
}

/** @throws {@link TypeError} It is nothing to advertise; the message names what is not. */
export function checkAdvertisedData(what: string, data: unknown): void {
  checkOptions(what, data, advertisedKinds, example);
}

/**
 * Settles every option.
 *
 * @param most - How many octets an advertising set of the controller has room for.
 * @throws {@link RangeError} An option is out of its range, or does not go with another; the message names it.
 */
export function planAdvertising(options: AdvertiseOptions, most: number): AdvertisingPlan {
  const form = formOf(options);
  checkTogether(options, form);
  checkNumbers(options);
  const { primaryPhy = "1M", secondaryPhy = primaryPhy, intervalMs = 100 } = options;
  const { anonymous = false, highDutyCycle = false, includeTxPower = false, resume = true } = options;
  const { sid, txPower, durationMs, maxEvents } = options;
  const room = roomFor(form, most);
  return {
    ...form,
    ...{ anonymous, highDutyCycle, includeTxPower, resume, primaryPhy, secondaryPhy },
    ...{ sid, txPower, durationMs, maxEvents, room },
    interval: advertisingInterval("intervalMs", intervalMs),
    data: form.directedTo ? noData : layOut(options, room, room.advertising > 0),
    periodic: options.periodic && planPeriodic(options.periodic),
  };
}

function planPeriodic({ intervalMs = 100, data = {} }: PeriodicOptions): AdvertisingPlan["periodic"] {
  return { interval: periodicInterval("periodic.intervalMs", intervalMs), data: encodePeriodic(data) };
}

function formOf(options: AdvertiseOptions): Form {
  const { extended = needsExtended(options) } = options;
  const { connectable = !options.anonymous && !options.periodic } = options;
  const directedTo = options.directedTo === undefined ? undefined : Address.from(options.directedTo);
  const { scannable = !extended && !directedTo } = options;
  // In legacy advertising whoever may connect may ask, too. Vol 6, Part B, 4.4.2.3.
  return {
    connectable,
    scannable: scannable || (connectable && !extended && !directedTo),
    extended,
    directedTo,
  };
}

/** The data laid out for the room there is. @param flags - Whether the Flags of a device that can be found are added. */
export function layOut(data: AdvertisedData, room: AdvertisingRoom, flags: boolean): AdvertisingLayout {
  return data.raw ? layOutRaw(data.raw, room) : layOutAdvertising(inputOf(data, flags), room);
}

function layOutRaw(raw: RawAdvertisement, room: AdvertisingRoom): AdvertisingLayout {
  const { advertisingData = noOctets, scanResponseData = noOctets } = raw;
  return {
    advertisingData: rawPacket("advertisingData", advertisingData, room.advertising),
    scanResponseData: rawPacket("scanResponseData", scanResponseData, room.scanResponse),
  };
}

/** @throws {@link RangeError} There are more than there is room for. */
function rawPacket(name: keyof RawAdvertisement, octets: Uint8Array, most: number): Uint8Array {
  requireOctets(octets);
  if (octets.length > most)
    throw new RangeError(`raw.${name}: ${octets.length} octets are more than ${most}`);
  return new Uint8Array(octets);
}

/** The data of periodic advertising. */
export function encodePeriodic(data: AdvertisedData): Uint8Array {
  return encodeAdvertisingData(inputOf(data, false), mostPeriodic);
}

function inputOf(data: AdvertisedData, flags: boolean): AdvertisingDataInput {
  const { name, services, raw, ...input } = data;
  if (raw) throw new TypeError("raw: periodic advertising has none");
  return {
    // A device without BR/EDR that can be found at any time. Supplement, Part A, 1.3.
    ...(flags && { flags: AdFlag.GeneralDiscoverable | AdFlag.BrEdrNotSupported }),
    ...input,
    ...(name !== undefined && { localName: name }),
    ...(services && { serviceUuids: uuidsFrom("services", services) }),
  };
}

function needsExtended(options: AdvertiseOptions): boolean {
  const { anonymous, primaryPhy = "1M", secondaryPhy = "1M", sid, includeTxPower, periodic } = options;
  const isPlain = primaryPhy === "1M" && secondaryPhy === "1M" && !anonymous && !includeTxPower;
  return !isPlain || sid !== undefined || periodic !== undefined;
}

/** Extended advertising has its data in one place: with the advertiser, or in the scan response. Vol 4, Part E, 7.8.53. */
function roomFor({ scannable, extended, directedTo }: Form, most: number): AdvertisingRoom {
  if (directedTo) return { advertising: 0, scanResponse: 0 };
  if (!extended) return { advertising: legacyRoom, scanResponse: scannable ? legacyRoom : 0 };
  return scannable ? { advertising: 0, scanResponse: most } : { advertising: most, scanResponse: 0 };
}

/** Options that do not go together, with what to tell of each pair. */
type Conflict = readonly [is: (options: AdvertiseOptions, form: Form) => unknown, why: string];

const conflicts: readonly Conflict[] = [
  [
    (_, { extended, connectable, scannable }) => extended && connectable && scannable,
    "scannable: extended advertising that is connectable is not",
  ],
  [
    ({ anonymous }, { connectable, scannable }) => anonymous && (connectable || scannable),
    "anonymous: nobody can connect to, or ask, a device without an address",
  ],
  [
    ({ periodic }, { connectable, scannable }) => periodic && (connectable || scannable),
    "periodic: its advertising is neither connectable nor scannable",
  ],
  [({ periodic, anonymous }) => periodic && anonymous, "periodic: its advertising is not anonymous"],
  [
    ({ highDutyCycle }, { directedTo }) => highDutyCycle && !directedTo,
    "highDutyCycle: is of advertising with directedTo",
  ],
  [({ highDutyCycle }, { extended }) => highDutyCycle && extended, "highDutyCycle: is of legacy advertising"],
  [
    (_, { directedTo, extended, connectable }) => directedTo && !extended && !connectable,
    "directedTo: legacy directed advertising is connectable",
  ],
  [
    (_, { directedTo, scannable }) => directedTo && scannable,
    "directedTo: directed advertising has no scan response",
  ],
];

function checkTogether(options: AdvertiseOptions, form: Form): void {
  if (!form.extended && needsExtended(options)) {
    throw new RangeError(`extended: false does not go with ${extendedOnly(options)}`);
  }
  const conflict = conflicts.find(([is]) => Boolean(is(options, form)));
  if (conflict) throw new RangeError(conflict[1]);
}

function extendedOnly(options: AdvertiseOptions): string {
  const names = ["anonymous", "includeTxPower", "periodic", "primaryPhy", "secondaryPhy", "sid"] as const;
  return names.filter((name) => options[name] !== undefined).join(", ");
}

const ranges: readonly (readonly [name: "sid" | "txPower" | "maxEvents", least: number, most: number])[] = [
  ["sid", 0, 15],
  ["txPower", -127, 20],
  ["maxEvents", 1, 255],
];

function checkNumbers(options: AdvertiseOptions): void {
  for (const [name, least, most] of ranges) {
    const value = options[name];
    if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) continue;
    throw new RangeError(`${name}: ${value} is not a whole number from ${least} to ${most}`);
  }
  const { durationMs, primaryPhy = "1M", secondaryPhy = "1M" } = options;
  if (durationMs !== undefined) checkPatience("durationMs", durationMs);
  if (!["1M", "coded"].includes(primaryPhy))
    throw new RangeError(`primaryPhy: "${primaryPhy}" is neither "1M" nor "coded"`);
  if (!["1M", "2M", "coded"].includes(secondaryPhy)) {
    throw new RangeError(`secondaryPhy: "${secondaryPhy}" is none of "1M", "2M", "coded"`);
  }
}
