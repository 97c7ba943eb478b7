import { Priority } from "../common/priority.ts";
import { Ring } from "../common/ring.ts";
import type { AclPdu } from "./acl-pdu.ts";

/** The controller's buffers for outgoing data. Vol 4, Part E, 7.8.2. */
export interface AclBuffers {
  /** The largest payload of one packet, in octets. */
  readonly packetOctets: number;
  /** How many packets the controller holds, of all links together. */
  readonly packets: number;
}

/** How many PDUs of one priority may wait on one link before {@link AclLink.hasRoom} says no. */
const mostWaiting = 32;

/** One link's share of the queue. */
export class AclLink {
  readonly connectionHandle: number;
  /** Packets the controller has taken and not yet reported completed. */
  inFlight = 0;
  /** Whether the link stands in the queue's line of links that have something to send. */
  ready = false;
  readonly #waiting = [new Ring<AclPdu>(), new Ring<AclPdu>(), new Ring<AclPdu>()] as const;
  /** Partly sent: fragments of two PDUs must not mix on a link. Vol 3, Part A, 7.2.1. */
  #current: AclPdu | undefined;
  readonly #forRoom: [(() => void)[], (() => void)[], (() => void)[]] = [[], [], []];

  constructor(connectionHandle: number) {
    this.connectionHandle = connectionHandle;
  }

  get idle(): boolean {
    return this.#current === undefined && this.#waiting.every((ring) => ring.length === 0);
  }

  /** Whether one more PDU may be queued. Not enforced: those who can wait ask. */
  hasRoom(priority: Priority): boolean {
    return this.#waiting[priority].length < mostWaiting && this.#forRoom[priority].length === 0;
  }

  /** Calls once, within a turn, when there is room again; those who came first are called first. */
  whenRoom(priority: Priority, callback: () => void): void {
    this.#forRoom[priority].push(callback);
  }

  push(pdu: AclPdu, priority: Priority): void {
    this.#waiting[priority].push(pdu);
  }

  /** The next packet to send, `undefined` when there is none. */
  take(): Uint8Array | undefined {
    let pdu = this.#current;
    if (pdu === undefined) {
      const [control, attribute, bulk] = this.#waiting;
      pdu = control.shift() ?? attribute.shift() ?? bulk.shift();
      if (pdu === undefined) return undefined;
    }
    const packet = pdu.next();
    this.#current = pdu.done ? undefined : pdu;
    return packet;
  }

  /** Lets those go on who waited for room that there is now. */
  tellRoom(): void {
    for (const priority of [Priority.Control, Priority.Attribute, Priority.Bulk]) {
      const line = this.#forRoom[priority];
      while (line.length > 0 && this.#waiting[priority].length < mostWaiting) line.shift()?.();
    }
  }

  /** Forgets everything; those who wait for room are called to find the link gone. */
  drop(): void {
    this.#current = undefined;
    for (const ring of this.#waiting) ring.clear();
    for (const line of this.#forRoom) for (const callback of line.splice(0)) callback();
  }
}

/**
 * Shares the controller's buffers between links, one packet each in turn. Vol 4, Part E, 4.1.1.
 *
 * A link that has nothing in the controller always finds a buffer kept for it (up to half of all), so a link whose
 * peer has gone silent cannot hold up the others.
 */
export class AclQueue {
  readonly #send: (packet: Uint8Array) => void;
  readonly #links = new Map<number, AclLink>();
  readonly #ready = new Ring<AclLink>();
  #buffers: AclBuffers = { packetOctets: 27, packets: 0 };
  #free = 0;
  /** How many links have nothing in the controller. */
  #empty = 0;

  constructor(send: (packet: Uint8Array) => void) {
    this.#send = send;
  }

  get buffers(): AclBuffers {
    return this.#buffers;
  }

  /** Packets the controller could take at this moment. */
  get free(): number {
    return this.#free;
  }

  /** Called once at start-up, before any link opens. */
  begin(buffers: AclBuffers): void {
    this.#buffers = buffers;
    this.#free = buffers.packets;
  }

  open(connectionHandle: number): AclLink {
    const link = new AclLink(connectionHandle);
    this.#links.set(connectionHandle, link);
    this.#empty++;
    return link;
  }

  /** The link is gone: what the controller still had of it counts as completed. Vol 4, Part E, 4.3. */
  close(link: AclLink): void {
    if (this.#links.get(link.connectionHandle) !== link) return;
    this.#links.delete(link.connectionHandle);
    if (link.inFlight === 0) this.#empty--;
    this.#free += link.inFlight;
    link.inFlight = 0;
    link.drop();
    this.#pump();
  }

  send(link: AclLink, pdu: AclPdu, priority: Priority): void {
    if (this.#links.get(link.connectionHandle) !== link) return; // disconnected: its users have been told
    link.push(pdu, priority);
    this.#enlist(link);
    this.#pump();
  }

  /** Number Of Completed Packets for one handle. Handles that are gone already were counted by {@link close}. */
  completed(connectionHandle: number, packets: number): void {
    const link = this.#links.get(connectionHandle);
    if (!link) return;
    const counted = Math.min(packets, link.inFlight); // a controller that counts too many must not give us buffers
    link.inFlight -= counted;
    this.#free += counted;
    if (counted > 0 && link.inFlight === 0) this.#empty++;
    this.#pump();
    link.tellRoom();
  }

  #enlist(link: AclLink): void {
    if (link.ready) return;
    link.ready = true;
    this.#ready.push(link);
  }

  #pump(): void {
    let passedOver = 0;
    while (this.#free > 0 && passedOver < this.#ready.length) {
      const link = this.#ready.shift();
      if (!link) return;
      link.ready = false;
      if (!this.#mayTake(link)) {
        this.#enlist(link);
        passedOver++;
        continue;
      }
      const packet = link.take();
      if (!packet) continue;
      if (link.inFlight++ === 0) this.#empty--;
      this.#free--;
      passedOver = 0;
      if (!link.idle) this.#enlist(link);
      this.#send(packet);
    }
  }

  #mayTake(link: AclLink): boolean {
    return link.inFlight === 0 || this.#free > Math.min(this.#empty, this.#buffers.packets >> 1);
  }
}
