import { type Address, Uuid, type UuidLike } from "../../../src/index.ts";
import { adapterPath, type Bluez, Interface } from "./bluez.ts";
import type { Plain } from "./bridge.ts";
import { within } from "./until.ts";

/** A peer as BlueZ sees it, and what its programs can do with it. */
export class BluezDevice {
  readonly path: string;
  readonly #bluez: Bluez;

  constructor(bluez: Bluez, path: string) {
    this.#bluez = bluez;
    this.path = path;
  }

  /** Has BlueZ scan until it has heard a device. */
  static async find(bluez: Bluez, address: Address): Promise<BluezDevice> {
    const path = devicePath(address);
    await bluez.call(adapterPath, Interface.Adapter, "SetDiscoveryFilter", {
      signature: "a{sv}",
      arguments: [{ Transport: ["s", "le"] }],
    });
    await bluez.call(adapterPath, Interface.Adapter, "StartDiscovery");
    try {
      await bluez.until(`${address.toString()} in BlueZ's scan`, () => {
        return bluez.get(path, Interface.Device, "RSSI") !== undefined;
      });
    } finally {
      await bluez.call(adapterPath, Interface.Adapter, "StopDiscovery");
    }
    return new BluezDevice(bluez, path);
  }

  /** What BlueZ says of the device. */
  get(name: string): Plain | undefined {
    return this.#bluez.get(this.path, Interface.Device, name);
  }

  /** Its address, in capitals; the identity once that is known. */
  get address(): string {
    return this.#bluez.text(this.path, Interface.Device, "Address").toUpperCase();
  }

  /** Connects and waits until everything has been discovered. */
  async connect(): Promise<void> {
    await this.#call("Connect");
    await this.resolved();
  }

  /** Waits until everything has been discovered. */
  async resolved(): Promise<void> {
    await this.#bluez.until("BlueZ's discovery", () => this.get("ServicesResolved") === true);
  }

  async disconnect(): Promise<void> {
    await this.#call("Disconnect");
    await this.#bluez.until("the end of the link", () => this.get("Connected") === false);
  }

  async pair(): Promise<void> {
    await this.#call("Pair");
  }

  /** Forgets it: bond, cache and all. */
  async remove(): Promise<void> {
    await this.#bluez.call(adapterPath, Interface.Adapter, "RemoveDevice", {
      signature: "o",
      arguments: [this.path],
    });
  }

  /** The UUIDs of its services. */
  get services(): readonly string[] {
    return this.#below(Interface.Service).map(([path]) => this.#bluez.text(path, Interface.Service, "UUID"));
  }

  /** Its characteristics. */
  get characteristics(): readonly BluezAttribute[] {
    return this.#below(Interface.Characteristic).map(([path]) => {
      return new BluezAttribute(this.#bluez, path, Interface.Characteristic);
    });
  }

  /** Its first characteristic with a UUID. */
  characteristic(uuid: UuidLike): BluezAttribute {
    return this.#attribute(Interface.Characteristic, uuid);
  }

  /** Its first descriptor with a UUID. */
  descriptor(uuid: UuidLike): BluezAttribute {
    return this.#attribute(Interface.Descriptor, uuid);
  }

  async #call(method: string): Promise<void> {
    await this.#bluez.call(this.path, Interface.Device, method);
  }

  #attribute(
    of: typeof Interface.Characteristic | typeof Interface.Descriptor,
    uuid: UuidLike,
  ): BluezAttribute {
    const wanted = longUuid(uuid);
    const found = this.#below(of).find(([, { UUID }]) => UUID === wanted);
    if (found) return new BluezAttribute(this.#bluez, found[0], of);
    const others = this.#below(of).map(([path]) => this.#bluez.text(path, of, "UUID"));
    throw new Error(`BlueZ has found no ${wanted}, but ${others.join(", ")}`);
  }

  #below(of: string): [path: string, properties: Readonly<Record<string, Plain>>][] {
    const found: [string, Readonly<Record<string, Plain>>][] = [];
    for (const [path, interfaces] of this.#bluez.objects) {
      const values = interfaces[of];
      if (values && path.startsWith(`${this.path}/`)) found.push([path, values]);
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

/** A characteristic or descriptor of a peer, as BlueZ's programs use it. */
export class BluezAttribute {
  readonly path: string;
  readonly #bluez: Bluez;
  readonly #interface: string;

  constructor(bluez: Bluez, path: string, of: string) {
    this.#bluez = bluez;
    this.path = path;
    this.#interface = of;
  }

  get(name: string): Plain | undefined {
    return this.#bluez.get(this.path, this.#interface, name);
  }

  async read(): Promise<Uint8Array> {
    const octets = await this.#bluez.call(this.path, this.#interface, "ReadValue", {
      signature: "a{sv}",
      arguments: [{}],
    });
    return Uint8Array.from(octets as readonly number[]);
  }

  /** @param type - `request`, `command` or `reliable`; by default as BlueZ thinks fit. */
  async write(value: Uint8Array, type?: "request" | "command" | "reliable"): Promise<void> {
    await this.#bluez.call(this.path, this.#interface, "WriteValue", {
      signature: "aya{sv}",
      arguments: [[...value], type === undefined ? {} : { type: ["s", type] }],
    });
  }

  /** Subscribes, and gives the values that come while `during` lasts; ends when there are `count`. */
  async values(count: number, during: () => Promise<unknown>): Promise<Uint8Array[]> {
    const values: Uint8Array[] = [];
    let enough: (() => void) | undefined;
    const all = new Promise<void>((resolve) => (enough = resolve));
    const off = this.#bluez.bridge.listen((event) => {
      if (event.event !== "changed" || event.path !== this.path) return;
      const { Value } = event.changes;
      if (Value !== undefined) values.push(Uint8Array.from(Value as readonly number[]));
      if (values.length >= count) enough?.();
    });
    try {
      await this.#bluez.call(this.path, this.#interface, "StartNotify");
      await during();
      await within(`${count} values`, all);
      await this.#bluez.call(this.path, this.#interface, "StopNotify");
    } finally {
      off();
    }
    return values;
  }
}

/** Where BlueZ keeps a device. */
export function devicePath(address: Address): string {
  return `${adapterPath}/dev_${address.toString().slice(0, 17).replaceAll(":", "_").toUpperCase()}`;
}

/** A UUID as BlueZ writes it: always all of it. */
export function longUuid(uuid: UuidLike): string {
  const text = Uuid.from(uuid).toString().toLowerCase();
  return text.length > 8 ? text : `${text.padStart(8, "0")}-0000-1000-8000-00805f9b34fb`;
}
