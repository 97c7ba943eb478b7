import { describe, expect, it } from "vitest";
import { UnavailableError } from "../../src/gap/error.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { HostsOnAir, outcome, type Station, twoHosts } from "../support/two-hosts.ts";

const old = { profile: "4.0" } as const;
const nobody = "00:00:00:00:00:99/public";

/** What the host has told the controller of advertising, scanning and connecting. */
function asked({ transport }: Station): string[] {
  return transport.commandPackets.flatMap((packet, at) => {
    const name = transport.commands[at] ?? "";
    if (name === "LE_Set_Advertising_Enable") return packet[4] ? "advertise" : "be silent";
    if (name === "LE_Set_Scan_Enable") return packet[4] ? "scan" : "be deaf";
    if (name.includes("Create_Connection")) return name.includes("Cancel") ? "cancel" : "connect";
    return [];
  });
}

function refusal(words: RegExp): object {
  return { error: { constructor: UnavailableError, message: expect.stringMatching(words) as unknown } };
}

describe("On a controller whose supported states do not have everything at once (Vol 4, Part E, 7.8.27)", () => {
  it("advertising is silent while the host connects, and goes on afterwards, with what was said meanwhile", async () => {
    const { air, central, peripheral } = await twoHosts(old);
    const advertising = await air.until(central.host.advertise({ name: "before" }));
    const connecting = outcome(central.host.connect(nobody, { timeoutMs: 1_000 }));
    await air.clock.advance(100);
    await air.until(advertising.update({ name: "after" }));
    expect(asked(central)).toEqual(["advertise", "be silent", "connect"]);
    await air.until(connecting);
    await air.clock.advance(0);
    expect(asked(central)).toEqual(["advertise", "be silent", "connect", "cancel", "advertise"]);
    const scan = peripheral.host.scan();
    expect((await air.until(scan.next())).value?.name).toBe("after");
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("advertising that was asked for while the host connects begins when it has, unless it is called off", async () => {
    const { air, central } = await twoHosts(old);
    const connecting = outcome(central.host.connect(nobody, { timeoutMs: 1_000 }));
    const { signal, abort, listeners } = countingSignal();
    const never = outcome(central.host.advertise({ name: "never", signal }));
    const advertising = air.track("advertise", central.host.advertise({ name: "late" }));
    await air.clock.advance(500);
    expect(asked(central)).toEqual(["connect"]);
    abort(new Error("enough"));
    expect(await never).toMatchObject({ error: { message: "enough" } });
    await air.until(advertising);
    expect(air.clock.now()).toBeGreaterThanOrEqual(1_000);
    await connecting;
    expect(asked(central)).toEqual(["connect", "cancel", "advertise"]);
    expect(listeners()).toBe(0);
    await air.expectNothingLeft();
  });

  it("a beacon goes on while the host connects, which the states allow", async () => {
    const { air, central } = await twoHosts(old);
    await air.until(central.host.advertise({ connectable: false, scannable: false }));
    await air.ending(central.host.connect(nobody, { timeoutMs: 1_000 }));
    expect(asked(central)).toEqual(["advertise", "connect", "cancel"]);
    await air.expectNothingLeft();
  });

  it("a peripheral does not connect, and a central does not advertise connectably: an UnavailableError says so at once", async () => {
    const { air, central, peripheral } = await twoHosts(old);
    await air.connect(central, peripheral);
    expect(await air.ending(peripheral.host.connect(nobody))).toMatchObject(
      refusal(/cannot connect while it is peripheral of a link/),
    );
    expect(await air.ending(central.host.advertise())).toMatchObject(
      refusal(/cannot advertise connectably while it is central of a link/),
    );
    expect(asked(peripheral)).not.toContain("connect");
    expect(asked(central)).not.toContain("advertise");
    // What the states allow goes on all the same.
    await air.until(central.host.advertise({ connectable: false, scannable: false }));
    const scan = peripheral.host.scan();
    expect((await air.until(scan.next())).value?.connectable).toBe(false);
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("advertising that was waiting when its host closed is told why it never began", async () => {
    const { air, central } = await twoHosts(old);
    const connecting = outcome(central.host.connect(nobody));
    const waiting = outcome(central.host.advertise());
    await air.clock.advance(10);
    await air.until(central.host[Symbol.asyncDispose]());
    expect(await waiting).toMatchObject({ error: { code: "HOST_CLOSED" } });
    expect(await connecting).toMatchObject({ error: { code: "HOST_CLOSED" } });
    await air.expectNothingLeft();
  });

  it("a scan that does not go with what the radio is at ends with an UnavailableError", async () => {
    const air = new HostsOnAir();
    const prepared = air.prepare({ profile: "5.4" });
    // LE Read Supported States: all but scanning beside connectable advertising.
    prepared.transport.onPacket = (packet, toHost) => {
      if (toHost && packet[1] === 0x0e && packet[4] === 0x1c && packet[5] === 0x20) packet[8] = 0b1011_1011;
      return packet;
    };
    const { host } = await air.openOn(prepared);
    await air.until(host.advertise());
    expect(await air.ending(host.scan().next())).toMatchObject(
      refusal(/cannot scan actively while it advertises connectably/),
    );
    expect(await air.ending(host.scan({ active: false }).next())).toMatchObject(
      refusal(/cannot scan passively while it advertises connectably/),
    );
    await air.expectNothingLeft();
  });

  it("a scan pauses while there is a link beside which the controller does not scan, and goes on after it", async () => {
    const air = new HostsOnAir();
    const prepared = air.prepare(old);
    // LE Read Supported States: no scanning beside a link as peripheral, which are bits 26 and 27.
    prepared.transport.onPacket = (packet, toHost) => {
      if (toHost && packet[1] === 0x0e && packet[4] === 0x1c && packet[5] === 0x20) packet[10] = 0b1111_0011;
      return packet;
    };
    const device = await air.openOn(prepared);
    const other = await air.open();
    const scan = device.host.scan({ duplicates: "all" });
    const found = outcome(air.track("found", scan.next()));
    await air.clock.advance(10);
    const advertising = await air.until(device.host.advertise({ resume: false }));
    const connection = await air.until(other.host.connect(device.host.address));
    await air.clock.advance(10);
    expect(asked(device)).toEqual(["scan", "advertise", "be deaf"]);
    await air.until(connection.disconnect());
    await air.clock.advance(10);
    expect(asked(device)).toEqual(["scan", "advertise", "be deaf", "scan"]);
    await air.until(scan[Symbol.asyncDispose]());
    await found;
    await air.until(advertising[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("a controller that says nothing of its states is asked for anything, and refuses by itself", async () => {
    const { air, central, peripheral } = await twoHosts({ profile: "clone dongle" });
    await air.connect(central, peripheral);
    await air.until(central.host.advertise());
    await air.ending(peripheral.host.connect(nobody, { timeoutMs: 100 }));
    expect(asked(peripheral)).toContain("connect");
    await air.expectNothingLeft();
  });
});
