import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mustRun } from "../machine/command.ts";
import { Bridge, type BridgeEvent, type Interfaces, type Plain } from "./bridge.ts";
import { poll, within } from "./until.ts";

/** BlueZ's half of the radio. */
export const adapterPath = "/org/bluez/hci0";

export const Interface = {
  Adapter: "org.bluez.Adapter1",
  Device: "org.bluez.Device1",
  Service: "org.bluez.GattService1",
  Characteristic: "org.bluez.GattCharacteristic1",
  Descriptor: "org.bluez.GattDescriptor1",
  GattManager: "org.bluez.GattManager1",
  AdvertisingManager: "org.bluez.LEAdvertisingManager1",
  AgentManager: "org.bluez.AgentManager1",
} as const;

const properties = "org.freedesktop.DBus.Properties";
const objectManager = "org.freedesktop.DBus.ObjectManager";
const configuration = "/run/jelling-bluetoothd.conf";
/** bluetoothd would take every controller that it sees, also the one that is not for it. */
const configurationText = "[Policy]\nAutoEnable=false\n";

/** How a method is called: its types by D-Bus's letters. */
export interface Call {
  readonly signature?: string;
  readonly arguments?: readonly unknown[];
}

/** A real BlueZ: bluetoothd with its D-Bus, as programs see it. */
export class Bluez {
  readonly #output: string;
  #bridge: Bridge | undefined;
  #daemon: ChildProcess | undefined;
  #objects = new Map<string, Record<string, Record<string, Plain>>>();

  /** @param output - The folder for its log. */
  constructor(output: string) {
    this.#output = output;
  }

  /** Starts D-Bus, BlueZ and the way to them. Bonds of an earlier one are kept, unless they are removed. */
  static async start(output: string): Promise<Bluez> {
    const bluez = new Bluez(output);
    await rm("/var/lib/bluetooth", { recursive: true, force: true });
    await mkdir("/var/lib/bluetooth", { recursive: true, mode: 0o700 });
    await mkdir("/run/dbus", { recursive: true });
    await mustRun("dbus-daemon", ["--system", "--fork", "--nopidfile"]);
    await bluez.startDaemon();
    return bluez;
  }

  /** Starts bluetoothd. @param settings - Lines of its main.conf beside the usual ones. */
  async startDaemon(settings = ""): Promise<void> {
    await writeFile(configuration, `${configurationText}${settings}`);
    const log = openSync(join(this.#output, "bluetoothd.log"), "a");
    this.#daemon = spawn("/usr/sbin/bluetoothd", ["-n", "-d", "-f", configuration], {
      stdio: ["ignore", log, log],
    });
    const bridge = await Bridge.start();
    this.#bridge = bridge;
    this.#objects = new Map();
    bridge.listen((event) => this.#note(event));
    const all = await poll("BlueZ on D-Bus", async () => {
      const found = await this.#managed().catch(() => undefined);
      return found?.[adapterPath] && found;
    });
    for (const [path, interfaces] of Object.entries(all)) this.#add(path, interfaces);
    await this.set(adapterPath, Interface.Adapter, "Powered", ["b", true]);
    await this.until("a controller that is switched on", () =>
      this.get(adapterPath, Interface.Adapter, "Powered"),
    );
  }

  /** Ends bluetoothd and starts it anew. */
  async restart(settings?: string): Promise<void> {
    await this.stopDaemon();
    await this.startDaemon(settings);
  }

  /** Ends bluetoothd; what it has stored stays. */
  async stopDaemon(): Promise<void> {
    const daemon = this.#daemon;
    await this.#bridge?.[Symbol.asyncDispose]();
    this.#bridge = undefined;
    if (daemon?.exitCode !== null) return;
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    await within("the end of bluetoothd", ended);
  }

  /** What this side has, by path and interface. */
  get objects(): ReadonlyMap<string, Interfaces> {
    return this.#objects;
  }

  /** The way to it. */
  get bridge(): Bridge {
    if (!this.#bridge) throw new Error("bluetoothd is not running");
    return this.#bridge;
  }

  /** A property as it was last told; `undefined` where there is none. */
  get(path: string, of: string, name: string): Plain | undefined {
    return this.#objects.get(path)?.[of]?.[name];
  }

  /** The same of a property that is text; `""` where there is none. */
  text(path: string, of: string, name: string): string {
    const value = this.get(path, of, name);
    return typeof value === "string" ? value : "";
  }

  /** Sets a property; the value is a pair of its type and itself. */
  async set(path: string, of: string, name: string, value: readonly [string, unknown]): Promise<void> {
    await this.call(path, properties, "Set", { signature: "ssv", arguments: [of, name, value] });
  }

  /** Calls a method. @throws BluezError */
  async call(
    path: string,
    of: string,
    method: string,
    { signature = "", arguments: parameters = [] }: Call = {},
  ): Promise<Plain> {
    return this.bridge.request("call", { path, interface: of, method, signature, arguments: parameters });
  }

  /** Waits until something is so that BlueZ tells of. */
  async until<T>(what: string, look: () => T | undefined | false | null | "", ms?: number): Promise<T> {
    const now = look();
    if (now !== undefined && now !== false && now !== null && now !== "") return now;
    let off: (() => void) | undefined;
    const seen = new Promise<T>((resolve) => {
      off = this.bridge.listen(() => {
        const found = look();
        if (found !== undefined && found !== false && found !== null && found !== "") resolve(found);
      });
    });
    try {
      return await within(what, seen, ms);
    } finally {
      off?.();
    }
  }

  async #managed(): Promise<Record<string, Interfaces>> {
    const found = await this.call("/", objectManager, "GetManagedObjects");
    return found as unknown as Record<string, Interfaces>;
  }

  #note(event: BridgeEvent): void {
    switch (event.event) {
      case "added":
        this.#add(event.path, event.interfaces);
        break;
      case "removed":
        this.#remove(event.path, event.interfaces);
        break;
      case "changed":
        this.#add(event.path, { [event.interface]: event.changes });
        break;
      default:
    }
  }

  #add(path: string, interfaces: Interfaces): void {
    const known = this.#objects.get(path) ?? {};
    for (const [name, values] of Object.entries(interfaces)) known[name] = { ...known[name], ...values };
    this.#objects.set(path, known);
  }

  #remove(path: string, interfaces: readonly string[]): void {
    const known = this.#objects.get(path) ?? {};
    const left = Object.entries(known).filter(([name]) => !interfaces.includes(name));
    if (left.length === 0) this.#objects.delete(path);
    else this.#objects.set(path, Object.fromEntries(left));
  }
}
