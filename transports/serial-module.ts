import { stat } from "node:fs/promises";
import { TransportError } from "../src/common/errors.ts";
import { lossOf } from "./open-error.ts";
import { serialFailure, serialModuleMissing } from "./serial-failure.ts";
import type {
  SerialLine,
  SerialLineUser,
  SerialPortInfo,
  SerialPorts,
  SerialSettings,
} from "./serial-line.ts";
import { BurstWriter } from "./serial-writer.ts";

/** What is used of a port of the npm package `serialport`. */
export interface ModulePort {
  open(done: (error: Error | null) => void): void;
  close(done: (error: Error | null) => void): void;
  write(octets: Uint8Array, done: (error?: Error | null) => void): boolean;
  update(settings: { readonly baudRate: number }, done: (error: Error | null) => void): void;
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  on(event: "error" | "close", listener: (error?: Error | null) => void): unknown;
  off(event: "data", listener: (chunk: Uint8Array) => void): unknown;
}

/** How the package is asked for a port. */
export interface ModuleSettings extends Omit<SerialSettings, "xonxoff"> {
  readonly autoOpen: false;
  readonly xon: boolean;
  readonly xoff: boolean;
}

/** What is used of the npm package `serialport`. */
export interface SerialPortModule {
  readonly SerialPort: {
    new (settings: ModuleSettings): ModulePort;
    list(): Promise<readonly SerialPortInfo[]>;
  };
}

/** How long a device that is closed may take for what waits, in ms. */
const farewellTime = 500;
/** As much as may wait for a device that takes nothing, in octets: many times what the buffers of a controller hold. */
const mostWaiting = 1024 * 1024;

/**
 * The serial ports by way of the npm package `serialport`, which is loaded when it is needed.
 *
 * @param load - Gives the package.
 */
export function modulePorts(load: () => Promise<unknown> = loadModule): SerialPorts {
  const module = async (): Promise<SerialPortModule> => {
    try {
      return (await load()) as SerialPortModule;
    } catch (cause) {
      throw serialModuleMissing(cause);
    }
  };
  const list = async (): Promise<readonly SerialPortInfo[]> => (await module()).SerialPort.list();
  return {
    list,
    async open(settings) {
      const { SerialPort } = await module();
      const { path, xonxoff, ...others } = settings;
      try {
        const port = new SerialPort({ ...others, path, xon: xonxoff, xoff: xonxoff, autoOpen: false });
        await done((callback) => port.open(callback));
        return new ModuleLine(port, path);
      } catch (cause) {
        // The ports are for the message alone: where they cannot be told either, that is not what is the matter.
        throw serialFailure(path, cause, await list().catch(() => []));
      }
    },
  };
}

function loadModule(): Promise<unknown> {
  return import("serialport");
}

/** How often to look whether the device is still there, in ms. */
const watchEvery = 250;

class ModuleLine implements SerialLine {
  readonly #port: ModulePort;
  readonly #path: string;
  readonly #writer: BurstWriter;
  #user: SerialLineUser | undefined;
  readonly #watch: NodeJS.Timeout | undefined;
  #isOver = false;
  #loss: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(port: ModulePort, path: string) {
    this.#port = port;
    this.#path = path;
    this.#writer = new BurstWriter(
      (octets, callback) => port.write(octets, callback),
      (error) => this.#lose(error),
    );
    port.on("error", (error) => this.#lose(error));
    port.on("close", (error) => this.#lose(error));
    // Of a device that goes while it is read, the package reads 0 octets again and again, and never says a word.
    if (path.startsWith("/dev/")) this.#watch = setInterval(() => void this.#look(), watchEvery).unref();
  }

  start(user: SerialLineUser): void {
    const isFirst = this.#user === undefined;
    this.#user = user;
    const loss = this.#loss;
    if (loss) queueMicrotask(() => user.lost(loss));
    // The port reads no sooner than somebody listens.
    else if (isFirst) this.#port.on("data", this.#take);
  }

  write(octets: Uint8Array): void {
    if (this.#isOver) return;
    this.#writer.push(octets);
    if (this.#writer.waiting <= mostWaiting) return;
    const reason = "stalled";
    const why = `${this.#path} takes nothing any more: ${this.#writer.waiting} octets wait. With rtscts the line CTS may`;
    const error = new TransportError(`${why} not be connected`, { reason });
    queueMicrotask(() => this.#lose(error));
  }

  async setBaudRate(baudRate: number): Promise<void> {
    await done((callback) => this.#port.update({ baudRate }, callback));
  }

  async close(): Promise<void> {
    this.#isOver = true;
    this.#closed ??= this.#close();
    await this.#closed;
  }

  async #look(): Promise<void> {
    try {
      await stat(this.#path);
    } catch (error) {
      this.#lose(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #close(): Promise<void> {
    clearInterval(this.#watch);
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, farewellTime)));
    await Promise.race([this.#writer.idle(), patience]);
    clearTimeout(timer);
    this.#port.off("data", this.#take);
    // It says so when it is closed already, which is what was wanted.
    await done((callback) => this.#port.close(callback)).catch(() => undefined);
  }

  readonly #take = (chunk: Uint8Array): void => {
    if (!this.#isOver) this.#user?.octets(chunk);
  };

  #lose(cause: Error | null | undefined): void {
    if (this.#isOver) return;
    void this.close();
    this.#loss = lossOf(this.#path, cause ?? new Error("the device was closed"));
    this.#user?.lost(this.#loss);
  }
}

function done(start: (callback: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
