import { createRequire } from "node:module";
import { join } from "node:path";
import { TransportError } from "../src/common/errors.ts";

/** What is used of an HCI socket of the npm packages. */
export interface HciSocketBinding {
  on(event: "data", listener: (octets: Uint8Array) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Takes a controller for itself alone: HCI_CHANNEL_USER. Throws, or emits `error`. */
  bindUser(index: number): unknown;
  /** Begins to emit `data`. */
  start(): void;
  stop(): void;
  /** Emits `error` before it returns when the kernel does not take the octets. */
  write(octets: Buffer): void;
}

/** An npm package that opens HCI sockets. */
export interface HciSocketModule {
  readonly name: string;
  /** A socket that is not bound yet. Throws where there are no such sockets. */
  create(): HciSocketBinding;
  /** Whether `stop` waits for a thread that looks up once in a second, or when something comes. */
  readonly stopsSlowly: boolean;
  /** Whether it never closes a socket: somebody else has to. */
  readonly leavesOpen: boolean;
}

/** The packages that can be used, in the order in which they are tried. */
export type HciSocketPackage = "@stoprocent/bluetooth-hci-socket" | "@abandonware/bluetooth-hci-socket";

type Constructor = new () => HciSocketBinding;

interface Known {
  /** What of it is loaded: without the drivers for USB and UART, which its main file may take by environment. */
  readonly file: string;
  readonly stopsSlowly: boolean;
  readonly leavesOpen: boolean;
}

const known: Readonly<Record<HciSocketPackage, Known>> = {
  "@stoprocent/bluetooth-hci-socket": { file: "lib/native.js", stopsSlowly: true, leavesOpen: false },
  "@abandonware/bluetooth-hci-socket": { file: "lib/native.js", stopsSlowly: false, leavesOpen: true },
};
/** Their names, in the order in which they are tried. */
export const hciSocketPackages: readonly HciSocketPackage[] = Object.keys(known) as HciSocketPackage[];

const howToInstall =
  "npm install @stoprocent/bluetooth-hci-socket brings binaries for Linux on x64, arm64 and arm; " +
  "npm install @abandonware/bluetooth-hci-socket compiles itself and needs python3, make and g++. " +
  "Without either, the launcher of docs/raspberry-pi.md opens the controller";

/** How a package is found: its name and a file in it, to what that file exports. */
export type Load = (path: string) => unknown;

/**
 * Loads a package that opens HCI sockets: the one asked for, or the first that is installed and loads.
 *
 * @throws {@link TransportError} There is none; the message tells which command mends it.
 * @throws {@link RangeError} The package that is asked for is none that is known.
 */
export function loadHciSocketModule(only?: HciSocketPackage, load: Load = loadFrom): HciSocketModule {
  if (only !== undefined && !hciSocketPackages.includes(only)) {
    throw new RangeError(`module: "${only as string}" is none of ${hciSocketPackages.join(", ")}`);
  }
  const failures: [name: string, error: unknown][] = [];
  for (const name of only === undefined ? hciSocketPackages : [only]) {
    const { file, stopsSlowly, leavesOpen } = known[name];
    try {
      const Binding = load(`${name}/${file}`) as Constructor;
      return { name, create: () => new Binding(), stopsSlowly, leavesOpen };
    } catch (error) {
      failures.push([name, error]);
    }
  }
  throw missing(failures);
}

/** Whether an error says that a package is not there at all, and not that a part of it is missing. */
function isNotInstalled(name: string, error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === "MODULE_NOT_FOUND" && message.startsWith(`Cannot find module '${name}/`);
}

function missing(failures: readonly (readonly [name: string, error: unknown])[]): TransportError {
  const broken = failures.find(([name, error]) => !isNotInstalled(name, error));
  if (broken) {
    const [name, cause] = broken;
    const [why] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
    return new TransportError(
      `${name} is installed and does not load: ${why}. npm may not have run its install script: ` +
        `npm approve-scripts ${name} && npm rebuild ${name}. Or: ${howToInstall}`,
      { cause, reason: "missingModule" },
    );
  }
  return new TransportError(
    `no npm package that opens HCI sockets is installed (${failures.map(([name]) => name).join(", ")}): ${howToInstall}`,
    { reason: "missingModule", cause: failures[0]?.[1] },
  );
}

/** As this package would, and then as the program that is run in the current folder would. */
function loadFrom(path: string): unknown {
  try {
    return createRequire(import.meta.url)(path) as unknown;
  } catch (error) {
    const fromProgram = createRequire(join(process.cwd(), "package.json"));
    try {
      fromProgram.resolve(path);
    } catch {
      throw error; // it is not there either: what was found first tells more
    }
    return fromProgram(path) as unknown;
  }
}
