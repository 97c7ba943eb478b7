import { Address } from "../common/address.ts";
import { concat } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { bytes, type Field, group, i8, list, mapped, prefixed, rest, struct } from "../common/struct.ts";
import { u16, u24, u32, u48, u8 } from "../common/struct.ts";
import type * as fields from "./advertising-fields.ts";
import { compressUri, expandUri } from "./uri-scheme.ts";

/** The content of one AD type, both ways. */
export interface Content<T> {
  /** @throws {@link MalformedPduError} The octets are no content of this type. */
  decode(octets: Uint8Array): T;
  /** @throws {@link RangeError} The value is beyond what the type can say. */
  encode(value: T): Uint8Array;
}

/** A content that is one field. */
export function content<T>(field: Field<T>): Content<T> {
  const layout = struct<{ readonly "": T }>("AD structure", { "": field }, "refuse");
  return {
    decode: (octets) => layout.decode(octets)[""],
    encode: (value) => layout.encode({ "": value }),
  };
}

/** An unsigned octet. */
export const octet: Content<number> = content(u8);
/** A signed octet. */
export const signedOctet: Content<number> = content(i8);
/** An unsigned 16-bit number. */
export const number16: Content<number> = content(u16);
/** An unsigned 24-bit number. */
export const number24: Content<number> = content(u24);
/** An unsigned 32-bit number. */
export const number32: Content<number> = content(u32);
/** Octets, however many. */
export const octets: Content<Uint8Array> = content(rest);
/** The size of keys, hashes and random numbers. */
export const octets16: Content<Uint8Array> = content(bytes(16));
/** The size of a resolvable set identifier. */
export const octets6: Content<Uint8Array> = content(bytes(6));
/** 48-bit addresses up to the end. */
export const addresses: Content<readonly number[]> = content(list(u48));

/** Octets in one of several numbers. */
export function octetsOf(fits: (length: number) => boolean): Content<Uint8Array> {
  const check = (value: Uint8Array): Uint8Array => {
    if (!fits(value.length)) throw new RangeError(`${value.length} octets are no possible length`);
    return value;
  };
  return content(mapped(rest, check, check));
}

/** The flags: one octet today; none means that no flag is set, and more may be defined later. */
export const flags: Content<number> = {
  decode: (data) => data[0] ?? 0,
  encode: (value) => octet.encode(value),
};

/** Text up to the first NUL or the first octet that is no UTF-8: often a name was cut in the middle of a character. */
export const text: Content<string> = content(
  mapped(rest, readText, (value) => new TextEncoder().encode(value)),
);

/** A URI with a code point for its scheme. */
export const uri: Content<string> = {
  decode: (data) => expandUri(text.decode(data)),
  encode: (value) => text.encode(compressUri(value)),
};

/** Company identifier, and the company's own octets. */
export const manufacturerData: Content<fields.ManufacturerData> = content(
  group({ companyId: u16, data: rest }),
);

/** Vendor, product and version. */
export const deviceId: Content<fields.DeviceId> = content(
  group({ vendorIdSource: u16, vendorId: u16, productId: u16, version: u16 }),
);

/** An address and the bit that tells its type. */
export const deviceAddress: Content<Address> = content(
  mapped(
    group<{ readonly value: number; readonly type: number }>({ value: u48, type: u8 }),
    ({ value, type }) => new Address((type & 1) === 0 ? "public" : "random", value),
    ({ value, type }) => ({ value, type: type === "public" ? 0 : 1 }),
  ),
);

const roles = ["peripheral", "central", "both, peripheral preferred", "both, central preferred"] as const;

/** One of four roles. */
export const role: Content<fields.GapRole> = content(
  mapped(
    u8,
    (number) => {
      const name = roles[number];
      if (name === undefined) throw new RangeError(`${number} is no LE role`);
      return name;
    },
    (name) => roles.indexOf(name),
  ),
);

const notSpecified = 0xffff;

/** Minimum and maximum in 1.25 ms. */
export const connectionIntervalRange: Content<fields.ConnectionIntervalRange> = content(
  mapped(
    group<{ readonly min: number; readonly max: number }>({ min: u16, max: u16 }),
    ({ min, max }) => ({
      ...(min === notSpecified ? {} : { minMs: min * 1.25 }),
      ...(max === notSpecified ? {} : { maxMs: max * 1.25 }),
    }),
    ({ minMs, maxMs }) => {
      if ((minMs ?? 0) > (maxMs ?? Infinity))
        throw new RangeError(`minMs ${minMs ?? 0} is above maxMs ${maxMs ?? 0}`);
      return { min: connectionInterval(minMs), max: connectionInterval(maxMs) };
    },
  ),
);

/** Blocks of organization, flags and data. */
export const transportDiscovery: Content<readonly fields.TransportBlock[]> = content(
  list(group<fields.TransportBlock>({ organizationId: u8, flags: u8, data: prefixed(u8) })),
);

/** The new channel map and when it begins. */
export const channelMapUpdate: Content<fields.ChannelMapUpdate> = content(
  group({ channelMap: bytes(5), instant: u16 }),
);

/** Randomizer, cipher text and its check. */
export const encryptedData: Content<fields.EncryptedAdvertisingData> = {
  decode(data) {
    const end = data.length - 4;
    if (end < 5) throw new MalformedPduError("Encrypted Advertising Data", "shorter than 9 octets", data);
    return { randomizer: data.subarray(0, 5), payload: data.subarray(5, end), mic: data.subarray(end) };
  },
  encode({ randomizer, payload, mic }) {
    if (randomizer.length !== 5)
      throw new RangeError(`randomizer: ${randomizer.length} octets where 5 belong`);
    if (mic.length !== 4) throw new RangeError(`mic: ${mic.length} octets where 4 belong`);
    return concat(randomizer, payload, mic);
  },
};

/** The access address of the responses, and times in units of 1.25 and 0.125 ms. */
export const periodicAdvertisingResponseTiming: Content<fields.PeriodicAdvertisingResponseTiming> = content(
  group({
    responseAccessAddress: u32,
    subevents: u8,
    subeventIntervalMs: time(u8, 1.25),
    responseSlotDelayMs: time(u8, 1.25),
    responseSlotSpacingMs: time(u8, 0.125),
  }),
);

/** Two octets. */
export const threeDInformation: Content<fields.ThreeDInformation> = content(
  group({ flags: u8, pathLossThreshold: u8 }),
);

function time(field: Field<number>, unitMs: number): Field<number> {
  return mapped(
    field,
    (units) => units * unitMs,
    (ms) => Math.round(ms / unitMs),
  );
}

function connectionInterval(ms: number | undefined): number {
  if (ms === undefined) return notSpecified;
  const units = Math.round(ms / 1.25);
  if (!(units >= 0x0006 && units <= 0x0c80))
    throw new RangeError(`a connection interval has 7.5 to 4000 ms: ${ms}`);
  return units;
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function readText(data: Uint8Array): string {
  const nul = data.indexOf(0);
  const whole = utf8.decode(nul < 0 ? data : data.subarray(0, nul));
  if (!whole.includes("\ufffd")) return whole;
  let valid = "";
  let at = 0;
  for (const character of whole) {
    // The decoder's sign for what is no UTF-8, unless the character itself was sent.
    if (character === "\ufffd" && !(data[at] === 0xef && data[at + 1] === 0xbf && data[at + 2] === 0xbd))
      break;
    valid += character;
    at += utf8Size(character.codePointAt(0) ?? 0);
  }
  return valid;
}

function utf8Size(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x1_0000 ? 3 : 4;
}
