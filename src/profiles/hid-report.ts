import { bytes, type Field, i8, mapped, struct, u8 } from "../common/struct.ts";
import { type CharacteristicType, defineCharacteristic } from "../gatt/define-characteristic.ts";
import type { ValueCodec } from "../gatt/value-codec.ts";
import { field, fields } from "./codec.ts";
import { bitNames } from "./fields.ts";

/** A key that changes what others mean. */
export type KeyboardModifier =
  | "leftControl"
  | "leftShift"
  | "leftAlt"
  | "leftMeta"
  | "rightControl"
  | "rightShift"
  | "rightAlt"
  | "rightMeta";

/** Which keys are down. Device Class Definition for HID 1.11, appendix B.1. */
export interface KeyboardReport {
  readonly modifiers: readonly KeyboardModifier[];
  /** Up to six usages of the Keyboard page, such as 0x04: A. */
  readonly keys: readonly number[];
}

const mostKeys = 6;

const keys: Field<readonly number[]> = mapped(
  bytes(mostKeys),
  (octets) => Array.from(octets).filter((usage) => usage !== 0),
  (usages) => {
    if (usages.length > mostKeys) throw new RangeError(`a report has ${mostKeys} keys, not ${usages.length}`);
    for (const usage of usages) {
      if (!Number.isInteger(usage) || usage < 1 || usage > 0xff)
        throw new RangeError(`${usage} is no usage of a key`);
    }
    const octets = new Uint8Array(mostKeys);
    octets.set(usages);
    return octets;
  },
);

const keyboardFields = struct<KeyboardReport & { readonly reserved: Uint8Array }>(
  "Boot Keyboard Input Report",
  {
    modifiers: bitNames<KeyboardModifier>(u8, [
      "leftControl",
      "leftShift",
      "leftAlt",
      "leftMeta",
      "rightControl",
      "rightShift",
      "rightAlt",
      "rightMeta",
    ]),
    reserved: bytes(1),
    keys,
  },
  "refuse",
);

/** The eight octets of a {@link KeyboardReport}, which a keyboard's own report has as well as a rule. */
export const keyboardReport: ValueCodec<KeyboardReport> = {
  encode: (report) => keyboardFields.encode({ ...report, reserved: new Uint8Array(1) }),
  decode(octets) {
    const { modifiers, keys } = keyboardFields.decode(octets);
    return { modifiers, keys };
  },
};

/** A light on a keyboard. */
export type KeyboardLed = "numLock" | "capsLock" | "scrollLock" | "compose" | "kana";

/** The octet that says which lights are on. */
export const keyboardLeds: ValueCodec<readonly KeyboardLed[]> = field(
  "Boot Keyboard Output Report",
  bitNames<KeyboardLed>(u8, ["numLock", "capsLock", "scrollLock", "compose", "kana"]),
);

/** What a mouse has done. Device Class Definition for HID 1.11, appendix B.2. */
export interface MouseReport {
  readonly buttons: readonly ("left" | "right" | "middle")[];
  /** How far to the right, -128 to 127. */
  readonly x: number;
  /** How far down. */
  readonly y: number;
}

const mouseReport = fields<MouseReport>("Boot Mouse Input Report", {
  buttons: bitNames(u8, ["left", "right", "middle"]),
  x: i8,
  y: i8,
});

/** Boot Keyboard Input Report, 0x2A22. HID Service 1.0. */
export const bootKeyboardInput: CharacteristicType<KeyboardReport> = defineCharacteristic(
  "2a22",
  keyboardReport,
);

/** Boot Keyboard Output Report, 0x2A32. HID Service 1.0. */
export const bootKeyboardOutput: CharacteristicType<readonly KeyboardLed[]> = defineCharacteristic(
  "2a32",
  keyboardLeds,
);

/** Boot Mouse Input Report, 0x2A33. HID Service 1.0. What stands behind the three octets is ignored. */
export const bootMouseInput: CharacteristicType<MouseReport> = defineCharacteristic("2a33", {
  encode: (report) => mouseReport.encode(report),
  decode: (octets) => mouseReport.decode(octets.subarray(0, 3)),
});
