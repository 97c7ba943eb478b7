import { u16At } from "../../src/common/bytes.ts";
import { Ring } from "../../src/common/ring.ts";
import type {
  HostBufferSizeParameters,
  HostCompletedPackets,
} from "../../src/hci/commands/controller-baseband.ts";

/** Whose buffer comes free when the host has a packet. */
export interface Origin {
  /** The host has it. */
  returned(): void;
}

/** Data for the host, and whose buffer comes free when the host has it. */
interface Held {
  readonly packet: Uint8Array;
  readonly origin: Origin | undefined;
}

/** How many packets wait for the host before its controller takes no more from the air. */
const mostHeld = 32;

/** A controller's regard for the buffers of its host: controller-to-host data flow control. Vol 4, Part E, 4.2. */
export class HostFlow {
  #enabled = false;
  /** `undefined` until the host says so. */
  #buffers: HostBufferSizeParameters | undefined;
  /** How many packets of each link the host has, by handle. */
  readonly #outstanding = new Map<number, number>();
  #used = 0;
  readonly #held = new Ring<Held>();
  /** Links that were gone before the host was done with their packets. */
  readonly #gone = new Set<number>();
  readonly #push: (packet: Uint8Array, origin: Origin | undefined) => void;

  /** @param push - Takes what the host has room for. */
  constructor(push: (packet: Uint8Array, origin: Origin | undefined) => void) {
    this.#push = push;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  /** Only while there are no links. Vol 4, Part E, 7.3.38. */
  enable(enable: boolean): void {
    this.#enabled = enable;
  }

  /** Vol 4, Part E, 7.3.39. */
  setBuffers(buffers: HostBufferSizeParameters): void {
    this.#buffers = buffers;
    this.#release();
  }

  /** The most data of one packet for the host, in octets. */
  get mostOctets(): number {
    return this.#buffers?.hostAclDataPacketLength ?? 0xffff;
  }

  /** Whether the controller should take no more from the air. */
  get full(): boolean {
    return this.#held.length >= mostHeld;
  }

  /** Takes an ACL Data packet that the host has no room for; false if it has. */
  holds(packet: Uint8Array, origin: Origin | undefined): boolean {
    if (!this.#enabled) return false;
    if (this.#hasRoom && this.#held.length === 0) {
      this.#charge(packet);
      return false;
    }
    this.#held.push({ packet, origin });
    return true;
  }

  /**
   * The host is done with packets. Vol 4, Part E, 7.3.40.
   *
   * @returns False if it cannot be; then nothing has changed.
   */
  completed(handles: readonly HostCompletedPackets[]): boolean {
    const sums = new Map<number, number>();
    for (const { connectionHandle, hostNumCompletedPackets } of handles) {
      sums.set(connectionHandle, (sums.get(connectionHandle) ?? 0) + hostNumCompletedPackets);
    }
    for (const [handle, count] of sums) {
      if (count > (this.#outstanding.get(handle) ?? 0) && !this.#gone.has(handle)) return false;
    }
    for (const [handle, count] of sums) this.#discharge(handle, count);
    this.#release();
    return true;
  }

  /** The link is gone, and what the host has of it counts no more. Vol 4, Part E, 4.2. */
  forget(handle: number): void {
    if (!this.#enabled) return;
    for (let left = this.#held.length; left > 0; left--) {
      const held = this.#held.shift();
      if (held && handleOf(held.packet) !== handle) this.#held.push(held);
    }
    const outstanding = this.#outstanding.get(handle) ?? 0;
    if (outstanding > 0) this.#gone.add(handle);
    this.#discharge(handle, outstanding);
    this.#release();
  }

  /** As after HCI_Reset. */
  reset(): void {
    this.#enabled = false;
    this.#buffers = undefined;
    this.#outstanding.clear();
    this.#used = 0;
    this.#held.clear();
    this.#gone.clear();
  }

  get #hasRoom(): boolean {
    return this.#used < (this.#buffers?.hostTotalNumAclDataPackets ?? Number.POSITIVE_INFINITY);
  }

  #release(): void {
    while (this.#hasRoom) {
      const held = this.#held.shift();
      if (!held) return;
      this.#charge(held.packet);
      this.#push(held.packet, held.origin);
    }
  }

  #charge(packet: Uint8Array): void {
    const handle = handleOf(packet);
    this.#gone.delete(handle);
    this.#outstanding.set(handle, (this.#outstanding.get(handle) ?? 0) + 1);
    this.#used++;
  }

  #discharge(handle: number, count: number): void {
    const outstanding = this.#outstanding.get(handle) ?? 0;
    const less = Math.min(count, outstanding);
    this.#used -= less;
    if (outstanding > less) this.#outstanding.set(handle, outstanding - less);
    else this.#outstanding.delete(handle);
  }
}

function handleOf(packet: Uint8Array): number {
  return u16At(packet, 1) & 0x0fff;
}
