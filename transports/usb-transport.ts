import { TransportError } from "../src/common/errors.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { Delivery, deliveryFailure } from "./delivery.ts";
import { lossOf } from "./open-error.ts";
import type { HciInterface, UsbDevice, UsbEndpoint } from "./usb-device.ts";
import { UsbReassembler } from "./usb-reassembler.ts";

/** A class request to the device: bmRequestType 0x20, bRequest 0. Vol 4, Part B, 2.2. */
const commandRequest = { requestType: 0x20, request: 0x00 };
/** As much as an event has, and as common data packets have, in octets. */
const transferSize = 1024;
/** Transfers that wait at a time, so that none is missed between two. */
const transfers = 2;
/** How long a device that is closed may take for what waits, in ms. */
const farewellTime = 500;
/** As many octets as may wait for a device that takes nothing. */
const mostWaiting = 1024 * 1024;

/** A device that is open and whose interface is claimed. */
export interface ClaimedUsbDevice {
  readonly device: UsbDevice;
  readonly hci: HciInterface;
  /** What it is called in messages. */
  readonly who: string;
  /** Whether a driver of the kernel was detached, which gets the interface back. */
  readonly hadDriver: boolean;
  /** Called once, when the device was let go of. */
  readonly onClose: () => void;
}

/** HCI over USB. Vol 4, Part B. */
export class UsbTransport implements HciTransport {
  readonly #device: UsbDevice;
  readonly #hci: HciInterface;
  readonly #who: string;
  readonly #hadDriver: boolean;
  readonly #onClose: () => void;
  readonly #delivery = new Delivery();
  /** Commands and data have a way each, which keep no order between them: one transfer at a time does. */
  readonly #outbox: Outbox;
  #closed: Promise<void> | undefined;

  /** *Owns* the device, which is open and whose interface is claimed. */
  constructor({ device, hci, who, hadDriver, onClose }: ClaimedUsbDevice) {
    this.#device = device;
    this.#hci = hci;
    this.#who = who;
    this.#hadDriver = hadDriver;
    this.#onClose = onClose;
    const transfer: Transfer = (packet, done) => {
      const octets = packet.subarray(1);
      const { requestType, request } = commandRequest;
      if (packet[0] !== PacketType.Command) hci.dataOut.transfer?.(octets, done);
      else device.controlTransfer(requestType, request, 0, 0, octets, done);
    };
    this.#outbox = new Outbox(transfer, (error) => this.#fail(error));
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
    this.#poll(this.#hci.events, new UsbReassembler(PacketType.Event, this.#delivery));
    this.#poll(this.#hci.dataIn, new UsbReassembler(PacketType.AclData, this.#delivery));
  }

  send(packet: Uint8Array): void {
    if (this.#delivery.ended) return;
    this.#outbox.push(packet);
    const { waiting } = this.#outbox;
    if (waiting <= mostWaiting) return;
    const why = `${this.#who} takes nothing any more: ${waiting} octets wait`;
    this.#end(new TransportError(why, { reason: "stalled" }));
  }

  /** Closes it behind what was sent, or without the rest of it when the device takes nothing for half a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#delivery.end();
    this.#closed ??= this.#close();
    await this.#closed;
  }

  #poll(endpoint: UsbEndpoint, reassembler: UsbReassembler): void {
    endpoint.on?.("data", (data) => {
      if (this.#delivery.ended) return;
      try {
        reassembler.push(data);
      } catch (error) {
        this.#end(deliveryFailure(this.#who, error));
      }
    });
    endpoint.on?.("error", (error) => this.#fail(error));
    const packetSize = Math.max(1, endpoint.descriptor.wMaxPacketSize);
    endpoint.startPoll?.(transfers, Math.ceil(transferSize / packetSize) * packetSize);
  }

  #fail(cause: Error): void {
    this.#end(lossOf(this.#who, cause));
  }

  #end(error: Error): void {
    this.#delivery.end(error);
    this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    await inTime(this.#outbox.idle());
    const { usbInterface } = this.#hci;
    // This ends the polling as well, and waits for that: a device with transfers under way is not closed.
    await attempt(() => inTime(new Promise<void>((resolve) => usbInterface.release(true, () => resolve()))));
    if (this.#hadDriver) await attempt(() => usbInterface.attachKernelDriver());
    await attempt(() => this.#device.close());
    this.#onClose();
  }
}

/** Of a device that is gone nothing can be let go of; that it is gone has been told. */
async function attempt(work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

type Transfer = (packet: Uint8Array, done: (error?: Error) => void) => void;

/** Packets to the device, one at a time. */
class Outbox {
  readonly #transfer: Transfer;
  readonly #onError: (error: Error) => void;
  #line: Uint8Array[] = [];
  #waiting = 0;
  #isBusy = false;
  #idle: (() => void)[] = [];

  constructor(transfer: Transfer, onError: (error: Error) => void) {
    this.#transfer = transfer;
    this.#onError = onError;
  }

  /** Octets that the device has not taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  push(packet: Uint8Array): void {
    this.#line.push(packet);
    this.#waiting += packet.length;
    if (!this.#isBusy) this.#next();
  }

  async idle(): Promise<void> {
    if (this.#isBusy) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    const packet = this.#line.shift();
    this.#isBusy = packet !== undefined;
    if (!packet) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    const done = (error?: Error): void => {
      this.#waiting -= packet.length;
      if (error) this.#line = [];
      // In a turn of its own: a transfer that fails at once does so within send().
      if (error) queueMicrotask(() => this.#onError(error));
      this.#next();
    };
    try {
      this.#transfer(packet, done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** Waits, but not for a device that does not answer. */
async function inTime(promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, farewellTime)));
  await Promise.race([promise, patience]);
  clearTimeout(timer);
}
