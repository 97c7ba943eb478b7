import { Priority } from "../common/priority.ts";
import { Ring } from "../common/ring.ts";
import type { AclPdu } from "./acl-pdu.ts";

/** How many PDUs of one priority may wait on one link before {@link AclLink.hasRoom} says no. */
const mostWaiting = 32;

/** The PDUs of one priority that wait on a link, and those who wait to add to them. */
class Line {
  readonly pdus: Ring<AclPdu> = new Ring();
  /** How many have ever been put into it. */
  pushed = 0;
  readonly #forRoom = new Ring<() => void>();

  get hasRoom(): boolean {
    return this.pdus.length < mostWaiting && this.#forRoom.length === 0;
  }

  whenRoom(callback: () => void): void {
    this.#forRoom.push(callback);
  }

  /**
   * Lets those go on for whom there is room. Some fill their place only after this has returned, so no more are told
   * than there are places now; but when nothing will leave that would bring the next their turn, `all` are.
   */
  tellRoom(all: boolean): void {
    let places = all ? Number.POSITIVE_INFINITY : mostWaiting - this.pdus.length;
    while (places-- > 0 && this.pdus.length < mostWaiting && this.#forRoom.length > 0)
      this.#forRoom.shift()?.();
  }

  /** Lets everyone go on who waits at this moment. */
  release(): void {
    for (let left = this.#forRoom.length; left > 0; left--) this.#forRoom.shift()?.();
  }
}

/** Somebody who waits until what was sent has arrived at the peer's controller. */
interface Delivery {
  /** How many packets, of those in the controller, are still to be completed; `undefined` while some are not in it. */
  left: number | undefined;
  /** What was waiting then, line by line: so many as had ever been put into it. */
  readonly upTo: readonly number[];
  readonly callback: () => void;
}

/** One link's share of the {@link AclQueue}: what waits for it, and what the controller has of it. */
export class AclLink {
  readonly connectionHandle: number;
  /** Until the queue has closed it. A link that is closed takes and gives nothing more. */
  open = true;
  /** Packets the controller has taken and not yet reported completed. */
  inFlight = 0;
  /** Whether the link stands in the queue's line of links that have something to send. */
  ready = false;
  readonly #lines = [new Line(), new Line(), new Line()] as const;
  readonly #deliveries: Delivery[] = [];
  /** Partly sent: fragments of two PDUs must not mix on a link. Vol 3, Part A, 7.2.1. */
  #current: AclPdu | undefined;

  constructor(connectionHandle: number) {
    this.connectionHandle = connectionHandle;
  }

  /** Whether nothing waits to be sent. */
  get idle(): boolean {
    const lines = this.#lines;
    const waiting = lines[0].pdus.length + lines[1].pdus.length + lines[2].pdus.length;
    return waiting === 0 && this.#current === undefined;
  }

  /** Whether one more PDU may be queued. Not enforced: those who can wait ask. */
  hasRoom(priority: Priority): boolean {
    return this.#lines[priority].hasRoom;
  }

  /**
   * Calls once: at once where there is room, else within the turn that makes room or closes the link. Those who came
   * first are called first.
   */
  whenRoom(priority: Priority, callback: () => void): void {
    const line = this.#lines[priority];
    if (!this.open || line.hasRoom) callback();
    else line.whenRoom(callback);
  }

  /**
   * Calls once: when the controller has reported completed what waits with the highest priority at this moment, which
   * means that the peer's has it; or when the link closes.
   *
   * @param least - The lowest priority to wait for.
   */
  whenDelivered(callback: () => void, least: Priority = Priority.Control): void {
    if (!this.open || (this.inFlight === 0 && this.idle)) {
      callback();
      return;
    }
    const upTo = this.#lines.slice(0, least + 1).map(({ pushed }) => pushed);
    this.#deliveries.push({ left: this.#waits(upTo) ? undefined : this.inFlight, upTo, callback });
  }

  /** The controller has completed so many packets. */
  completed(packets: number): void {
    this.inFlight -= packets;
    if (this.#deliveries.length === 0) return;
    for (const delivery of this.#deliveries.splice(0)) {
      if (delivery.left !== undefined) delivery.left -= packets;
      if (delivery.left === undefined || delivery.left > 0) this.#deliveries.push(delivery);
      else delivery.callback();
    }
  }

  push(pdu: AclPdu, priority: Priority): void {
    const line = this.#lines[priority];
    line.pdus.push(pdu);
    line.pushed++;
  }

  /** The next packet to send, `undefined` when there is none. */
  take(): Uint8Array | undefined {
    let pdu = this.#current;
    if (pdu === undefined) {
      const lines = this.#lines;
      pdu = lines[0].pdus.shift() ?? lines[1].pdus.shift() ?? lines[2].pdus.shift();
      if (pdu === undefined) return undefined;
    }
    const packet = pdu.next();
    this.#current = pdu.done ? undefined : pdu;
    if (this.#deliveries.length > 0) {
      for (const delivery of this.#deliveries) {
        if (!this.#waits(delivery.upTo)) delivery.left ??= this.inFlight + 1; // with this packet
      }
    }
    return packet;
  }

  /** Lets those go on who waited for room that there is now. */
  tellRoom(): void {
    const all = this.inFlight === 0 && this.idle;
    const lines = this.#lines;
    lines[0].tellRoom(all);
    lines[1].tellRoom(all);
    lines[2].tellRoom(all);
  }

  /** Forgets what waits to be sent. */
  clear(): void {
    this.#current = undefined;
    for (const { pdus } of this.#lines) pdus.clear();
  }

  /** Lets everyone go on who waits; of a closed link, those who ask find it closed. */
  release(): void {
    for (const line of this.#lines) line.release();
    for (const { callback } of this.#deliveries.splice(0)) callback();
  }

  /** Whether some of what waited then is not in the controller yet. */
  #waits(upTo: readonly number[]): boolean {
    if (this.#current !== undefined) return true;
    return upTo.some((pushed, priority) => {
      const line = this.#lines[priority];
      return line !== undefined && line.pushed - line.pdus.length < pushed;
    });
  }
}
