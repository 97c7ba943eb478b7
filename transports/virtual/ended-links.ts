/**
 * What a host can know of links that have ended: data that it sent before it was told is no fault of its own.
 *
 * Packets of the host are counted from 1, in the order in which it sends them.
 */
export class EndedLinks {
  /** By handle, the last packet that the host sent before it was told; Infinity while it has not been. */
  readonly #last = new Map<number, number>();

  /** A link has ended. @param isTold - Whether the host will hear of it. */
  end(handle: number, isTold: boolean): void {
    if (isTold) this.#last.set(handle, Number.POSITIVE_INFINITY);
    else this.#last.delete(handle);
  }

  /** The host is told now that a link has ended. @param sent - How many packets it has sent. */
  tell(handle: number, sent: number): void {
    if (this.#last.get(handle) === Number.POSITIVE_INFINITY) this.#last.set(handle, sent);
  }

  /** Whether the host could take a link for alive when it sent a packet. @param packet - Which one it was. */
  couldBeAlive(handle: number, packet: number): boolean {
    return packet <= (this.#last.get(handle) ?? 0);
  }

  /** A handle is that of another link, or nobody asks any more. */
  forget(handle?: number): void {
    if (handle === undefined) this.#last.clear();
    else this.#last.delete(handle);
  }
}
