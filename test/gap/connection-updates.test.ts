import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Connection } from "../../src/gap/connection.ts";
import type { RequestedParameters, UpdateParametersOptions } from "../../src/gap/connection-updates.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { LeConnectionUpdate } from "../../src/hci/commands/le-connection.ts";
import { DisconnectedError, HciError } from "../../src/hci/error.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { LeRemoteConnectionParameterRequest } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { ParametersRefusedError } from "../../src/l2cap/error.ts";
import type { VirtualControllerOptions } from "../../transports/virtual/index.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { runs } from "../support/runs.ts";
import { HostsOnAir, outcome, type Station, type TwoHosts } from "../support/two-hosts.ts";

const wanted = { minIntervalMs: 100, maxIntervalMs: 125, latency: 2, supervisionTimeoutMs: 5_000 };
const changed = { latency: 2, supervisionTimeoutMs: 5_000 };

/** How a peripheral asks, on which controllers, and the command with which the central has it done. */
const ways = [
  { way: "through L2CAP", kind: { profile: "4.0" }, grant: "LE_Connection_Update" },
  {
    way: "through the Link Layer",
    kind: { profile: "5.4" },
    grant: "LE_Remote_Connection_Parameter_Request_Reply",
  },
] as const;
const [l2cap, linkLayer] = ways;

async function linked(
  kind: VirtualControllerOptions,
  options: HostOptions = {},
  timing: "instant" | "air" = "instant",
): Promise<TwoHosts & { ends: Record<"central" | "peripheral", Connection> }> {
  const air = new HostsOnAir(timing);
  const peripheral = await air.open(kind);
  const central = await air.open(kind, options);
  return { air, central, peripheral, ends: await air.connect(central, peripheral) };
}

/** How often a host has sent a command. */
function count({ transport }: Station, command: string): number {
  return transport.commands.filter((name) => name === command).length;
}

describe.each(ways)("Other connection parameters, $way", ({ kind, grant }) => {
  it("are chosen by the central, and both learn them (Vol 4, Part E, 7.8.18)", async () => {
    const { air, ends } = await linked(kind);
    const told: unknown[] = [];
    ends.peripheral.on("parametersChanged", (parameters) => told.push(parameters));
    const parameters = await air.until(ends.central.updateParameters(wanted));
    expect(parameters).toMatchObject(changed);
    expect(parameters.intervalMs).toBeGreaterThanOrEqual(100);
    expect(parameters.intervalMs).toBeLessThanOrEqual(125);
    expect(ends.central.parameters).toEqual(parameters);
    await air.clock.advance(2_000);
    expect(ends.peripheral.parameters).toEqual(parameters);
    expect(told).toEqual([parameters]);
    await air.expectNothingLeft();
  });

  it("are asked for by the peripheral, and the central fulfils them (Vol 3, Part A, 4.20; Vol 6, Part B, 5.1.7)", async () => {
    const { air, central, ends } = await linked(kind);
    const parameters = await air.until(ends.peripheral.updateParameters(wanted));
    expect(parameters).toMatchObject(changed);
    expect(ends.peripheral.parameters).toEqual(parameters);
    expect(ends.central.parameters).toEqual(parameters);
    expect(count(central, grant)).toBe(1);
    await air.expectNothingLeft();
  });

  it("are decided on by the central's program, which knows who asks for what", async () => {
    const asked: [RequestedParameters, Connection][] = [];
    const { air, central, ends } = await linked(kind, {
      acceptParameters: (requested, connection) => {
        asked.push([requested, connection]);
        return requested.latency === 2;
      },
    });
    await air.until(ends.peripheral.updateParameters(wanted));
    expect(await air.ending(ends.peripheral.updateParameters({ ...wanted, latency: 1 }))).toMatchObject({
      error: { constructor: ParametersRefusedError, code: "PARAMETERS_REFUSED" },
    });
    expect(ends.peripheral.parameters).toMatchObject(changed);
    expect(asked).toEqual([
      [wanted, ends.central],
      [{ ...wanted, latency: 1 }, ends.central],
    ]);
    expect(count(central, grant)).toBe(1);
    await air.expectNothingLeft();
  });

  it("a policy that fails by mistake refuses, and the host tells the fault", async () => {
    const mistake = new Error("a mistake");
    const { air, central, ends } = await linked(kind, {
      acceptParameters: () => {
        throw mistake;
      },
    });
    const faults: unknown[] = [];
    central.host.on("fault", (fault) => faults.push(fault));
    expect(await air.ending(ends.peripheral.updateParameters(wanted))).toMatchObject({
      error: { constructor: ParametersRefusedError },
    });
    expect(faults).toEqual([mistake]);
    await air.expectNothingLeft();
  });

  it("a policy that answers with anything but true or false refuses, a promise too, and the host tells the fault", async () => {
    const { air, central, ends } = await linked(kind, {
      acceptParameters: (() => Promise.resolve(false)) as never,
    });
    const faults: unknown[] = [];
    central.host.on("fault", (fault) => faults.push(fault));
    expect(await air.ending(ends.peripheral.updateParameters(wanted))).toMatchObject({
      error: { constructor: ParametersRefusedError },
    });
    expect(faults).toMatchObject([
      { name: "TypeError", message: expect.stringContaining("acceptParameters") as unknown },
    ]);
    await air.expectNothingLeft();
  });

  it.each(["central", "peripheral"] as const)(
    "asked for twice by the %s are changed twice, and each is told its own",
    async (role) => {
      const { air, central, ends } = await linked(kind);
      const both = [wanted, { ...wanted, minIntervalMs: 20, maxIntervalMs: 20, latency: 0 }].map((options) =>
        air.track("update", ends[role].updateParameters(options)),
      );
      const [first, second] = await air.until(Promise.all(both));
      expect(first).toMatchObject(changed);
      expect(second).toEqual({ intervalMs: 20, latency: 0, supervisionTimeoutMs: 5_000 });
      expect(ends[role].parameters).toEqual(second);
      expect(count(central, role === "central" ? "LE_Connection_Update" : grant)).toBe(2);
      await air.expectNothingLeft();
    },
  );

  it("asked for by both sides at once are changed one after the other, and each is told its own", async () => {
    const { air, ends } = await linked(kind);
    const mine = { minIntervalMs: 20, maxIntervalMs: 20, latency: 0, supervisionTimeoutMs: 3_000 };
    const both = [
      air.track("central", ends.central.updateParameters(mine)),
      air.track("peripheral", ends.peripheral.updateParameters(wanted)),
    ];
    const [ofCentral, ofPeripheral] = await air.until(Promise.all(both));
    expect(ofCentral).toEqual({ intervalMs: 20, latency: 0, supervisionTimeoutMs: 3_000 });
    expect(ofPeripheral).toMatchObject(changed);
    expect(ends.central.parameters).toEqual(ends.peripheral.parameters);
    await air.expectNothingLeft();
  });

  it("whatever is asked for at once by either side, the central is told what it has asked for, the peripheral what came", async () => {
    const change = fc.record({
      role: fc.constantFrom("central" as const, "peripheral" as const),
      interval: fc.integer({ min: 6, max: 300 }),
      latency: fc.integer({ min: 0, max: 2 }),
      afterMs: fc.integer({ min: 0, max: 400 }),
    });
    const timings = fc.constantFrom("instant" as const, "air" as const);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), timings, async (changes, timing) => {
        const { air, ends } = await linked(kind, {}, timing);
        const endings: Promise<void>[] = [];
        const asked = changes.map(({ interval, latency }) => `${interval * 1.25}/${latency}`);
        for (const { role, interval, latency, afterMs } of changes) {
          await air.clock.advance(afterMs);
          const intervalMs = interval * 1.25;
          const options = { minIntervalMs: intervalMs, maxIntervalMs: intervalMs, latency };
          const update = air.track("update", ends[role].updateParameters(options));
          endings.push(
            update.then((parameters) => {
              if (role === "central") expect(parameters).toMatchObject({ intervalMs, latency });
              // The central may have changed its mind before the peripheral's wish had its turn.
              else expect(asked).toContain(`${parameters.intervalMs}/${parameters.latency}`);
            }),
          );
        }
        await air.until(Promise.all(endings));
        await air.expectNothingLeft();
      }),
      { ...runs, numRuns: Math.ceil(runs.numRuns / 4) },
    );
  });

  it("go on with the next when one is refused, was aborted while it waited, or does not go with the one before", async () => {
    const { air, central, ends } = await linked(kind, { acceptParameters: ({ latency }) => latency !== 3 });
    const { signal, abort } = countingSignal();
    const { peripheral } = ends;
    const endings = [
      peripheral.updateParameters({ latency: 3 }),
      peripheral.updateParameters({ latency: 4, signal }),
      peripheral.updateParameters({ supervisionTimeoutMs: 400 }),
      peripheral.updateParameters({ latency: 10 }),
      peripheral.updateParameters({ latency: 1 }),
    ].map((promise) => outcome(air.track("update", promise)));
    abort(new Error("enough"));
    const expected: readonly object[] = [
      { error: { code: "PARAMETERS_REFUSED" } },
      { error: { message: "enough" } },
      { value: { latency: 0, supervisionTimeoutMs: 400 } },
      {
        error: { name: "RangeError", message: expect.stringMatching(/supervisionTimeoutMs: 400/) as unknown },
      },
      { value: { latency: 1, supervisionTimeoutMs: 400 } },
    ];
    expect(await air.until(Promise.all(endings))).toMatchObject(expected);
    expect(count(central, grant)).toBe(2);
    await air.expectNothingLeft();
  });

  it("that are left out stay as they are in force", async () => {
    const { air, ends } = await linked(kind);
    const { central } = ends;
    await air.until(central.updateParameters({ ...wanted, minIntervalMs: 100, maxIntervalMs: 100 }));
    const inForce = { intervalMs: 100, latency: 2, supervisionTimeoutMs: 5_000 };
    const after = (options: UpdateParametersOptions): Promise<unknown> =>
      air.until(central.updateParameters(options));
    expect(await after({})).toEqual(inForce);
    expect(await after({ latency: 1 })).toEqual({ ...inForce, latency: 1 });
    expect(await after({ supervisionTimeoutMs: 3_000 })).toEqual({
      ...inForce,
      latency: 1,
      supervisionTimeoutMs: 3_000,
    });
    expect(await after({ maxIntervalMs: 50 })).toMatchObject({ intervalMs: 50, latency: 1 });
    expect(await after({ minIntervalMs: 75 })).toMatchObject({ intervalMs: 75, latency: 1 });
    expect(await air.ending(central.updateParameters({ latency: 99 }))).toMatchObject({
      error: {
        name: "RangeError",
        message: expect.stringMatching(/supervisionTimeoutMs: 3000/) as unknown,
      },
    });
    await air.expectNothingLeft();
  });

  it("that are too close to be legal in the radio's units are a RangeError", async () => {
    const { air, ends } = await linked(kind);
    const options = { maxIntervalMs: 49.9, minIntervalMs: 49.9, supervisionTimeoutMs: 100 };
    for (const end of Object.values(ends)) {
      expect(await air.ending(end.updateParameters(options))).toMatchObject({
        error: { name: "RangeError", message: expect.stringMatching(/supervisionTimeoutMs/) as unknown },
      });
    }
    await air.expectNothingLeft();
  });

  it.each([
    [{ minIntervalMs: 7 }, /minIntervalMs/],
    [{ maxIntervalMs: 4001 }, /maxIntervalMs/],
    [{ latency: 500 }, /latency/],
    [{ supervisionTimeoutMs: 99 }, /supervisionTimeoutMs/],
    [{ minIntervalMs: 100, maxIntervalMs: 50 }, /minIntervalMs/],
  ])("that no link may have are a RangeError: %j", async (options, name) => {
    const { air, ends } = await linked(kind);
    for (const end of Object.values(ends)) {
      expect(await air.ending(end.updateParameters(options))).toMatchObject({
        error: { name: "RangeError", message: expect.stringMatching(name) as unknown },
      });
    }
    await air.expectNothingLeft();
  });
});

describe("Other connection parameters through L2CAP alone", () => {
  it("of which too many wait are refused, and the others go with the link", async () => {
    const { air, central, ends } = await linked(l2cap.kind);
    central.transport.onPacket = (packet, toHost) => (toHost && packet[0] === 2 ? undefined : packet);
    const endings = Array.from({ length: 66 }, () =>
      outcome(air.track("update", ends.peripheral.updateParameters(wanted))),
    );
    expect(await air.until(endings[65]!)).toMatchObject({ error: { code: "BACK_PRESSURE" } });
    await air.until(ends.central.disconnect());
    for (const ending of await air.until(Promise.all(endings.slice(0, 65)))) {
      expect(ending).toMatchObject({ error: { constructor: DisconnectedError } });
    }
    await air.expectNothingLeft();
  });

  it("of a peripheral that asks without waiting are the last it has asked for", async () => {
    const { air, central, ends } = await linked(l2cap.kind);
    for (let latency = 0; latency < 20; latency++) {
      // Connection Parameter Update Request, Vol 3, Part A, 4.20: intervals 24, the latency, timeout 600.
      const command = [0x12, latency + 1, 8, 0, 24, 0, 24, 0, latency, 0, 88, 2];
      const frame = [command.length, 0, 5, 0, ...command];
      const { handle } = ends.central;
      central.transport.inject(
        Uint8Array.of(2, handle & 0xff, 0x20 | (handle >> 8), frame.length, 0, ...frame),
      );
    }
    await air.clock.advance(10_000);
    expect(ends.central.parameters).toEqual({ intervalMs: 30, latency: 19, supervisionTimeoutMs: 6_000 });
    expect(count(central, "LE_Connection_Update")).toBe(2);
    await air.expectNothingLeft();
  });

  it("which the central's controller refuses reject there; the peripheral keeps what it has", async () => {
    const { air, central, ends } = await linked(l2cap.kind);
    const refusal = central.transport.refuse(LeConnectionUpdate, Status.CommandDisallowed);
    const before = ends.central.parameters;
    expect(await air.ending(ends.central.updateParameters(wanted))).toMatchObject({
      error: { constructor: HciError, status: Status.CommandDisallowed },
    });
    const began = air.clock.now();
    // It was accepted, and then nothing came of it: the wait has its bound.
    expect(await air.until(ends.peripheral.updateParameters(wanted))).toEqual(before);
    expect(air.clock.now() - began).toBeLessThan(6_000);
    refusal.on = false;
    expect(await air.until(ends.central.updateParameters(wanted))).toMatchObject(changed);
    await air.expectNothingLeft();
  });

  it("stop being waited for when the link goes, or the signal is aborted", async () => {
    const { air, central, ends } = await linked(l2cap.kind);
    central.transport.onPacket = (packet, toHost) => (toHost && packet[0] === 2 ? undefined : packet);
    const { signal, abort, listeners } = countingSignal();
    const aborted = outcome(air.track("update", ends.peripheral.updateParameters({ ...wanted, signal })));
    await air.clock.advance(10);
    expect(listeners()).toBe(1);
    abort(new Error("enough"));
    expect(await aborted).toMatchObject({ error: { message: "enough" } });
    const lost = outcome(air.track("update", ends.peripheral.updateParameters(wanted)));
    await air.clock.advance(10);
    await air.until(ends.central.disconnect());
    expect(await air.until(lost)).toMatchObject({ error: { constructor: DisconnectedError } });
    for (const end of Object.values(ends)) {
      expect(await air.ending(end.updateParameters(wanted))).toEqual({ error: end.disconnectReason });
    }
    await air.expectNothingLeft();
  });
});

describe("Other connection parameters through the Link Layer alone", () => {
  it("of a central that knows nothing of it are asked for through L2CAP, and so are the next (Vol 3, Part A, 4.20)", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open(linkLayer.kind);
    const central = await air.open(l2cap.kind);
    const ends = await air.connect(central, peripheral);
    expect(await air.until(ends.peripheral.updateParameters(wanted))).toMatchObject(changed);
    expect(await air.until(ends.peripheral.updateParameters({ latency: 1 }))).toMatchObject({ latency: 1 });
    expect(count(peripheral, "LE_Connection_Update")).toBe(1);
    expect(count(central, "LE_Connection_Update")).toBe(2);
    await air.expectNothingLeft();
  });

  it("that collide with a change of the central are asked for again (Vol 6, Part B, 5.3)", async () => {
    const { air, peripheral, ends } = await linked(linkLayer.kind, {}, "air");
    const both = [
      ends.central.updateParameters({ latency: 1 }),
      ends.peripheral.updateParameters({ latency: 2 }),
    ];
    await air.until(Promise.all(both.map((update, side) => air.track(`side ${side}`, update))));
    await air.clock.advance(5_000);
    expect(ends.central.parameters).toMatchObject({ latency: 2 });
    expect(ends.peripheral.parameters).toEqual(ends.central.parameters);
    expect(count(peripheral, "LE_Connection_Update")).toBeGreaterThan(1);
    await air.expectNothingLeft();
  });

  it.each([
    ["no link may have", [6, 6, 499, 10]],
    ["are out of their range", [5, 4000, 0, 3200]],
  ] as const)("that %s are refused at once, whatever the policy says (7.8.32)", async (_, values) => {
    const asked: RequestedParameters[] = [];
    const { air, central, ends } = await linked(linkLayer.kind, {
      acceptParameters: (requested) => asked.push(requested) > 0,
    });
    const [intervalMin, intervalMax, maxLatency, timeout] = values;
    const request = { connectionHandle: ends.central.handle, intervalMin, intervalMax, maxLatency, timeout };
    central.transport.inject(encodeEvent(LeRemoteConnectionParameterRequest, request));
    await air.clock.advance(0);
    expect(count(central, "LE_Remote_Connection_Parameter_Request_Negative_Reply")).toBe(1);
    expect(asked).toEqual([]);
    await air.expectNothingLeft();
  });

  it("are accepted by a peripheral that is asked, and by nobody where there is no such link", async () => {
    const { air, peripheral, ends } = await linked(linkLayer.kind, {});
    const request = { intervalMin: 24, intervalMax: 40, maxLatency: 0, timeout: 600 };
    for (const connectionHandle of [ends.peripheral.handle, 0x0eee]) {
      peripheral.transport.inject(
        encodeEvent(LeRemoteConnectionParameterRequest, { connectionHandle, ...request }),
      );
    }
    await air.clock.advance(0);
    expect(count(peripheral, "LE_Remote_Connection_Parameter_Request_Reply")).toBe(1);
    expect(count(peripheral, "LE_Remote_Connection_Parameter_Request_Negative_Reply")).toBe(1);
    await air.expectNothingLeft();
  });

  it("are refused to a peripheral whose link is gone before the policy has answered, and nothing is left", async () => {
    const { air, ends } = await linked(linkLayer.kind, {
      acceptParameters: (_, connection) => {
        void connection.disconnect();
        return true;
      },
    });
    expect(await air.ending(ends.peripheral.updateParameters(wanted))).toMatchObject({
      error: { constructor: DisconnectedError },
    });
    await air.expectNothingLeft();
  });
});

describe("A policy for connection parameters", () => {
  it("that is no function is refused when the host opens", async () => {
    const air = new HostsOnAir();
    expect(await air.ending(air.open({}, { acceptParameters: true as never }))).toMatchObject({
      error: { name: "TypeError" },
    });
  });
});
