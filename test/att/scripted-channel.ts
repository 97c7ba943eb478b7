import { concat, noOctets, toHex } from "../../src/common/bytes.ts";
import type { Priority } from "../../src/common/priority.ts";
import type { Channel } from "../../src/l2cap/channel.ts";

/** A channel whose other end is the test: it records what is sent, and has room for as much as the test says. */
export class ScriptedChannel implements Channel {
  /** How many PDUs of one priority may wait: a stalled link has few, one that flows has no limit. */
  room: number = Number.POSITIVE_INFINITY;
  /** Called with every PDU in place of recording it. */
  deliver: ((pdu: Uint8Array) => void) | undefined;
  readonly #sent: { readonly priority: Priority; readonly pdu: Uint8Array }[] = [];
  readonly #forRoom: { readonly priority: Priority; readonly callback: () => void }[] = [];

  send(priority: Priority, head: Uint8Array, body: Uint8Array = noOctets): void {
    const pdu = concat(head, body);
    if (this.deliver) this.deliver(pdu);
    else this.#sent.push({ priority, pdu });
  }

  hasRoom(priority: Priority): boolean {
    const waiting = this.#sent.filter((each) => each.priority === priority).length;
    return waiting < this.room && !this.#forRoom.some((each) => each.priority === priority);
  }

  whenRoom(priority: Priority, callback: () => void): void {
    if (this.hasRoom(priority)) callback();
    else this.#forRoom.push({ priority, callback });
  }

  /** How many callers wait for room. */
  get waiting(): number {
    return this.#forRoom.length;
  }

  /** All that was sent since the last time, as hex; then there is room again. */
  take(): string[] {
    return this.takeOctets().map((pdu) => toHex(pdu));
  }

  /** The same as octets. */
  takeOctets(): Uint8Array[] {
    const taken = this.#sent.splice(0).map(({ pdu }) => pdu);
    const tell = this.#forRoom.splice(0);
    for (const each of tell) this.whenRoom(each.priority, each.callback);
    return taken;
  }
}
