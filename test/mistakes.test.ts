import { afterEach, describe, expect, it, vi } from "vitest";
import { withAdvice } from "../src/gap/open-advice.ts";
import {
  characteristic,
  CommandTimeoutError,
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

  it.each<readonly [string, unknown, RegExp]>([
    ["service", { service: "180f" }, /^scan: "service" is no option.*services/],
    ["durationMs", { durationMs: "5" }, /^durationMs: give a number/],
    ["name", { name: 5 }, /^name: give a text/],
    ["services", { services: "180f" }, /^services: .*\["180d"\]/],
    ["active", { active: "yes" }, /^active: give true or false/],
    ["phys", { phys: "1M" }, /^phys: give an array/],
    ["signal", { signal: "x" }, /^signal: give an AbortSignal/],
    ["null", null, /^scan: give options/],
  ])("scan refuses a wrong %s with a TypeError that names it", async (_, options, message) => {
    const { air, central } = await twoHosts();
    const scan = (): unknown => central.host.scan(unchecked(options));
    expect(scan).toThrow(TypeError);
    expect(scan).toThrow(message);
    expect(() => central.host.scan({ windowMs: Number.NaN })).toThrow(/^windowMs/);
    await air.expectNothingLeft();
  });

  it.each<readonly [string, unknown, RegExp]>([
    ["nmae", { nmae: "x" }, /"nmae" is no option.*name/],
    ["null", null, /^Host.open: give options/],
    ["gap: number", { gap: 5 }, /^gap: give an object/],
    ["gap: null", { gap: null }, /^gap: give an object/],
    ["bonds: null", { bonds: null }, /^bonds: give an object/],
    ["clock: number", { clock: 5 }, /^clock: give an object/],
  ])("Host.open refuses %s with a TypeError that names it", async (_, options, message) => {
    const open = Host.open(new VirtualAir().controller().transport(), unchecked(options));
    await expect(open).rejects.toThrow(TypeError);
    await expect(open).rejects.toThrow(message);
  });

  it.each<readonly [string, () => unknown, RegExp]>([
    ["new Host()", () => Reflect.construct(Host, []) as unknown, /Host\.open/],
    ["new VirtualAir({ timimg })", () => new VirtualAir(unchecked({ timimg: "air" })), /"timimg"/],
    [
      "air.controller({ profil })",
      () => new VirtualAir().controller(unchecked({ profil: "4.0" })),
      /"profil"/,
    ],
    ["air.partition(text)", () => new VirtualAir().partition(unchecked("x")), /air\.controller\(\)/],
    ["service(uuid, array)", () => service("180f", unchecked([characteristic("2a19")])), /names/],
    [
      "a value that is a text",
      () => characteristic("2a19", { value: unchecked("abc") }),
      /give a Uint8Array/,
    ],
  ])("%s is told", (_, call, message) => {
    expect(call).toThrow(TypeError);
    expect(call).toThrow(message);
  });

  it("connect() and advertise({ services: text }) reject with a TypeError", async () => {
    const { air, central } = await twoHosts();
    await expect(central.host.connect(unchecked(undefined))).rejects.toThrow(TypeError);
    await expect(central.host.advertise({ services: unchecked("180d") })).rejects.toThrow(/\["180d"\]/);
    await air.expectNothingLeft();
  });

  it.each<readonly [string, (host: Host) => unknown, RegExp]>([
    ["advertise({ nmae })", (host) => host.advertise(unchecked({ nmae: "x" })), /"nmae" is no option.*name/],
    ["advertise({ name: number })", (host) => host.advertise(unchecked({ name: 5 })), /^name: give a text/],
    ["advertise(null)", (host) => host.advertise(unchecked(null)), /^advertise: give options/],
    [
      "advertise({ periodic: { interval } })",
      (host) => host.advertise({ periodic: unchecked({ interval: 5 }) }),
      /^periodic: "interval"/,
    ],
    [
      "connect(..., { timeout })",
      (host) => host.connect("02:00:00:00:00:09/public", unchecked({ timeout: 100 })),
      /"timeout" is no option.*timeoutMs/,
    ],
    [
      "connect(..., { phys: text })",
      (host) => host.connect("02:00:00:00:00:09/public", { phys: unchecked("1M") }),
      /^phys: give an array/,
    ],
    [
      "connect(..., 5)",
      (host) => host.connect("02:00:00:00:00:09/public", unchecked(5)),
      /^connect: give options/,
    ],
    [
      "syncPeriodic(..., { timeout })",
      (host) => host.syncPeriodic({ address: "02:00:00:00:00:09/public", sid: 1 }, unchecked({ timeout: 1 })),
      /^syncPeriodic: "timeout"/,
    ],
  ])("%s rejects with a TypeError that names it", async (_, call, message) => {
    const { air, central } = await twoHosts({ profile: "5.4" }); // one that can do all of it
    const refused = call(central.host);
    await expect(refused).rejects.toThrow(TypeError);
    await expect(refused).rejects.toThrow(message);
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
    const told = { message: "onRead of characteristic 2a19: a mistake", cause: mistake };
    expect(warned.mock.calls).toMatchObject([[told]]);
    const faults: unknown[] = [];
    peripheral.host.on("fault", (error) => faults.push(error));
    await air.ending(remote.read());
    expect(faults).toMatchObject([told]);
    expect(warned).toHaveBeenCalledTimes(1);
    await air.expectNothingLeft();
  });

  it("waiting on a virtual clock for what only real time brings says what to look for", async () => {
    const clock = new VirtualClock();
    await expect(clock.until(new Promise(() => undefined), 10)).rejects.toThrow("AbortSignal.timeout");
  });
});

describe("What needs an authenticated link where nobody can show or ask", () => {
  it("is refused with what mends it: agents on both sides (Vol 3, Part H, 2.3.5.1)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const options = { value: Uint8Array.of(93), permissions: { read: "authenticated" } } as const;
    peripheral.host.gatt.add(service("180f", { level: characteristic("2a19", options) }));
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180f", "2a19"));
    const { error } = (await air.ending(remote.read())) as { readonly error: Error };
    expect(error.message).toMatch(/^Insufficient Authentication .*register an agent on both sides/);
    await expect(air.until(ends.central.gatt.characteristic("2a19", unchecked(undefined)))).rejects.toThrow(
      "give the service and the characteristic",
    );
    await air.expectNothingLeft();
  });
});

describe("An error of opening by a name", () => {
  it("says what finds out more where a real controller does not answer", () => {
    const silent = new CommandTimeoutError(0x0c03);
    expect(withAdvice(silent, "hci:0")).toMatchObject({
      message: expect.stringContaining("jelling doctor --probe hci:0") as string,
      cause: silent,
    });
    expect(withAdvice(silent, "serial:/dev/ttyACM0")).toMatchObject({
      message: expect.stringContaining("baud rate") as string,
    });
    expect(withAdvice(silent, "virtual:")).toBe(silent);
    expect(withAdvice(silent, {})).toBe(silent);
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
