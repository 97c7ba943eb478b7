import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { concat, fromHex as hex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import type { Direction } from "../../src/hci/packet.ts";
import { Host } from "../../src/host.ts";
import { btsnoopFormat, type CaptureRecord, readCapture } from "../../transports/capture/index.ts";
import {
  openReplay,
  type ReplayDifference,
  ReplayError,
  type ReplayOptions,
} from "../../transports/replay.ts";
import { traced } from "../../transports/trace.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { RecordingReceiver } from "../support/transport-contract.ts";

/** The Battery Level, by its service. */
const battery: readonly [service: string, characteristic: string] = ["180f", "2a19"];

/** What a program does with its host; its trace is replayed. */
async function program(clock: VirtualClock, host: Host, [of, type] = battery): Promise<Uint8Array> {
  const connection = await clock.until(host.connect("02:00:00:00:00:01/public"));
  const level = await clock.until(connection.gatt.characteristic(of, type));
  const value = await clock.until(level.read());
  await clock.until(connection.disconnect());
  return value;
}

const seeded = { random: new SeededRandom(7), randomAddress: "C0:FF:EE:00:00:07/random" } as const;

/** The trace of a host that reads a battery level from another one. */
async function recorded(): Promise<Uint8Array> {
  const clock = new VirtualClock();
  const air = new VirtualAir({ clock, timing: "air" });
  const peripheral = await clock.until(Host.open(air.controller().transport(), { clock }));
  peripheral.gatt.add(
    service("180f", { level: characteristic("2a19", { read: true, value: Uint8Array.of(88) }) }),
  );
  await clock.until(peripheral.advertise());
  const octets: Uint8Array[] = [];
  const transport = traced(air.controller().transport(), { write: (part) => octets.push(part), clock });
  const central = await clock.until(Host.open(transport, { ...seeded, random: new SeededRandom(7), clock }));
  expect(await program(clock, central)).toEqual(Uint8Array.of(88));
  for (const host of [central, peripheral]) await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
  return concat(...octets);
}

async function replayed(trace: Uint8Array, options: ReplayOptions = {}) {
  const clock = new VirtualClock();
  const transport = await openReplay({ records: readCapture(trace), clock, ...options });
  const open = (): Promise<Host> =>
    clock.until(Host.open(transport, { ...seeded, random: new SeededRandom(7), clock }));
  return { clock, transport, open };
}

describe("A capture that is replayed", () => {
  it("does for a host what its controller did then, as fast as it did", async () => {
    const { clock, transport, open } = await replayed(await recorded());
    const host = await open();
    expect(await program(clock, host)).toEqual(Uint8Array.of(88));
    expect(clock.now()).toBeGreaterThan(10);
    await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
    expect([transport.remaining, transport.differences]).toEqual([0, []]);
    expect(clock.timers).toBe(0);
  });

  it("takes no time when it is to be instant", async () => {
    const { clock, transport, open } = await replayed(await recorded(), { instant: true });
    const host = await open();
    expect(await program(clock, host)).toEqual(Uint8Array.of(88));
    expect(clock.now()).toBe(0);
    await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
    expect(transport.remaining).toBe(0);
  });

  it("ends with what is different, by name and record, when the host does something else", async () => {
    const told: ReplayDifference[] = [];
    const { clock, transport, open } = await replayed(await recorded(), {
      onDifference: (it) => told.push(it),
    });
    const host = await open();
    const closed = new Promise((resolve) => host.once("closed", resolve));
    await expect(program(clock, host, ["1800", "2a00"])).rejects.toThrow();
    const error = (await clock.until(closed)) as Error;
    expect(error.cause).toBeInstanceOf(ReplayError);
    expect(error.message).toMatch(/record \d+ of the capture is data 02.*, and the host sends data 02/);
    expect(transport.differences).toEqual(told);
    expect(told).toHaveLength(1);
    expect(transport.remaining).toBeGreaterThan(0);
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it("goes on where it is to be tolerant: skips what is left out, and answers what is new", async () => {
    const { clock, transport, open } = await replayed(await recorded(), { tolerant: true });
    const host = await open();
    const name = hex("57 6f 72 6b 73");
    // HCI_Write_Local_Name, which nobody sends any more.
    const naming = host.hci.send(0x0c13, concat(name, new Uint8Array(243)));
    await expect(clock.until(naming)).rejects.toMatchObject({ status: 0x01 });
    expect(await program(clock, host)).toEqual(Uint8Array.of(88));
    await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
    expect(transport.differences).toHaveLength(1);
    expect(transport.remaining).toBe(0);
  });

  it("drops the answers to commands that a host leaves out", async () => {
    const trace = script([
      ["hostToController", "01 03 0c 00"],
      ["controllerToHost", "04 0e 04 01 03 0c 00"],
      ["hostToController", "01 09 10 00"],
      ["controllerToHost", "04 0e 0a 01 09 10 00 01 02 03 04 05 06"],
      ["hostToController", "01 01 10 00"],
      ["controllerToHost", "04 0e 0c 01 01 10 00 0c 00 00 0c 0f 00 00 00"],
    ]);
    const { clock, transport } = await replayed(trace, { tolerant: true, instant: true });
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    transport.send(hex("01 03 0c 00"));
    transport.send(hex("01 01 10 00"));
    await clock.advance(0);
    expect(receiver.packets.map(({ length }) => length)).toEqual([7, 15]);
    expect(transport.differences).toEqual([{ record: 3, recorded: hex("01 09 10 00"), sent: undefined }]);
    expect(transport.remaining).toBe(0);
    await transport[Symbol.asyncDispose]();
    expect(receiver.closings).toEqual([undefined]);
  });

  it("waits as long as the controller did, counted from the command", async () => {
    const trace = script([
      ["hostToController", "01 03 0c 00"],
      ["controllerToHost", "04 0e 04 01 03 0c 00"],
      ["controllerToHost", "04 ff 00"],
    ]);
    const { clock, transport } = await replayed(trace);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    await clock.advance(50_000);
    transport.send(hex("01 03 0c 00"));
    const counts: number[] = [];
    for (let step = 0; step < 5; step++) {
      counts.push(receiver.packets.length);
      await clock.advance(50);
    }
    expect(counts).toEqual([0, 0, 1, 1, 2]);
    await transport[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
  });

  it("takes the first controller that a host speaks to, of a capture that has several, or the one it is told", async () => {
    const trace: CaptureRecord[] = (
      [
        [0, "controllerToHost", "04 ff 01 aa"],
        [1, "hostToController", "01 03 0c 00"],
        [0, "hostToController", "01 01 10 00"],
        [1, "controllerToHost", "04 0e 04 01 03 0c 00"],
      ] as const
    ).map(([controller, direction, octets], index) => ({
      ...{ kind: "hci", number: index + 1, timestampMicroseconds: index, controller, direction },
      packet: hex(octets),
      originalLength: hex(octets).length,
    }));
    for (const [controller, command] of [
      [undefined, "01 03 0c 00"],
      [0, "01 01 10 00"],
    ] as const) {
      const clock = new VirtualClock();
      const transport = await openReplay({ records: trace, controller, clock });
      expect(transport.remaining).toBe(2);
      transport.start(new RecordingReceiver());
      transport.send(hex(command));
      await clock.advance(100);
      expect([transport.remaining, transport.differences]).toEqual([0, []]);
      await transport[Symbol.asyncDispose]();
    }
  });

  it("leaves nothing when it is closed in the middle", async () => {
    const { clock, open } = await replayed(await recorded());
    const host = await open();
    void host.connect("02:00:00:00:00:01/public").catch(() => undefined);
    await clock.advance(5);
    await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
    expect(clock.timers).toBe(0);
  });

  it("compares as it is told to", async () => {
    const trace = script([
      ["hostToController", "01 05 20 06 01 02 03 04 05 c6"],
      ["controllerToHost", "04 0e 04 01 05 20 00"],
    ]);
    const other = hex("01 05 20 06 09 09 09 09 09 c9");
    for (const [match, closings] of [
      ["exact", 1],
      ["rough", 0],
      [(sent: Uint8Array, then: Uint8Array) => sent.length === then.length, 0],
    ] as const) {
      const { clock, transport } = await replayed(trace, { match, instant: true });
      const receiver = new RecordingReceiver();
      receiver.start(transport);
      transport.send(other.slice());
      await clock.advance(0);
      expect(receiver.closings).toHaveLength(closings);
      await transport[Symbol.asyncDispose]();
    }
    const unknown = "fuzzy" as "exact";
    await expect(replayed(trace, { match: unknown })).rejects.toThrow(RangeError);
  });
});

describe("openReplay", () => {
  it("reads a file, and tells that there is none, or that it is no capture of a host", async () => {
    const folder = mkdtempSync(join(tmpdir(), "jelling-replay-"));
    const path = join(folder, "trace");
    writeFileSync(path, await recorded());
    const transport = await openReplay({ path });
    expect(transport.remaining).toBeGreaterThan(40);
    await expect(openReplay({ path: join(folder, "none") })).rejects.toMatchObject({
      reason: "noSuchDevice",
    });
    await expect(openReplay({ path: folder })).rejects.toMatchObject({ reason: "unsupported" });
    writeFileSync(path, "something else");
    await expect(openReplay({ path })).rejects.toMatchObject({ code: "CAPTURE" });
    writeFileSync(path, script([]));
    await expect(openReplay({ path })).rejects.toMatchObject({ reason: "unsupported" });
    await expect(openReplay({})).rejects.toThrow(TypeError);
    rmSync(folder, { recursive: true });
  });

  const captures = fileURLToPath(new URL("../../../shared/captures", import.meta.url));
  const phone = join(captures, "treadmill-horizon.btsnoop.log");
  it.skipIf(!existsSync(phone))(
    "lets a host start up on a capture of another host (skipped without the captures beside the repository)",
    async () => {
      const clock = new VirtualClock();
      const transport = await openReplay({ path: phone, clock, tolerant: true, instant: true });
      const host = await clock.until(Host.open(transport, { clock }));
      expect(host.controller.companyIdentifier).toBeGreaterThan(0);
      await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
      expect(clock.timers).toBe(0);
    },
  );
});

/** A capture with 100 ms between its packets. */
function script(packets: readonly (readonly [direction: Direction, text: string])[]): Uint8Array {
  const records = packets.map(([direction, text], index) =>
    btsnoopFormat.record({ timestampMicroseconds: index * 100_000, direction, packet: hex(text) }),
  );
  return concat(btsnoopFormat.header(), ...records);
}
