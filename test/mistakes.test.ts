import { afterEach, describe, expect, it, vi } from "vitest";
import {
  characteristic,
  Host,
  type HostOptions,
  NotFoundError,
  service,
  VirtualClock,
} from "../src/index.ts";
import { VirtualAir } from "../transports/virtual/index.ts";
import { twoHosts } from "./support/two-hosts.ts";

/** A program that no compiler checks: the argument is taken for what the call wants. */
const unchecked = (value: unknown): never => value as never;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("A mistake of the program is told at the call", () => {
  it("a virtual controller is no transport, and stays as it is", async () => {
    const controller = new VirtualAir({ clock: new VirtualClock() }).controller();
    await expect(Host.open(unchecked(controller))).rejects.toThrow(/controller\.transport\(\)/);
  });

  it.each([
    ["scan({ services: text })", (host: Host) => host.scan({ services: unchecked("180d") })],
    ["scan({ addresses: number })", (host: Host) => host.scan({ addresses: [unchecked(5)] })],
    ["gatt.add(service(uuid))", (host: Host) => host.gatt.add(service("180d", unchecked(undefined)))],
    ["a characteristic that is only its options", () => service("180d", { it: unchecked({ notify: true }) })],
    ["characteristic()", () => characteristic(unchecked(undefined))],
    ["a value that is a text", () => characteristic("2a19", { value: unchecked("93") })],
  ])("%s is a TypeError", async (_, call) => {
    const { air, central } = await twoHosts();
    expect(() => call(central.host)).toThrow(TypeError);
    await air.expectNothingLeft();
  });

  it("connect() and advertise({ services: text }) reject with a TypeError", async () => {
    const { air, central } = await twoHosts();
    await expect(central.host.connect(unchecked(undefined))).rejects.toThrow(TypeError);
    await expect(central.host.advertise({ services: unchecked("180d") })).rejects.toThrow(/\["180d"\]/);
    await air.expectNothingLeft();
  });

  it("what a characteristic does not offer is refused on either side, not silently dropped", async () => {
    const { air, central, peripheral } = await twoHosts();
    const local = peripheral.host.gatt.add(
      service("180f", {
        level: characteristic("2a19", { value: Uint8Array.of(93) }),
        told: characteristic("2a1a", { indicate: true }),
      }),
    );
    await expect(local.level.notify(Uint8Array.of(1))).rejects.toThrow(
      "2a19 was not defined with notify: true",
    );
    await expect(local.level.indicate(Uint8Array.of(1))).rejects.toThrow(
      "2a19 was not defined with indicate",
    );
    await expect(local.told.notify(Uint8Array.of(1))).rejects.toThrow(TypeError);
    expect(() => local.told.tryNotify(Uint8Array.of(1))).toThrow(TypeError);
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180f", "2a19"));
    await expect(remote.writeWithoutResponse(Uint8Array.of(1))).rejects.toThrow(NotFoundError);
    await air.expectNothingLeft();
  });

  it("a handler that fails by mistake is a warning of the process while nobody listens for faults", async () => {
    const { air, central, peripheral } = await twoHosts();
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    const mistake = new Error("a mistake");
    const onRead = (): Uint8Array => {
      throw mistake;
    };
    peripheral.host.gatt.add(service("180f", { level: characteristic("2a19", { onRead }) }));
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180f", "2a19"));
    expect(await air.ending(remote.read())).toMatchObject({ error: { code: "ATT_ERROR" } });
    expect(warned.mock.calls).toEqual([[mistake]]);
    const faults: unknown[] = [];
    peripheral.host.on("fault", (error) => faults.push(error));
    await air.ending(remote.read());
    expect(faults).toEqual([mistake]);
    expect(warned).toHaveBeenCalledTimes(1);
    await air.expectNothingLeft();
  });

  it("waiting on a virtual clock for what only real time brings says what to look for", async () => {
    const clock = new VirtualClock();
    await expect(clock.until(new Promise(() => undefined), 10)).rejects.toThrow("AbortSignal.timeout");
  });
});

describe("A host on the virtual radio", () => {
  it("holds the process from its start until it is closed, as a device would", async () => {
    const clock = new VirtualClock();
    let held = 0;
    vi.spyOn(clock, "hold").mockImplementation(() => {
      held++;
      return { [Symbol.dispose]: () => held-- };
    });
    const options: HostOptions = { clock };
    const host = await clock.until(Host.open(new VirtualAir({ clock }).controller().transport(), options));
    expect(held).toBe(1);
    await clock.until(host[Symbol.asyncDispose]());
    expect(held).toBe(0);
  });
});
