import { closeSync, openSync, writeSync } from "node:fs";
import { type Clock, systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import type { Direction } from "../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { btsnoopFormat } from "./capture/btsnoop.ts";
import { pcapHciFormat } from "./capture/pcap.ts";
import type { CaptureFormat, HciPacket } from "./capture/record.ts";

/** Where a trace goes, and how it is written: `path`, `write` or both. */
export interface TraceOptions {
  /** A file that is begun anew. It shows all that HCI carries: keys and values in clear too. */
  readonly path?: string | undefined;
  /** Called with the octets of the file in order, first its header. They are the callee's *own*. */
  readonly write?: ((octets: Uint8Array) => void) | undefined;
  /** Gives the time stamps. */
  readonly clock?: Clock | undefined;
  /** `btsnoop` when left out. */
  readonly format?: "btsnoop" | "pcap" | undefined;
  /**
   * Told once when the trace cannot be written any more; what the host and the controller say to each other goes on.
   * Without it, disposing of the transport rejects with the error instead.
   */
  readonly onError?: ((error: TransportError) => void) | undefined;
}

const formats = { btsnoop: btsnoopFormat, pcap: pcapHciFormat } as const;

/**
 * A transport that does what `transport` does, and writes down every packet of both directions as it passes.
 *
 * The file can be read while it grows, and is complete when the transport has closed or been disposed of; even a
 * process that ends by an uncaught error writes the packets up to it. Disposing disposes of `transport`.
 *
 * @throws {@link TypeError} Neither `path` nor `write` is given.
 */
export function traced(transport: HciTransport, options: TraceOptions): HciTransport {
  if (options.path === undefined && !options.write)
    throw new TypeError("a trace needs a path, or a function to write");
  return new TracedTransport(transport, new Trace(options));
}

class TracedTransport implements HciTransport {
  readonly #transport: HciTransport;
  readonly #trace: Trace;

  constructor(transport: HciTransport, trace: Trace) {
    this.#transport = transport;
    this.#trace = trace;
  }

  start(receiver: HciReceiver): void {
    const trace = this.#trace;
    this.#transport.start({
      packet(packet) {
        trace.record("controllerToHost", packet);
        receiver.packet(packet);
      },
      fault: (error) => receiver.fault?.(error),
      closed(error) {
        trace.end();
        receiver.closed(error);
      },
    });
  }

  send(packet: Uint8Array): void {
    // First: with send() the buffer belongs to the transport.
    this.#trace.record("hostToController", packet);
    this.#transport.send(packet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#transport[Symbol.asyncDispose]();
    } finally {
      this.#trace.end();
    }
    this.#trace.throwFailure();
  }
}

/** The records of one transport on their way to where the program wants them. Nothing it does throws into the stack. */
class Trace {
  readonly #format: CaptureFormat<HciPacket>;
  readonly #clock: Clock;
  readonly #onError: TraceOptions["onError"];
  readonly #write: TraceOptions["write"];
  readonly #file: TraceFile | undefined;
  #ended = false;
  #failure: TransportError | undefined;

  constructor({ path, write, clock = systemClock, format = "btsnoop", onError }: TraceOptions) {
    this.#format = formats[format];
    this.#clock = clock;
    this.#write = write;
    this.#onError = onError;
    if (path !== undefined) this.#file = new TraceFile(path, (error) => this.#fail(`to ${path}`, error));
    if (!this.#ended) this.#give(this.#format.header());
  }

  record(direction: Direction, packet: Uint8Array): void {
    if (this.#ended) return;
    const timestampMicroseconds = Math.round(this.#clock.date() * 1000);
    this.#give(this.#format.record({ timestampMicroseconds, direction, packet }));
  }

  end(): void {
    this.#ended = true;
    this.#file?.close();
  }

  /** Tells what went wrong, once, if nobody has been told. */
  throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure && !this.#onError) throw failure;
  }

  #give(octets: Uint8Array): void {
    this.#file?.write(octets);
    try {
      this.#write?.(octets);
    } catch (error) {
      this.#fail("to its function", error);
    }
  }

  #fail(where: string, cause: unknown): void {
    if (this.#failure) return;
    const why = cause instanceof Error ? cause.message : String(cause);
    const failure = new TransportError(`the trace ${where} ended: ${why}`, { cause });
    this.#failure = failure;
    this.end();
    // What the program throws must not come out of the stack's call.
    const onError = this.#onError;
    if (onError) queueMicrotask(() => onError(failure));
  }
}

/** Traces whose files are open. */
const openFiles = new Set<TraceFile>();

function flushAll(): void {
  for (const file of openFiles) file.flush();
}

const bufferSize = 0x10000;

/**
 * A file written through a buffer that is emptied when full, when the event loop comes round, and when the process
 * exits: one call of the operating system for the packets of a turn, and nothing lost to an uncaught error. The calls
 * are synchronous, so that no more than the buffer waits in memory however fast the packets come.
 */
class TraceFile {
  readonly #onError: (error: unknown) => void;
  readonly #buffer = new Uint8Array(bufferSize);
  #file: number | undefined;
  #size = 0;
  #flushing: NodeJS.Immediate | undefined;

  constructor(path: string, onError: (error: unknown) => void) {
    this.#onError = onError;
    try {
      this.#file = openSync(path, "w");
    } catch (error) {
      onError(error);
      return;
    }
    if (openFiles.size === 0) process.on("exit", flushAll);
    openFiles.add(this);
  }

  write(octets: Uint8Array): void {
    if (this.#file === undefined) return;
    if (this.#size + octets.length > bufferSize) this.flush();
    if (octets.length > bufferSize) {
      this.#put(octets);
      return;
    }
    this.#buffer.set(octets, this.#size);
    this.#size += octets.length;
    this.#flushing ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const size = this.#size;
    this.#size = 0;
    if (size > 0) this.#put(this.#buffer.subarray(0, size));
  }

  /** Writes what is left and closes the file. Again does nothing. */
  close(): void {
    this.flush();
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    openFiles.delete(this);
    if (openFiles.size === 0) process.off("exit", flushAll);
    try {
      closeSync(file);
    } catch (error) {
      this.#onError(error);
    }
  }

  #put(octets: Uint8Array): void {
    if (this.#file === undefined) return;
    try {
      for (let at = 0; at < octets.length;) at += writeSync(this.#file, octets, at);
    } catch (error) {
      this.#onError(error);
    }
  }
}
