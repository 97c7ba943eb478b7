/** How many octets a value has room for until the program says otherwise. */
const defaultRoom = 20;

/**
 * The value of a characteristic or descriptor, by MicroPython's rules: what clients write is cut to the room there is,
 * what the program writes makes room; or what clients write is appended until the program reads.
 */
export class StoredValue {
  #octets: Uint8Array = new Uint8Array(0);
  #room = defaultRoom;
  #append = false;

  /** As clients read it. *Borrowed*. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /** The program reads: a value that is appended to is empty then. *Owned* by the program. */
  read(): Uint8Array {
    const value = new Uint8Array(this.#octets);
    if (this.#append) this.#octets = new Uint8Array(0);
    return value;
  }

  /** The program writes; copied. */
  write(octets: Uint8Array): void {
    this.#octets = new Uint8Array(octets);
    this.#room = Math.max(this.#room, octets.length);
  }

  /** A client has written. */
  written(octets: Uint8Array): void {
    const before = this.#append ? this.#octets : new Uint8Array(0);
    const kept = octets.subarray(0, Math.max(0, this.#room - before.length));
    this.#octets = Uint8Array.of(...before, ...kept);
  }

  /** Gives it other room, and empties it. */
  resize(room: number, append: boolean): void {
    this.#octets = new Uint8Array(0);
    this.#room = room;
    this.#append = append;
  }
}
