import { toHex } from "../src/common/bytes.ts";
import { decodeMessage, encodeMessage } from "./h5/link-control.ts";
import { decodePacket, encodePacket, H5PacketType, longestPacket } from "./h5/packet.ts";
import { SlipDecoder, slipEncode } from "./h5/slip.ts";
import { MalformedPduError } from "../src/common/errors.ts";

/** What an answer tells. */
export type Answer =
  | { readonly kind: "hci"; readonly protocol: "h4" | "h5" }
  | { readonly kind: "at"; readonly answer: string }
  | { readonly kind: "bootloader"; readonly name: string }
  | { readonly kind: "echo" };

/** Something to send to a device that may be of a kind, and how one of that kind answers. */
export interface Question {
  readonly octets: Uint8Array;
  /** How long an answer may take, in ms. */
  readonly patienceMs: number;
  /** What it tells, once enough of it has come. */
  readonly answer: (heard: Uint8Array) => Answer | undefined;
}

const text = (octets: Uint8Array): string => String.fromCharCode(...octets.subarray(0, 4096));
const octetsOf = (ascii: string): Uint8Array =>
  Uint8Array.from(ascii, (character) => character.charCodeAt(0));

const reset = Uint8Array.of(0x01, 0x03, 0x0c, 0x00);

/** HCI_Reset in H4. A controller answers within some ms, whatever it was doing. */
const h4: Question = {
  octets: reset,
  patienceMs: 300,
  answer: (heard) => {
    const hex = toHex(heard, " ");
    if (/04 0e 04 .. 03 0c/.test(hex)) return { kind: "hci", protocol: "h4" };
    return hex === toHex(reset, " ") ? { kind: "echo" } : undefined;
  },
};

/** SYNC of the three-wire UART, which its end sends every 250 ms by itself. Vol 4, Part D, 8.4. */
const h5: Question = {
  octets: slipEncode(
    encodePacket({
      sequenceNumber: 0,
      acknowledgementNumber: 0,
      checked: false,
      reliable: false,
      type: H5PacketType.LinkControl,
      payload: encodeMessage({ type: "sync" }),
    }),
    false,
  ),
  patienceMs: 400,
  answer: (heard) => (hasLinkMessage(heard) ? { kind: "hci", protocol: "h5" } : undefined),
};

/** HM-10 and HC-06 take what comes until a pause for a command. */
const atWithoutLineEnd: Question = { octets: octetsOf("AT"), patienceMs: 1100, answer: answerOfModem };

/** HC-05 and others want an end of the line. */
const atWithLineEnd: Question = { octets: octetsOf("\r\nAT\r\n"), patienceMs: 400, answer: answerOfModem };

/** The ping of Nordic's serial DFU, in SLIP; it echoes the number. */
const nordicDfu: Question = {
  octets: Uint8Array.of(0xc0, 0x09, 0x2a, 0xc0),
  patienceMs: 300,
  answer: (heard) =>
    toHex(heard, " ").includes("60 09 01 2a c0")
      ? { kind: "bootloader", name: "the DFU bootloader of Nordic Semiconductor" }
      : undefined,
};

/**
 * An echo request of the Simple Management Protocol, as MCUboot takes it in serial recovery: base64 of length, header,
 * CBOR {"d": "j"} and CRC-16. Whatever it answers begins with the same two octets.
 */
const mcuboot: Question = {
  octets: octetsOf(`\x06\x09${mcubootEcho()}\n`),
  patienceMs: 300,
  answer: (heard) => {
    const at = text(heard).indexOf("\x06\x09");
    const isEcho = at >= 0 && text(heard).includes(mcubootEcho());
    return at >= 0 && !isEcho && text(heard).includes("\n", at)
      ? { kind: "bootloader", name: "MCUboot in serial recovery" }
      : undefined;
  },
};

/** What is asked at each rate, most likely and least harmful first. */
export const questions: readonly Question[] = [h4, h5, atWithoutLineEnd, atWithLineEnd, nordicDfu, mcuboot];

/** The first octet that the bootloader in the ROM of an STM32 takes, from which it learns the rate. Even parity. */
export const stm32: Question = {
  octets: Uint8Array.of(0x7f),
  patienceMs: 300,
  answer: ([first, ...others]) =>
    others.length === 0 && (first === 0x79 || first === 0x1f)
      ? { kind: "bootloader", name: "the system bootloader of an STM32" }
      : undefined,
};

const banners: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/mcuboot/i, "MCUboot"],
  [/waiting for download/i, "the ROM bootloader of an ESP32"],
  [/u-boot/i, "U-Boot"],
  [/bootloader/i, "a bootloader"],
];

/** The bootloader that names itself in what was heard. */
export function bannerIn(heard: Uint8Array): string | undefined {
  const said = text(heard);
  return banners.find(([pattern]) => pattern.test(said))?.[1];
}

/** What was heard as text, or `undefined` where it is none that people write. */
export function readable(heard: Uint8Array): string | undefined {
  const said = text(heard).trim();
  const strange = said.replace(/[ -~\r\n\t]/g, "").length;
  return said.length >= 4 && strange * 20 <= said.length ? said : undefined;
}

function answerOfModem(heard: Uint8Array): Answer | undefined {
  const [answer] = /(?:^|[\r\n]|AT)(?:OK|ERROR)(?::?\([0-9A-F]+\))?/.exec(text(heard)) ?? [];
  return answer === undefined ? undefined : { kind: "at", answer: answer.replace(/^[\r\n]|^AT/, "").trim() };
}

function hasLinkMessage(heard: Uint8Array): boolean {
  let found = false;
  new SlipDecoder(longestPacket).push(heard, {
    frame: (octets) => {
      if (isAnswerOfLink(octets)) found = true;
    },
    fault: () => undefined, // noise is no answer
  });
  return found;
}

/** SYNC alone could be our own that comes back; the answer to it cannot. */
function isAnswerOfLink(octets: Uint8Array): boolean {
  try {
    const { type, payload } = decodePacket(octets);
    return type === H5PacketType.LinkControl && decodeMessage(payload)?.type === "syncResponse";
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error; // a fault of ours: do not hide it
    return false;
  }
}

function mcubootEcho(): string {
  const request = [0x02, 0x00, 0x00, 0x05, 0x00, 0x00, 0x2a, 0x00, 0xa1, 0x61, 0x64, 0x61, 0x6a];
  const check = crcOfSmp(request);
  const packet = [0, request.length + 2, ...request, check >> 8, check & 0xff];
  return btoa(String.fromCharCode(...packet));
}

/** CRC-16 with the polynomial 0x1021, begun with 0. */
function crcOfSmp(octets: readonly number[]): number {
  let remainder = 0;
  for (const octet of octets) {
    remainder ^= octet << 8;
    for (let bit = 0; bit < 8; bit++) {
      remainder = ((remainder << 1) ^ (remainder & 0x8000 ? 0x1021 : 0)) & 0xffff;
    }
  }
  return remainder;
}
