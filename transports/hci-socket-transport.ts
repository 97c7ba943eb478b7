import type { Clock } from "../src/common/clock.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { Delivery, deliveryFailure } from "./delivery.ts";
import { packetSize } from "./h4-framer.ts";
import type { HciSocketBinding, HciSocketModule } from "./hci-socket-module.ts";
import { lossOf } from "./open-error.ts";
import { PacketWriter } from "./packet-writer.ts";

/** How often it is looked whether the device is still there, in ms: the packages do not tell. */
const watchInterval = 1000;
/** How long what is left may take to be sent, in ms. */
const farewellTime = 1000;
/** HCI_Read_Local_Version_Information, whose answer ends a thread's wait. Vol 4, Part E, 7.4.1. */
const anyCommand = [0x01, 0x01, 0x10, 0x00];

/** A bound HCI socket. */
export interface BoundHciSocket {
  /** Such as `hci0`. */
  readonly name: string;
  readonly clock: Clock;
  readonly binding: HciSocketBinding;
  readonly module: HciSocketModule;
  /** Lets go of the controller, once it was stopped or where it was never started. */
  readonly release: (wasStarted: boolean) => void;
  /** Whether the device is still the one that was opened. */
  readonly isPresent: () => boolean;
}

/** A transport over an HCI socket of an npm package: each packet comes and goes by itself. */
export class HciSocketTransport implements HciTransport {
  readonly #socket: BoundHciSocket;
  readonly #delivery = new Delivery();
  readonly #writer: PacketWriter;
  #watch: Disposable | undefined;
  #started = false;
  /** While a packet is written, what the package emits about it. */
  #writing = false;
  #refusal: Error | undefined;
  #closing: Promise<void> | undefined;

  /** *Owns* the socket. */
  constructor(socket: BoundHciSocket) {
    const { name, clock, binding } = socket;
    this.#socket = socket;
    this.#writer = new PacketWriter({
      who: name,
      clock,
      write: (octets, done) => {
        done(this.#write(octets), octets.length);
      },
      failed: (error) => this.#fail(error),
    });
    binding.on("data", (octets) => this.#take(octets));
    binding.on("error", (error) => {
      if (this.#writing) this.#refusal ??= error;
      else this.#fail(lossOf(name, error));
    });
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
    this.#started = true;
    this.#socket.binding.start();
    this.#lookLater();
  }

  send(packet: Uint8Array): void {
    if (!this.#delivery.ended) this.#writer.send(packet);
  }

  /** Closes it behind what was sent, or without the rest of it when that does not leave within a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#delivery.end();
    this.#closing ??= this.#close();
    await this.#closing;
  }

  /** One packet: the kernel gives a read no more, and forgets what the package's buffer has no room for. */
  #take(data: Uint8Array): void {
    if (this.#delivery.ended) return;
    // Of a Buffer slice() would not copy.
    const packet = new Uint8Array(data.buffer, data.byteOffset, data.length);
    const size = packetSize(packet, 0, packet.length);
    try {
      if (size === packet.length) this.#delivery.packet(packet);
      else this.#delivery.fault(damage(packet, size, this.#socket.module.name));
    } catch (error) {
      this.#fail(deliveryFailure(this.#socket.name, error));
    }
  }

  /** Why the kernel does not take a packet, if so. */
  #write(octets: Uint8Array): Error | undefined {
    this.#refusal = undefined;
    this.#writing = true;
    try {
      this.#socket.binding.write(Buffer.from(octets.buffer, octets.byteOffset, octets.length));
      return this.#refusal;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#writing = false;
    }
  }

  #lookLater(): void {
    const { clock, isPresent, name } = this.#socket;
    this.#watch = clock.after(watchInterval, () => {
      if (isPresent()) this.#lookLater();
      else this.#fail(lossOf(name, new Error("there is no such controller any more")));
    });
  }

  #fail(error: Error): void {
    if (!this.#delivery.end(error)) return;
    this.#writer.stop();
    this.#closing ??= this.#close();
    this.#closing.catch(() => undefined); // whoever disposes of it is told
  }

  async #close(): Promise<void> {
    const { binding, module, clock, release } = this.#socket;
    this.#watch?.[Symbol.dispose]();
    await new Promise<void>((resolve) => {
      const patience = clock.after(farewellTime, resolve);
      this.#writer.flush(() => {
        patience[Symbol.dispose]();
        resolve();
      });
    });
    this.#writer.stop();
    try {
      if (module.stopsSlowly && this.#started) this.#write(Uint8Array.from(anyCommand));
      if (this.#started) binding.stop();
    } finally {
      release(this.#started);
    }
  }
}

/** What is wrong with a packet that is not whole. */
function damage(packet: Uint8Array, size: number, module: string): MalformedPduError {
  if (size < 0) return new MalformedPduError("HCI packet", "unknown packet type", packet);
  const should = size === 0 ? "not even a header" : `${packet.length} of ${size} octets`;
  return new MalformedPduError("HCI packet", `cut short by ${module}: ${should}`, packet);
}
