import type { ReadResult } from "../att/attribute-table.ts";
import { ErrorCode } from "../att/error-code.ts";
import { overlay, overlayFixed } from "../att/overlay.ts";
import { concat, noOctets } from "../common/bytes.ts";
import { checkValue, mostValueOctets, type ValueOptions } from "./service-builder.ts";

/** The octets of a value that is kept for the program, and the rule by which writing changes them. */
export class ValueBuffer {
  #octets: Uint8Array;
  /** Somebody may hold them for longer than a turn, so they are never written into. */
  #lent = false;
  readonly #mostOctets: number;
  readonly #fixed: boolean;
  readonly #appends: boolean;

  constructor({ value, maxLength = mostValueOctets, fixedLength = false, append = false }: ValueOptions) {
    this.#octets = value ? new Uint8Array(value) : noOctets; // not slice(): the one of a Buffer copies nothing
    this.#mostOctets = fixedLength ? this.#octets.length : maxLength;
    this.#fixed = fixedLength;
    this.#appends = append;
  }

  /** *Borrowed* until the turn ends: do not write into it. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /** The same for who may keep it: it stays as it is, whatever is written later. */
  lend(): Uint8Array {
    this.#lent = true;
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
    this.#put(new Uint8Array(value));
  }

  /** The value, *owned* by the caller; none is left, or zeros where its length is fixed. */
  take(): Uint8Array {
    const octets = this.#octets;
    this.#put(this.#fixed ? new Uint8Array(octets.length) : noOctets);
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
      this.#put(octets);
      return true;
    }
    if (this.#room < octets.length) return false;
    this.#put(concat(this.#octets, octets));
    return true;
  }

  /** Whether octets written from the start replace the whole value, and may. */
  takesWhole(octets: Uint8Array): boolean {
    if (this.#appends) return false;
    return this.#fixed ? octets.length === this.#mostOctets : octets.length <= this.#mostOctets;
  }

  /** Keeps a copy of octets that {@link takesWhole} has looked at, in the memory of the value before it where that may be. */
  replace(octets: Uint8Array): void {
    if (!this.#lent && octets.length === this.#octets.length) this.#octets.set(octets);
    else this.#put(new Uint8Array(octets));
  }

  /** Takes back what {@link keep} has done, if nothing has changed the value since. */
  restore(before: Uint8Array, kept: Uint8Array): void {
    if (this.#octets !== kept) return;
    this.#octets = before;
    this.#lent = true; // whether it was is not known any more
  }

  #put(octets: Uint8Array): void {
    this.#octets = octets;
    this.#lent = false;
  }

  get #room(): number {
    return this.#mostOctets - this.#octets.length;
  }
}
