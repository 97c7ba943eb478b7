import type { Priority } from "../common/priority.ts";
import type { AclLink } from "../hci/acl-link.ts";
import type { AclQueue } from "../hci/acl-queue.ts";
import type { Channel } from "./channel.ts";
import { segment } from "./segmenter.ts";

/** A fixed channel of a link: B-frames, as many as there is room for. Vol 3, Part A, 3.1. */
export class LinkChannel implements Channel {
  readonly #acl: AclQueue;
  readonly #link: AclLink;
  readonly #cid: number;
  #closed = false;

  constructor(acl: AclQueue, link: AclLink, cid: number) {
    this.#acl = acl;
    this.#link = link;
    this.#cid = cid;
  }

  send(priority: Priority, head: Uint8Array, body?: Uint8Array): void {
    if (this.#closed) return;
    const { packetOctets } = this.#acl.buffers;
    this.#acl.send(
      this.#link,
      segment(this.#link.connectionHandle, packetOctets, this.#cid, head, body),
      priority,
    );
  }

  hasRoom(priority: Priority): boolean {
    return this.#link.hasRoom(priority);
  }

  whenRoom(priority: Priority, callback: () => void): void {
    this.#link.whenRoom(priority, callback);
  }

  /** Sends nothing any more. */
  close(): void {
    this.#closed = true;
  }
}
