import { EventEmitter } from "node:events";
import { constants } from "node:os";
import { concat } from "../../src/common/bytes.ts";
import type { HciSocketBinding, HciSocketModule } from "../../transports/hci-socket-module.ts";

/** As many octets as both packages read at once; the kernel forgets the rest of the packet. */
const readSize = 1024;

/** What the kernel's side of an HCI socket is like for a test. */
export class FakeKernel {
  /** Packets that were taken. */
  readonly taken: Uint8Array[] = [];
  /** Errors that the next writes end with, instead of taking the packet. */
  readonly writeErrors: string[] = [];
  /** What `socket` and `bind` end with, if not well. */
  socketError: string | undefined;
  bindError: string | undefined;
  /** How often a socket was told to stop. */
  stops = 0;
  boundTo: number | undefined;
  /** What comes from the controller goes here, once started. */
  onData: ((octets: Buffer) => void) | undefined;
  /** What came before. */
  readonly #early: Buffer[] = [];

  /** A packet from the controller. */
  deliver(packet: Uint8Array): void {
    const read = Buffer.from(packet.subarray(0, readSize));
    if (this.onData) this.onData(read);
    else this.#early.push(read);
  }

  begin(onData: (octets: Buffer) => void): void {
    this.onData = onData;
    for (const octets of this.#early.splice(0)) onData(octets);
  }

  /** What was taken, as H4. */
  received(): Uint8Array {
    return concat(...this.taken);
  }

  /** Takes a packet, or says why not. */
  write(octets: Buffer): string | undefined {
    const error = this.writeErrors.shift();
    if (error === undefined) this.taken.push(new Uint8Array(octets));
    return error;
  }
}

/** As `Nan::ErrnoException` makes it: with its code, number and system call. */
function errnoException(code: string, syscall: string): Error {
  const errno = (constants.errno as Record<string, number>)[code] ?? 0;
  return Object.assign(new Error(`${code}, ${syscall}`), { code, errno, syscall });
}

/** `@abandonware/bluetooth-hci-socket`: the socket is opened by its constructor, and everything is in the event loop. */
export function fakeAbandonware(kernel: FakeKernel): HciSocketModule {
  class BluetoothHciSocket extends EventEmitter implements HciSocketBinding {
    constructor() {
      super();
      if (kernel.socketError !== undefined) throw errnoException(kernel.socketError, "socket");
    }

    bindUser(index: number): number {
      if (kernel.bindError !== undefined) throw errnoException(kernel.bindError, "bind");
      kernel.boundTo = index;
      return index;
    }

    start(): void {
      setImmediate(() => kernel.begin((octets) => this.emit("data", octets)));
    }

    stop(): void {
      kernel.stops++;
      kernel.onData = undefined;
    }

    write(octets: Buffer): void {
      const code = kernel.write(octets);
      if (code !== undefined) this.emit("error", errnoException(code, "write"));
    }
  }
  return {
    name: "@abandonware/bluetooth-hci-socket",
    create: () => new BluetoothHciSocket(),
    stopsSlowly: false,
    leavesOpen: true,
  };
}

const texts: Readonly<Record<string, string>> = {
  EBUSY: "Device or resource busy",
  EPERM: "Operation not permitted",
  ENODEV: "No such device",
  EAFNOSUPPORT: "Address family not supported by protocol",
  ERFKILL: "Operation not possible due to RF-kill",
  EAGAIN: "Resource temporarily unavailable",
  ENETDOWN: "Network is down",
};

/**
 * `@stoprocent/bluetooth-hci-socket`: the socket is opened when it is bound, and what is wrong with that emitted; errors
 * of bind have nothing but a text; a thread reads, and what it has read comes later, even after `stop`.
 */
export function fakeStoprocent(kernel: FakeKernel): HciSocketModule {
  class BluetoothHciSocket extends EventEmitter implements HciSocketBinding {
    bindUser(index: number): number | undefined {
      if (kernel.socketError !== undefined) {
        this.#tell(kernel.socketError, "socket creation failed");
        return undefined;
      }
      if (kernel.bindError !== undefined) throw new Error(texts[kernel.bindError]);
      kernel.boundTo = index;
      return index;
    }

    start(): void {
      setImmediate(() =>
        kernel.begin((octets) => {
          setImmediate(() => this.emit("data", octets));
        }),
      );
    }

    stop(): void {
      kernel.stops++;
      kernel.onData = undefined;
    }

    write(octets: Buffer): void {
      const code = kernel.write(octets);
      if (code !== undefined) this.#tell(code, "write");
    }

    #tell(code: string, syscall: string): void {
      const errno = (constants.errno as Record<string, number>)[code];
      this.emit("error", Object.assign(new Error(texts[code]), { syscall, errno }));
    }
  }
  return {
    name: "@stoprocent/bluetooth-hci-socket",
    create: () => new BluetoothHciSocket(),
    stopsSlowly: true,
    leavesOpen: false,
  };
}
