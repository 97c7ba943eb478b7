/**
 * How the values of a characteristic or of a descriptor are written as octets: one definition for server and client.
 *
 * Any object with these two methods is one; jelling's own profiles make theirs from layouts.
 */
export interface ValueCodec<T> {
  /**
   * Writes a value, 0 to 512 octets, which the caller *owns*.
   *
   * @throws {@link RangeError} The value does not fit.
   */
  encode(value: T): Uint8Array;
  /**
   * Reads a value. Octet strings in it may be *borrowed* views of `octets`.
   *
   * @throws {@link MalformedPduError} The octets are no such value. It throws nothing else, whatever they are.
   */
  decode(octets: Uint8Array): T;
}
