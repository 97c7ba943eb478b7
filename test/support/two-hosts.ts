import { expect } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import type { Connection } from "../../src/gap/connection.ts";
import type { AdvertiseOptions } from "../../src/gap/advertising-plan.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { Host } from "../../src/host.ts";
import {
  VirtualAir,
  type VirtualController,
  type VirtualControllerOptions,
} from "../../transports/virtual/index.ts";
import { profile } from "./profile.ts";
import { WatchedTransport } from "./watched-transport.ts";

/** Controllers that differ in how they carry data: what works on one must work on all. */
export const controllerKinds: readonly (readonly [name: string, VirtualControllerOptions])[] = [
  ["251-octet ACL buffers", { aclOctets: 251, aclPackets: 12 }],
  ["27-octet ACL buffers", { aclOctets: 27, aclPackets: 12 }],
  ["one pool of buffers for BR/EDR and LE", { aclOctets: 251, aclPackets: 12, leBufferSizeZero: true }],
  ["a single buffer of 27 octets", { aclOctets: 27, aclPackets: 1 }],
  ["eight commands at once", { aclOctets: 251, aclPackets: 12, commandPackets: 8 }],
];

/** A host on a controller of a test's air. */
export interface Station {
  readonly host: Host;
  readonly controller: VirtualController;
  readonly transport: WatchedTransport;
}

/** What an operation came to. */
export type Ending<T> = { readonly value: T } | { readonly error: unknown };

/** What a test knows of the faults of its hosts. */
export interface NothingLeftOptions {
  /** Kinds of fault that the test provokes. */
  readonly forgiven?: readonly string[];
}

/** What a promise comes to, without making time pass. */
export function outcome<T>(promise: Promise<T>): Promise<Ending<T>> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** An air with a clock of its own, and whatever hosts a test puts on it. */
export class HostsOnAir {
  readonly clock: VirtualClock = new VirtualClock();
  readonly air: VirtualAir;
  readonly stations: Station[] = [];
  readonly #controllers: VirtualController[] = [];
  readonly #pending = new Map<string, Promise<unknown>>();
  #tracked = 0;

  /** @param timing - Whether what is sent takes its time on the air. */
  constructor(timing: "instant" | "air" = "instant") {
    this.air = new VirtualAir({ clock: this.clock, timing });
  }

  /** A controller and the way to it, without a host. */
  prepare(options: VirtualControllerOptions = {}): Omit<Station, "host"> {
    // Room for the connections that tests make: what becomes of one too many they ask for themselves.
    const controller = this.air.controller({ profile, connections: 64, ...options });
    this.#controllers.push(controller);
    return { controller, transport: new WatchedTransport(controller.transport(), this.clock) };
  }

  /** One more host, on a controller of its own. */
  async open(options: VirtualControllerOptions = {}, hostOptions: HostOptions = {}): Promise<Station> {
    const prepared = this.prepare(options);
    return this.openOn(prepared, hostOptions);
  }

  /** One more host, on a controller that was prepared. */
  async openOn(prepared: Omit<Station, "host">, options: HostOptions = {}): Promise<Station> {
    const random = new SeededRandom(this.stations.length + 1);
    const opening = Host.open(prepared.transport, { clock: this.clock, random, ...options });
    const station = { ...prepared, host: await this.clock.until(opening) };
    this.stations.push(station);
    return station;
  }

  /** Lets time pass until `promise` settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.clock.until(promise);
  }

  /** The same, giving the error where there is one. */
  ending<T>(promise: Promise<T>): Promise<Ending<T>> {
    return this.clock.until(outcome(promise));
  }

  /** Remembers a promise: at the end of the test it must have settled. A rejection is left to the test. */
  track<T>(name: string, promise: Promise<T>): Promise<T> {
    const key = `${name} (${++this.#tracked})`;
    const settled = (): boolean => this.#pending.delete(key);
    this.#pending.set(key, promise);
    promise.then(settled, settled);
    return promise;
  }

  /** Makes `central` connect to `peripheral`, which advertises for it. */
  async connect(
    central: Station,
    peripheral: Station,
    options: AdvertiseOptions = {},
  ): Promise<{ readonly central: Connection; readonly peripheral: Connection }> {
    const advertising = await this.until(peripheral.host.advertise({ resume: false, ...options }));
    const accepted = advertising[Symbol.asyncIterator]().next();
    const made = await this.until(central.host.connect(peripheral.host.address));
    const { value } = await this.until(accepted);
    if (!value) throw new Error("the peripheral has not heard of the connection");
    await this.until(advertising[Symbol.asyncDispose]());
    return { central: made, peripheral: value };
  }

  /** Closes every host. Then no timer runs, nothing that was tracked is pending, and no host has broken a rule of HCI. */
  async expectNothingLeft({ forgiven = [] }: NothingLeftOptions = {}): Promise<void> {
    for (const { host } of this.stations) await this.until(host[Symbol.asyncDispose]());
    await this.clock.advance(0);
    expect([...this.#pending.keys()], "promises that are still pending").toEqual([]);
    expect(this.clock.timers, "timers that are still running").toBe(0);
    for (const controller of this.#controllers) {
      const faults = controller.faults.filter(({ kind }) => !forgiven.includes(kind));
      expect(faults, "rules of HCI that the host has broken").toEqual([]);
      expect(controller.connections, "links that are still up").toBe(0);
    }
    for (const { host } of this.stations) expect(host.connections).toEqual([]);
  }
}

/** Two hosts on an air: one for each role, though each can do both. */
export interface TwoHosts {
  readonly air: HostsOnAir;
  readonly central: Station;
  readonly peripheral: Station;
}

/** Two hosts on controllers of one kind. */
export async function twoHosts(
  options: VirtualControllerOptions = {},
  timing: "instant" | "air" = "instant",
): Promise<TwoHosts> {
  const air = new HostsOnAir(timing);
  return { air, peripheral: await air.open(options), central: await air.open(options) };
}
