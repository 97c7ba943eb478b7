import { Ring } from "../common/ring.ts";

/** How many SDUs, and how many octets of them, may wait in one line before {@link SduLine.hasRoom} says no. */
const mostSdus = 32;
const mostOctets = 65_536;

/** The SDUs of one priority that wait on a channel, and those who wait to add to them. */
export class SduLine {
  readonly #sdus = new Ring<Uint8Array>();
  readonly #forRoom = new Ring<() => void>();
  /** How many octets wait. */
  octets = 0;

  /** Whether there is room for one more SDU, however long, that nobody else is waiting for. */
  get hasRoom(): boolean {
    return this.#isShort && this.#forRoom.length === 0;
  }

  get empty(): boolean {
    return this.#sdus.length === 0;
  }

  push(sdu: Uint8Array): void {
    this.#sdus.push(sdu);
    this.octets += sdu.length;
  }

  shift(): Uint8Array | undefined {
    const sdu = this.#sdus.shift();
    if (sdu) this.octets -= sdu.length;
    return sdu;
  }

  /** Calls when there is room. */
  whenRoom(callback: () => void): void {
    this.#forRoom.push(callback);
  }

  /**
   * Lets those go on for whom there is room. Some fill their place only after this has returned, so no more are told
   * than there are places; but when nothing will leave that would bring the next their turn, `all` are.
   */
  tellRoom(all: boolean): void {
    let places = all ? this.#forRoom.length : mostSdus - this.#sdus.length;
    while (places-- > 0 && this.#isShort && this.#forRoom.length > 0) this.#forRoom.shift()?.();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#sdus.clear();
    this.octets = 0;
  }

  /** Lets everyone go on who waits at this moment. */
  release(): void {
    for (let left = this.#forRoom.length; left > 0; left--) this.#forRoom.shift()?.();
  }

  get #isShort(): boolean {
    return this.#sdus.length < mostSdus && this.octets < mostOctets;
  }
}
