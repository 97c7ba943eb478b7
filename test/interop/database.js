/**
 * The services that every peripheral of these tests offers, and every central looks for. JavaScript, for it is read by
 * programs of other stacks as well.
 */

import { TextEncoder } from "node:util";

/** As 32 digits. */
export const service = "3a0f01007d4c4e0b9d392f6b1c8e5a10";
export const battery = "180f";

export const uuid = {
  /** Reads `value.short`. */
  short: "3a0f01017d4c4e0b9d392f6b1c8e5a10",
  /** Reads `value.long`. */
  long: "3a0f01027d4c4e0b9d392f6b1c8e5a10",
  /** Reading is refused with the application's error 0x81. */
  refused: "3a0f01037d4c4e0b9d392f6b1c8e5a10",
  /** Is written. */
  written: "3a0f01047d4c4e0b9d392f6b1c8e5a10",
  /** Is written without response. */
  commanded: "3a0f01057d4c4e0b9d392f6b1c8e5a10",
  notified: "3a0f01067d4c4e0b9d392f6b1c8e5a10",
  indicated: "3a0f01077d4c4e0b9d392f6b1c8e5a10",
  /** Reads `value.secret` once the link is encrypted. */
  secret: "3a0f01087d4c4e0b9d392f6b1c8e5a10",
  level: "2a19",
};

export const value = {
  short: Uint8Array.of(1, 2, 3),
  long: Uint8Array.from({ length: 300 }, (_, i) => i & 0xff),
  secret: Uint8Array.of(0x5e, 0xc2, 0xe7),
  level: Uint8Array.of(93),
  description: new TextEncoder().encode("three octets"),
};

export const refusal = 0x81;

/** What each characteristic offers, in the order of the handles. */
export const services = {
  [service]: {
    [uuid.short]: ["read"],
    [uuid.long]: ["read"],
    [uuid.refused]: ["read"],
    [uuid.written]: ["write"],
    [uuid.commanded]: ["writeWithoutResponse"],
    [uuid.notified]: ["notify"],
    [uuid.indicated]: ["indicate"],
    [uuid.secret]: ["read"],
  },
  [battery]: { [uuid.level]: ["read"] },
};
