import { Address, type Connection, type Host } from "../../../src/index.ts";
import type { AttributeEvent } from "./bridge.ts";
import { adapterPath, type Bluez, Interface } from "./bluez.ts";
import { within } from "./until.ts";

/** An attribute that a program offers through BlueZ. */
export interface BluezOffer {
  readonly uuid: string;
  /** As in GattCharacteristic1: `read`, `encrypt-read` … */
  readonly flags: readonly string[];
  readonly value?: readonly number[];
  readonly descriptors?: readonly BluezOffer[];
}

/** A service that a program offers through BlueZ. */
export interface BluezServiceOffer {
  readonly uuid: string;
  readonly characteristics: readonly BluezOffer[];
}

/** Properties of LEAdvertisement1, each with its type. */
export type BluezAdvertisement = Readonly<Record<string, readonly [type: string, value: unknown]>>;

const registering = { signature: "oa{sv}" };
let paths = 0;

/** A program that offers services through BlueZ. */
export class BluezApplication implements AsyncDisposable {
  readonly #bluez: Bluez;
  readonly #path: string;

  private constructor(bluez: Bluez, path: string) {
    this.#bluez = bluez;
    this.#path = path;
  }

  static async register(bluez: Bluez, services: readonly BluezServiceOffer[]): Promise<BluezApplication> {
    const path = `/jelling/application${++paths}`;
    await bluez.bridge.request("application", { path, services });
    await bluez.call(adapterPath, Interface.GattManager, "RegisterApplication", {
      ...registering,
      arguments: [path, {}],
    });
    return new BluezApplication(bluez, path);
  }

  /** Where a characteristic of it is, and one of its descriptors. */
  pathOf(service: number, characteristic: number, descriptor?: number): string {
    const path = `${this.#path}/service${service}/char${characteristic}`;
    return descriptor === undefined ? path : `${path}/desc${descriptor}`;
  }

  /** Changes a value; who has subscribed is told. */
  async change(path: string, value: Uint8Array): Promise<void> {
    await this.#bluez.bridge.request("change", { path, value: [...value] });
  }

  /** The next event of a kind at an attribute. */
  next(kind: AttributeEvent["event"], path: string): Promise<{ readonly value?: readonly number[] }> {
    const { bridge } = this.#bluez;
    const come = new Promise<{ readonly value?: readonly number[] }>((resolve) => {
      const off = bridge.listen((event) => {
        if (event.event !== kind || event.path !== path) return;
        off();
        resolve(event);
      });
    });
    return within(`${kind} at ${path}`, come);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bluez.call(adapterPath, Interface.GattManager, "UnregisterApplication", {
      signature: "o",
      arguments: [this.#path],
    });
    await this.#bluez.bridge.request("remove", { path: this.#path });
  }
}

/** Has BlueZ advertise until the result is disposed of. */
export async function advertise(bluez: Bluez, properties: BluezAdvertisement): Promise<AsyncDisposable> {
  const path = `/jelling/advertisement${++paths}`;
  await bluez.bridge.request("advertisement", { path, properties });
  await bluez.call(adapterPath, Interface.AdvertisingManager, "RegisterAdvertisement", {
    ...registering,
    arguments: [path, {}],
  });
  return {
    async [Symbol.asyncDispose]() {
      await bluez.call(adapterPath, Interface.AdvertisingManager, "UnregisterAdvertisement", {
        signature: "o",
        arguments: [path],
      });
      await bluez.bridge.request("remove", { path });
    },
  };
}

/** The address of BlueZ's controller. */
export function bluezAddress(bluez: Bluez): Address {
  return Address.from(`${bluez.text(adapterPath, Interface.Adapter, "Address")}/public`);
}

/** Has BlueZ advertise, and connects to it. The advertising ends. */
export async function connectToBluez(bluez: Bluez, host: Host): Promise<Connection> {
  const advertising = await advertise(bluez, { Type: ["s", "peripheral"], LocalName: ["s", "bluez"] });
  const connection = await host.connect(bluezAddress(bluez));
  await advertising[Symbol.asyncDispose]();
  return connection;
}
