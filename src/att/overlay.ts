import type { ReadResult } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";

/**
 * A copy of a value of variable length with octets written at an offset: those from offset 0 on replace it, as
 * ATT_WRITE_REQ does (Vol 3, Part F, 3.4.5.1); others leave what is behind them.
 *
 * @returns Invalid Offset when the offset is behind the end of the value. Vol 3, Part F, 3.4.6.3.
 */
export function overlay(value: Uint8Array, offset: number, octets: Uint8Array): ReadResult {
  if (offset > value.length) return ErrorCode.InvalidOffset;
  if (offset === 0) return new Uint8Array(octets);
  const result = new Uint8Array(Math.max(value.length, offset + octets.length));
  result.set(value);
  result.set(octets, offset);
  return result;
}

/**
 * The same of a value of fixed length: "all other octets in this attribute value shall be unchanged". Vol 3, Part F,
 * 3.4.5.1.
 *
 * @returns Invalid Offset, or Invalid Attribute Value Length when the octets reach beyond the end. 3.4.6.3.
 */
export function overlayFixed(value: Uint8Array, offset: number, octets: Uint8Array): ReadResult {
  if (offset > value.length) return ErrorCode.InvalidOffset;
  if (offset + octets.length > value.length) return ErrorCode.InvalidAttributeValueLength;
  const result = new Uint8Array(value);
  result.set(octets, offset);
  return result;
}
