import { Priority } from "../common/priority.ts";
import { Ring } from "../common/ring.ts";
import { AclLink } from "./acl-link.ts";
import type { AclPdu } from "./acl-pdu.ts";

/** The controller's buffers for outgoing data. Vol 4, Part E, 7.8.2. */
export interface AclBuffers {
  /** The largest payload of one packet, in octets. */
  readonly packetOctets: number;
  /** How many packets the controller holds, of all links together. */
  readonly packets: number;
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
    const stale = this.#links.get(connectionHandle);
    if (stale) this.close(stale); // its buffers would be lost for good
    const link = new AclLink(connectionHandle);
    this.#links.set(connectionHandle, link);
    this.#empty++;
    return link;
  }

  /**
   * The link is gone: what the controller still had of it counts as completed. Vol 4, Part E, 4.3.
   *
   * Those who wait for room on it are for the caller to tell, with {@link AclLink.release}.
   */
  close(link: AclLink): void {
    if (!link.open) return;
    link.open = false;
    this.#links.delete(link.connectionHandle);
    if (link.inFlight === 0) this.#empty--;
    this.#free += link.inFlight;
    link.inFlight = 0;
    link.clear();
    this.#pump();
  }

  send(link: AclLink, pdu: AclPdu, priority: Priority): void {
    if (!link.open) return; // its users have been told, or are being told
    // Most often nothing waits, on this link or another: then nothing needs to stand in a line.
    if (this.#ready.length === 0 && pdu.packets === 1 && this.#free > 0 && link.idle && this.#mayTake(link)) {
      this.#give(link, pdu.next());
      return;
    }
    link.push(pdu, priority);
    this.#enlist(link);
    this.#pump();
  }

  /** Number Of Completed Packets for one handle. Handles that are gone already were counted by {@link close}. */
  completed(connectionHandle: number, packets: number): void {
    const link = this.#links.get(connectionHandle);
    if (!link) return;
    const counted = Math.min(packets, link.inFlight); // a controller that counts too many must not give us buffers
    link.completed(counted);
    this.#free += counted;
    if (counted > 0 && link.inFlight === 0) this.#empty++;
    this.#pump();
    link.tellRoom();
  }

  /**
   * Calls once: when everything that waits on a link is completed, or when the link closes; at once where there is none.
   *
   * @param callback - Gets whether the link is still open.
   */
  whenEmpty(connectionHandle: number, callback: (open: boolean) => void): void {
    const link = this.#links.get(connectionHandle);
    if (!link) callback(false);
    else {
      link.whenDelivered(() => {
        callback(link.open);
      }, Priority.Bulk);
    }
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
      passedOver = 0;
      if (!link.idle) this.#enlist(link);
      this.#give(link, packet);
    }
  }

  /** The controller gets a packet. */
  #give(link: AclLink, packet: Uint8Array): void {
    if (link.inFlight++ === 0) this.#empty--;
    this.#free--;
    this.#send(packet);
  }

  #mayTake(link: AclLink): boolean {
    return link.inFlight === 0 || this.#free > Math.min(this.#empty, this.#buffers.packets >> 1);
  }
}
