import { describe, expect, it } from "vitest";
import { Host } from "../../src/host.ts";
import { HostsOnAir, outcome, twoHosts } from "../support/two-hosts.ts";

/** What a program without a compiler may take for a signal. */
const noSignal = { signal: { aborted: "no" } as never };
const nobody = "00:00:00:00:00:99/public";

describe("A signal that is none is a TypeError which says what to give", () => {
  const told = {
    error: {
      constructor: TypeError,
      message: expect.stringMatching(/^signal: give an AbortSignal/) as unknown,
    },
  };

  it.each<[string, (host: Host) => Promise<unknown>]>([
    ["connect", (host) => host.connect(nobody, noSignal)],
    ["advertise", (host) => host.advertise(noSignal)],
    ["syncPeriodic", (host) => host.syncPeriodic({ address: nobody, sid: 1 }, noSignal)],
    ["scan", async (host) => host.scan(noSignal).next()],
  ])("%s", async (_, call) => {
    const { air, central } = await twoHosts({ profile: "5.4" });
    expect(await air.ending(call(central.host))).toMatchObject(told);
    await air.expectNothingLeft();
  });

  it("Host.open", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    expect(await outcome(Host.open(transport, { clock: air.clock, ...noSignal }))).toMatchObject(told);
    expect(transport.disposals).toBe(1);
    await air.expectNothingLeft();
  });
});

describe("A scan whose signal has been aborted already (Vol 3, Part C, 9.2)", () => {
  it("throws the reason once, and is over then", async () => {
    const { air, central } = await twoHosts();
    const scan = central.host.scan({ signal: AbortSignal.abort(new Error("enough")) });
    expect(await air.ending(scan.next())).toMatchObject({ error: { message: "enough" } });
    expect(await air.ending(scan.next())).toEqual({ value: { done: true, value: undefined } });
    await air.expectNothingLeft();
  });
});
