import { closeSync, fstatSync, read, type Stats, write, writeSync } from "node:fs";
import { Socket } from "node:net";
import { type Clock, systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import { checkOptions } from "../src/common/options.ts";
import type { CallOptions } from "../src/common/promised.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { type DescriptorIo, DescriptorTransport } from "./descriptor-transport.ts";
import { openFailure } from "./open-error.ts";
import { SocketTransport } from "./socket-transport.ts";

/** A descriptor that this process has from its parent. */
export interface FdOptions extends CallOptions {
  /** Its number; from now on the transport *owns* it. */
  readonly fd: number;
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
}

/** Calls of the operating system, each in a thread of Node's pool while it waits. */
const operatingSystem: DescriptorIo = {
  read: (fd, buffer, done) => {
    read(fd, buffer, 0, buffer.length, null, done);
  },
  write: (fd, octets, done) => {
    write(fd, octets, 0, octets.length, null, done);
  },
  writeNow: (fd, octets) => {
    writeSync(fd, octets);
  },
  close: closeSync,
};

/** Descriptors that are in use. */
const taken = new Set<number>();
/** Those of them that need a thread of the pool each. */
let readers = 0;

/**
 * H4 (Vol 4, Part A) over a descriptor that another program has opened: the Linux user channel of a controller, so that
 * this one needs no rights (docs/raspberry-pi.md has the launcher), a stream socket, or a terminal.
 *
 * Sockets of Bluetooth are read by a thread of Node's pool, which has four (UV_THREADPOOL_SIZE): one each.
 *
 * @throws {@link TransportError} It is not open, in use by another transport, or nothing that octets go both ways
 *   through; or there are no threads left to read it. Then it is still the program's.
 * @throws {@link TypeError} An option is none, or of another kind.
 * @throws {@link RangeError} The number is none of a descriptor.
 */
export async function openFd(options: FdOptions): Promise<HciTransport> {
  checkOptions("openFd", options, { fd: "number", signal: "signal", clock: "object" }, "{ fd: 3 }");
  const { fd, signal, clock = systemClock } = options;
  if (!Number.isInteger(fd) || fd < 0) throw new RangeError(`fd: ${fd} is no number of a descriptor`);
  signal?.throwIfAborted();
  await Promise.resolve();
  const who = `fd:${fd}`;
  if (taken.has(fd)) {
    throw new TransportError(`${who} cannot be opened: this program has opened it already`, {
      reason: "busy",
    });
  }
  requireTwoWays(fd, who);
  const socket = streamSocket(fd);
  taken.add(fd);
  if (socket) {
    socket.once("close", () => taken.delete(fd));
    return new SocketTransport(socket, who);
  }
  try {
    requireThread(who);
  } catch (error) {
    taken.delete(fd);
    throw error;
  }
  readers++;
  return new DescriptorTransport({ fd, who, clock, io: operatingSystem }, () => {
    readers--;
    taken.delete(fd);
  });
}

/** @throws {@link TransportError} Octets do not go both ways through it. */
function requireTwoWays(fd: number, who: string): void {
  let kind: string | undefined;
  try {
    kind = kindOf(fstatSync(fd));
  } catch (error) {
    throw openFailure(who, error, {
      noSuchDevice: "The program that started this one has to hand it over: see docs/raspberry-pi.md",
    });
  }
  if (kind === undefined) return;
  throw new TransportError(
    `${who} cannot be opened: it is ${kind}, where a socket or a terminal has to be: see docs/raspberry-pi.md`,
    { reason: "unsupported" },
  );
}

/**
 * What it is, where that is nothing octets go both ways through. Descriptors that are no files at all Node has for
 * itself, and it ends when one of them is closed: they have the low numbers where no launcher has handed one over.
 */
function kindOf(about: Stats): string | undefined {
  if (about.isSocket() || about.isCharacterDevice()) return undefined;
  if (about.isFile()) return "a file";
  if (about.isDirectory()) return "a folder";
  if (about.isFIFO()) return "a pipe, which goes one way only";
  return about.isBlockDevice() ? "a disk" : "one of Node's own, which nobody has handed over";
}

/** A stream socket that Node can read by itself, as it cannot those of Bluetooth. */
function streamSocket(fd: number): Socket | undefined {
  try {
    return new Socket({ fd, readable: true, writable: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_INVALID_FD_TYPE") return undefined;
    throw openFailure(`fd:${fd}`, error);
  }
}

/** @throws {@link TransportError} Another reader would leave none for anything else. */
function requireThread(who: string): void {
  const threads = Number(process.env["UV_THREADPOOL_SIZE"] ?? 4);
  if (readers + 1 < threads) return;
  throw new TransportError(
    `${who} cannot be opened: ${readers} others need a thread each, of ${threads}. Set UV_THREADPOOL_SIZE=${threads + 4}`,
    { reason: "failed" },
  );
}
