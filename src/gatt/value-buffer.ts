import type { ReadResult } from "../att/attribute-table.ts";
import { ErrorCode } from "../att/error-code.ts";
import { overlay, overlayFixed } from "../att/overlay.ts";
import { concat, noOctets } from "../common/bytes.ts";
import { checkValue, mostValueOctets, type ValueOptions } from "./service-builder.ts";

/** The octets of a value that is kept for the program, and the rule by which writing changes them. */
export class ValueBuffer {
  #octets: Uint8Array;
  readonly #mostOctets: number;
  readonly #fixed: boolean;
  readonly #appends: boolean;

  constructor({ value, maxLength = mostValueOctets, fixedLength = false, append = false }: ValueOptions) {
    this.#octets = value ? new Uint8Array(value) : noOctets; // not slice(): the one of a Buffer copies nothing
    this.#mostOctets = fixedLength ? this.#octets.length : maxLength;
    this.#fixed = fixedLength;
    this.#appends = append;
  }

  /** *Borrowed*: do not write into it. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /**
   * The program sets the whole value.
   *
   * @throws {@link RangeError} More octets than there may be, or others than a fixed length asks for.
   */
  set(value: Uint8Array): void {
    checkValue({ value }, this.#mostOctets);
    if (this.#fixed && value.length !== this.#mostOctets) {
      throw new RangeError(`this value has ${this.#mostOctets} octets, not ${value.length}`);
    }
    this.#octets = new Uint8Array(value);
  }

  /** The value, *owned* by the caller; none is left, or zeros where its length is fixed. */
  take(): Uint8Array {
    const octets = this.#octets;
    this.#octets = this.#fixed ? new Uint8Array(octets.length) : noOctets;
    return octets;
  }

  /**
   * What is to be kept, or appended, when octets are written: a copy. Vol 3, Part F, 3.4.5.1 and 3.4.6.3.
   *
   * @param before - The value in place of the one kept now.
   */
  compose(before: Uint8Array | undefined, offset: number, octets: Uint8Array): ReadResult {
    if (this.#appends)
      return this.#room < octets.length ? ErrorCode.InsufficientResources : new Uint8Array(octets);
    const present = before ?? this.#octets;
    if (this.#fixed) return overlayFixed(present, offset, octets);
    const value = overlay(present, offset, octets);
    return typeof value !== "number" && value.length > this.#mostOctets
      ? ErrorCode.InvalidAttributeValueLength
      : value;
  }

  /**
   * Keeps what {@link compose} has made.
   *
   * @returns False when there is no room to append it any more.
   */
  keep(octets: Uint8Array): boolean {
    if (!this.#appends) {
      this.#octets = octets;
      return true;
    }
    if (this.#room < octets.length) return false;
    this.#octets = concat(this.#octets, octets);
    return true;
  }

  get #room(): number {
    return this.#mostOctets - this.#octets.length;
  }
}
