import type { Clock } from "../src/common/clock.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { StreamDelivery } from "./delivery.ts";
import { errorCode, lossOf } from "./open-error.ts";
import { PacketWriter } from "./packet-writer.ts";

/** The largest packet that HCI has is 65 540 octets: a socket of packets gives a whole one at once, or never. */
const bufferSize = 65_600;
/** An answer quicker than this, in ms, is one of a descriptor that does not wait for anything to come. */
const atOnce = 1;
/** How long to wait before such a descriptor is asked again, in ms: ever longer while nothing comes. */
const shortestPause = 1;
const longestPause = 8;
/** How long reads may take to end by themselves when the transport closes, in ms: longer than launchers let them wait. */
const ownEnd = 250;
/** How long what is left may take to be sent, and the controller to answer, in ms. */
const farewellTime = 1000;
/** HCI_Read_Local_Version_Information, whose answer ends a read that waits. Vol 4, Part E, 7.4.1. */
const anyCommand = Uint8Array.of(0x01, 0x01, 0x10, 0x00);

/** What a descriptor is used with: calls of the operating system. */
export interface DescriptorIo {
  /** Reads what is there, or waits for it. */
  read(fd: number, buffer: Uint8Array, done: (error: Error | null, size: number) => void): void;
  write(fd: number, octets: Uint8Array, done: (error: Error | null, size: number) => void): void;
  /** Writes before it returns. */
  writeNow(fd: number, octets: Uint8Array): void;
  close(fd: number): void;
}

/** A descriptor, and how to use it. */
export interface Descriptor {
  readonly fd: number;
  /** What it is called in messages. */
  readonly who: string;
  readonly clock: Clock;
  readonly io: DescriptorIo;
}

/**
 * H4 over a descriptor that Node knows no better way to use than to read and write it: one read at a time waits for
 * what comes.
 */
export class DescriptorTransport implements HciTransport {
  readonly #descriptor: Descriptor;
  readonly #onClose: () => void;
  readonly #delivery: StreamDelivery;
  readonly #writer: PacketWriter;
  readonly #buffer = new Uint8Array(bufferSize);
  #pause = shortestPause;
  #timer: Disposable | undefined;
  #reading = false;
  #closing: Promise<void> | undefined;
  /** Called when the read under way has ended. */
  #onRead: (() => void) | undefined;
  /** At the end of the process Node waits for its threads, and so for a read that waits. */
  readonly #onExit = (): void => {
    if (this.#reading) this.#wake();
  };

  /** @param onClose - Called once, when the descriptor has been closed. */
  constructor(descriptor: Descriptor, onClose: () => void) {
    const { fd, who, clock, io } = descriptor;
    this.#descriptor = descriptor;
    this.#onClose = onClose;
    this.#delivery = new StreamDelivery(who);
    this.#writer = new PacketWriter({
      who,
      clock,
      write: (octets, done) => io.write(fd, octets, done),
      failed: (error) => this.#fail(error),
    });
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
    if (this.#delivery.ended) return;
    process.once("exit", this.#onExit);
    this.#read();
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

  #read(): void {
    const { fd, io, clock } = this.#descriptor;
    this.#reading = true;
    const began = clock.now();
    io.read(fd, this.#buffer, (error, size) => {
      this.#reading = false;
      this.#onRead?.();
      if (this.#delivery.ended) return;
      if (error) this.#notRead(error, clock.now() - began);
      else this.#take(size);
    });
  }

  #take(size: number): void {
    if (size === 0) {
      this.#fail(lossOf(this.#descriptor.who, new Error("the other end has closed it")));
      return;
    }
    this.#pause = shortestPause;
    const failure = this.#delivery.push(this.#buffer.subarray(0, size));
    if (failure) this.#fail(failure);
    else if (!this.#delivery.ended) this.#read();
  }

  #notRead(error: Error, tookMs: number): void {
    const code = errorCode(error);
    if (code !== "EAGAIN" && code !== "EINTR") {
      this.#fail(lossOf(this.#descriptor.who, error));
    } else if (tookMs >= atOnce) {
      this.#read(); // it has waited as long as it does
    } else {
      this.#timer = this.#descriptor.clock.after(this.#pause, () => {
        this.#timer = undefined;
        this.#read();
      });
      this.#pause = Math.min(2 * this.#pause, longestPause);
    }
  }

  #fail(error: Error): void {
    if (!this.#delivery.end(error)) return;
    this.#writer.stop();
    this.#closing ??= this.#close();
    this.#closing.catch(() => undefined); // whoever disposes of it is told
  }

  async #close(): Promise<void> {
    const { fd, io } = this.#descriptor;
    this.#timer?.[Symbol.dispose]();
    await this.#within(farewellTime, (done) => this.#writer.flush(done));
    this.#writer.stop();
    const readEnds = (done: () => void): void => {
      if (this.#reading) this.#onRead = done;
      else done();
    };
    await this.#within(ownEnd, readEnds);
    if (this.#reading) this.#wake();
    await this.#within(farewellTime, readEnds);
    process.off("exit", this.#onExit);
    try {
      io.close(fd);
    } finally {
      this.#onClose();
    }
  }

  /** Has the controller say something, so that the read comes to an end: the operating system has no other way. */
  #wake(): void {
    const { fd, io } = this.#descriptor;
    try {
      io.writeNow(fd, anyCommand);
    } catch {
      // It was worth a try: what can no longer be written to is not waited for any longer than that.
    }
  }

  /** Waits until `wait` calls back, but not longer than that. */
  #within(ms: number, wait: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#descriptor.clock.after(ms, resolve);
      wait(() => {
        timer[Symbol.dispose]();
        resolve();
      });
    });
  }
}
