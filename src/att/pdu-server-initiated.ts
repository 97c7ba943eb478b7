import { type Codec, pdu } from "../common/codec.ts";
import { group, prefixed, rest, u16 } from "../common/struct.ts";
import { atLeast } from "./field.ts";
import { Opcode } from "./opcode.ts";
import type { HandleValue } from "./pdu.ts";

// Section 3.4.7.

/** ATT_HANDLE_VALUE_NTF: a value, unasked for and unanswered. Vol 3, Part F, 3.4.7.1. */
export interface HandleValueNotification {
  readonly handle: number;
  /** At most ATT_MTU - 3 octets; as many may be the beginning of more. */
  readonly value: Uint8Array;
}

/** Codec of ATT_HANDLE_VALUE_NTF. Vol 3, Part F, 3.4.7.1. */
export const HandleValueNotification: Codec<HandleValueNotification> = pdu(
  "ATT_HANDLE_VALUE_NTF",
  Opcode.HandleValueNotification,
  { handle: u16, value: rest },
);

/** ATT_HANDLE_VALUE_IND: a value, unasked for, that the client confirms. Vol 3, Part F, 3.4.7.2. */
export interface HandleValueIndication {
  readonly handle: number;
  /** At most ATT_MTU - 3 octets; as many may be the beginning of more. */
  readonly value: Uint8Array;
}

/** Codec of ATT_HANDLE_VALUE_IND. Vol 3, Part F, 3.4.7.2. */
export const HandleValueIndication: Codec<HandleValueIndication> = pdu(
  "ATT_HANDLE_VALUE_IND",
  Opcode.HandleValueIndication,
  { handle: u16, value: rest },
);

/** ATT_HANDLE_VALUE_CFM: the client has the indication. Vol 3, Part F, 3.4.7.3. */
export type HandleValueConfirmation = Readonly<Record<string, never>>;

/** Codec of ATT_HANDLE_VALUE_CFM. Vol 3, Part F, 3.4.7.3. */
export const HandleValueConfirmation: Codec<HandleValueConfirmation> = pdu(
  "ATT_HANDLE_VALUE_CFM",
  Opcode.HandleValueConfirmation,
  {},
);

/** ATT_MULTIPLE_HANDLE_VALUE_NTF: several values, unasked for and unanswered. Vol 3, Part F, 3.4.7.4. */
export interface MultipleHandleValueNotification {
  /** Whole values. The specification wants two or more; servers are known to send one, which is as clear. */
  readonly entries: readonly HandleValue[];
}

/** Codec of ATT_MULTIPLE_HANDLE_VALUE_NTF. Vol 3, Part F, 3.4.7.4. */
export const MultipleHandleValueNotification: Codec<MultipleHandleValueNotification> = pdu(
  "ATT_MULTIPLE_HANDLE_VALUE_NTF",
  Opcode.MultipleHandleValueNotification,
  { entries: atLeast(1, group({ handle: u16, value: prefixed(u16) })) },
);
