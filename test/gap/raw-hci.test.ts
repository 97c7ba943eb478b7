import { describe, expect, it } from "vitest";
import { HciError } from "../../src/hci/error.ts";
import type { RawEvent } from "../../src/gap/raw-hci.ts";
import { Status } from "../../src/hci/status.ts";
import { outcome, twoHosts } from "../support/two-hosts.ts";

const event = (...octets: number[]): Uint8Array => Uint8Array.of(4, ...octets);

describe("host.hci", () => {
  it("sends any command and gives what comes back behind the status (Vol 4, Part E, 7.4.1)", async () => {
    const { air, central } = await twoHosts();
    const version = await air.until(central.host.hci.send(0x1001));
    expect(version[0]).toBe(central.host.controller.hciVersion);
    expect(version).toHaveLength(8);
    await air.expectNothingLeft();
  });

  it("ends with Command Status where that is the answer (Vol 4, Part E, 7.7.15)", async () => {
    const { air, central } = await twoHosts();
    const asking = central.host.hci.send(0xfc01, Uint8Array.of(1, 2));
    central.transport.inject(event(0x0f, 4, 0, 1, 0x01, 0xfc));
    expect(await air.until(asking)).toEqual(new Uint8Array(0));
  });

  it("rejects with what the controller says of a command that it does not know", async () => {
    const { air, central } = await twoHosts();
    expect(await air.ending(central.host.hci.send(0xfc99))).toMatchObject({
      error: { constructor: HciError, status: Status.UnknownHciCommand, opcode: 0xfc99 },
    });
    await air.expectNothingLeft();
  });

  it("tells of the events of the controller's maker, and of others that nobody knows", async () => {
    const { air, central } = await twoHosts();
    central.transport.inject(event(0xff, 2, 7, 8)); // nobody listens yet
    const vendor: Uint8Array[] = [];
    const unknown: RawEvent[] = [];
    central.host.hci.on("vendorEvent", (parameters) => vendor.push(parameters));
    central.host.hci.on("unknownEvent", (one) => unknown.push(one));
    const packet = event(0xff, 2, 1, 2);
    central.transport.inject(packet);
    packet.fill(0xee);
    central.transport.inject(event(0x99, 1, 3));
    central.transport.inject(event(0x3e, 2, 0x77, 4));
    await air.clock.advance(0);
    expect(vendor).toEqual([Uint8Array.of(1, 2)]);
    expect(unknown).toEqual([
      { code: 0x99, subevent: undefined, parameters: Uint8Array.of(3) },
      { code: 0x3e, subevent: 0x77, parameters: Uint8Array.of(4) },
    ]);
    await air.expectNothingLeft();
  });

  it("refuses what is no command, and rejects when the host is closed before there is an answer", async () => {
    const { air, central } = await twoHosts();
    expect(await air.ending(central.host.hci.send(0x1_0000))).toMatchObject({
      error: { constructor: RangeError },
    });
    const long = central.host.hci.send(0xfc01, new Uint8Array(256));
    expect(await air.ending(long)).toMatchObject({ error: { constructor: RangeError } });
    central.transport.onPacket = (packet, toHost) => (toHost || packet[2] !== 0xfc ? packet : undefined);
    const waiting = outcome(central.host.hci.send(0xfc01));
    await air.until(central.host[Symbol.asyncDispose]());
    // It holds up the goodbye, so it is what the goodbye ends with.
    expect(await air.until(waiting)).toMatchObject({ error: { code: "COMMAND_TIMEOUT" } });
    await air.expectNothingLeft();
  });
});
