import { putU16, u16At } from "../../src/common/bytes.ts";
import { aclHeaderSize, PacketBoundary } from "../../src/hci/acl-view.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { DataBufferOverflow } from "../../src/hci/events/flow.ts";
import { LateQueue } from "./late-queue.ts";
import type { LinkEnd } from "./link-end.ts";
import type { BufferHolder, Radio } from "./radio.ts";
import type { HostFaultKind } from "./host-fault.ts";

/** Event code of Number Of Completed Packets. Vol 4, Part E, 7.7.19. */
const numberOfCompletedPackets = 0x13;

/** As many handles as one event has room for. */
const mostHandles = 63;

/** Link_Type of a Data Buffer Overflow: an ACL packet. Vol 4, Part E, 7.7.26. */
const aclBuffer = 0x01;

/** What the buffers need of the controller that they are in. */
interface Owner extends Pick<Radio, "hci" | "medium" | "settings"> {
  readonly links: { get(handle: number): LinkEnd | undefined };
  wake(): void;
  fault(kind: HostFaultKind, message: string): void;
}

/**
 * A controller's buffers for data from its host. Vol 4, Part E, 4.1.
 *
 * A packet holds a buffer until the peer's controller has handed it to its host: only then does Number Of Completed
 * Packets return the credit.
 */
export class AclPath {
  readonly #chip: Owner;
  #held = 0;
  /** The links with something in `completed`. */
  readonly #completed: BufferHolder[] = [];

  /** What is free, but not yet for the host to know. */
  readonly #late: LateQueue<BufferHolder>;

  constructor(chip: Owner) {
    this.#chip = chip;
    this.#late = new LateQueue(chip.medium.clock, (end) => {
      this.#free(end);
    });
  }

  /** All links are gone. */
  clear(): void {
    this.#late.clear();
  }

  /** Takes one ACL Data packet of the host and owns it: what arrives at the peer's host is, if it can be, the same. */
  send(packet: Uint8Array): void {
    const size = packet.length - aclHeaderSize;
    if (size < 0 || u16At(packet, 3) !== size) {
      this.#chip.fault("malformedPacket", `an ACL packet of ${packet.length} octets says otherwise`);
      return;
    }
    const handle = u16At(packet, 1) & 0x0fff;
    const end = this.#chip.links.get(handle);
    if (!end) {
      if (this.#chip.hci.couldBeAlive(handle)) return; // lost on the way, as the host will understand
      this.#chip.fault("unknownHandle", `an ACL packet for handle ${handle}, which is not connected`);
      return;
    }
    if (this.#held >= this.#chip.settings.aclPackets) {
      this.#chip.fault("aclCredit", `an ACL packet more than the ${this.#held} there are buffers for`);
      this.#chip.hci.event(DataBufferOverflow, { linkType: aclBuffer });
      return;
    }
    this.#held++;
    end.held++;
    if (this.#isSound(packet, size) && size > 0) end.link.carrier.data(end, packet);
    else this.returned(end);
  }

  /** The peer has taken a packet of `end`. */
  returned(end: BufferHolder): void {
    const { creditDelayMs } = this.#chip.settings;
    if (creditDelayMs > 0) this.#late.push(end, creditDelayMs);
    else this.#free(end);
  }

  #free(end: BufferHolder): void {
    if (end.held === 0) return; // the link is gone, and its buffers with it
    end.held--;
    this.#held--;
    if (end.completed++ === 0) this.#completed.push(end);
    this.#chip.wake();
  }

  /** The link is gone: its buffers are free without a word. Vol 4, Part E, 4.3. */
  forget(end: BufferHolder): void {
    this.#held -= end.held;
    end.held = 0;
    if (end.completed > 0) this.#completed.splice(this.#completed.indexOf(end), 1);
    end.completed = 0;
  }

  /** Tells the host of all buffers that came free since the last time. Vol 4, Part E, 7.7.19. */
  report(): void {
    while (this.#completed.length > 0) {
      const ends = this.#completed;
      const count = Math.min(ends.length, mostHandles);
      const event = new Uint8Array(4 + 4 * count);
      event[0] = PacketType.Event;
      event[1] = numberOfCompletedPackets;
      event[2] = 1 + 4 * count;
      event[3] = count;
      for (let i = 0; i < count; i++) {
        const end = ends[i];
        if (!end) continue;
        putU16(event, 4 + 4 * i, end.handle);
        putU16(event, 6 + 4 * i, end.completed);
        end.completed = 0;
      }
      // A length of 0 would cost the array its storage.
      if (count === ends.length) while (ends.length > 0) ends.pop();
      else ends.splice(0, count);
      this.#chip.hci.push(event, undefined);
    }
  }

  #isSound(packet: Uint8Array, size: number): boolean {
    const { aclOctets } = this.#chip.settings;
    if (size > aclOctets) {
      this.#chip.fault("aclLength", `an ACL packet of ${size} octets where ${aclOctets} fit`);
      return false;
    }
    const flags = (packet[2] ?? 0) >> 4;
    if (flags !== PacketBoundary.FirstNonFlushable && flags !== PacketBoundary.Continuing) {
      this.#chip.fault("aclFlags", `an ACL packet with the flags 0b${flags.toString(2).padStart(4, "0")}`);
      return false;
    }
    return true;
  }
}
