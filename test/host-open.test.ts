import { describe, expect, it } from "vitest";
import { TransportError } from "../src/common/errors.ts";
import { UnavailableError } from "../src/gap/error.ts";
import type { HostOptions } from "../src/gap/host-options.ts";
import { CommandTimeoutError, HciError } from "../src/hci/error.ts";
import { Reset } from "../src/hci/commands/controller-baseband.ts";
import { LeReadBufferSize } from "../src/hci/commands/le-controller.ts";
import { PacketType } from "../src/hci/packet.ts";
import { Status } from "../src/hci/status.ts";
import { u16At } from "../src/common/bytes.ts";
import { Host } from "../src/host.ts";
import { countingSignal } from "./support/counting-signal.ts";
import { HostsOnAir, controllerKinds } from "./support/two-hosts.ts";

const isCommand = (packet: Uint8Array, { opcode }: { readonly opcode: number }): boolean =>
  packet[0] === PacketType.Command && u16At(packet, 1) === opcode;

describe("Opening a host", () => {
  it.each(controllerKinds)(
    "works on a controller with %s, and leaves nothing when closed",
    async (_, kind) => {
      const air = new HostsOnAir();
      const { host, controller, transport } = await air.open(kind);
      expect(host.address.toString()).toBe(controller.address.toString());
      expect(host.controller.aclBuffers).toEqual({
        packetOctets: kind.aclOctets ?? 251,
        packets: kind.aclPackets ?? 12,
      });
      expect(transport.commands[0]).toBe("Reset");
      await air.expectNothingLeft();
      expect(transport.disposals).toBe(1);
    },
  );

  it("asks for the BR/EDR buffers only where there are none for LE (Vol 4, Part E, 7.8.2)", async () => {
    const air = new HostsOnAir();
    const shared = await air.open({ leBufferSizeZero: true });
    const own = await air.open({ leBufferSizeZero: false });
    expect(shared.transport.commands).toContain("Read_Buffer_Size");
    expect(own.transport.commands).not.toContain("Read_Buffer_Size");
  });

  const wrong: [why: string, options: HostOptions, error: new (...args: never[]) => Error, text: string][] = [
    ["an MTU below 23", { mtu: 22 }, RangeError, "mtu"],
    ["an MTU above 517", { mtu: 518 }, RangeError, "mtu"],
    ["an MTU that is not whole", { mtu: 23.5 }, RangeError, "mtu"],
    ["an appearance of more than 16 bits", { appearance: 0x1_0000 }, RangeError, "appearance"],
    ["a name of more than 248 octets", { name: "é".repeat(125) }, RangeError, "name: 250 octets"],
    ["an address type that there is not", { addressType: "static" as "random" }, RangeError, "addressType"],
    [
      "a random address that is not static",
      { randomAddress: "00:00:00:00:00:01/random" },
      RangeError,
      "randomAddress",
    ],
    [
      "a random address that is public",
      { randomAddress: "C0:FF:EE:00:00:01/public" },
      RangeError,
      "randomAddress",
    ],
    ["an address that is none", { randomAddress: "C0:FF:EE" }, SyntaxError, "C0:FF:EE"],
  ];
  it.each(wrong)(
    "refuses %s before it says a word, and closes the transport",
    async (_, options, kind, text) => {
      const air = new HostsOnAir();
      const { transport } = air.prepare();
      const { error } = (await air.ending(Host.open(transport, { clock: air.clock, ...options }))) as {
        error: Error;
      };
      expect(error).toBeInstanceOf(kind);
      expect(error.message).toContain(text);
      expect([transport.disposals, transport.passed]).toEqual([1, 0]);
      await air.expectNothingLeft();
    },
  );

  it("uses the random address that it was given, without being told twice", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({}, { randomAddress: "C0:FF:EE:00:00:01/random" });
    expect(host.address.toString()).toBe("C0:FF:EE:00:00:01/random");
    const { host: publicly } = await air.open(
      {},
      { randomAddress: "C0:FF:EE:00:00:02/random", addressType: "public" },
    );
    expect(publicly.address.type).toBe("public");
  });

  it("takes a fresh static address where the controller has no public one (Vol 6, Part B, 1.3.2.1)", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({ address: 0 });
    expect(host.address.kind).toBe("static");
    await air.expectNothingLeft();
  });

  it("refuses to use a public address that the controller does not have", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare({ address: 0 });
    const opening = Host.open(transport, { clock: air.clock, addressType: "public" });
    expect(await air.ending(opening)).toMatchObject({ error: expect.any(UnavailableError) as unknown });
    expect(transport.disposals).toBe(1);
    await air.expectNothingLeft();
  });

  it("fails when the controller refuses what it has to know, and closes the transport", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    transport.refuse(LeReadBufferSize, Status.HardwareFailure);
    expect(await air.ending(Host.open(transport, { clock: air.clock }))).toMatchObject({
      error: { constructor: HciError, status: Status.HardwareFailure, opcode: LeReadBufferSize.opcode },
    });
    expect(transport.disposals).toBe(1);
    await air.expectNothingLeft();
  });

  it("fails when the controller does not answer in 5 s, and closes the transport", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    transport.onPacket = () => undefined;
    const ending = await air.ending(Host.open(transport, { clock: air.clock }));
    expect(ending).toMatchObject({ error: { constructor: CommandTimeoutError, opcode: Reset.opcode } });
    expect(air.clock.now()).toBe(5_000);
    expect(transport.disposals).toBe(1);
    await air.expectNothingLeft();
  });

  it("fails with a TransportError that has the cause when the transport does not start", async () => {
    const air = new HostsOnAir();
    const { controller } = await air.open();
    const { error } = (await air.ending(Host.open(controller.transport(), { clock: air.clock }))) as {
      error: Error;
    };
    expect(error).toBeInstanceOf(TransportError);
    expect(error.cause).toMatchObject({ message: "this virtual controller already has a host" });
    await air.expectNothingLeft();
  });

  it("tells why there is no host, even where the transport does not close well either", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    transport[Symbol.asyncDispose] = () => Promise.reject(new Error("the port is gone"));
    expect(await air.ending(Host.open(transport, { clock: air.clock, mtu: 1 }))).toMatchObject({
      error: expect.any(RangeError) as unknown,
    });
  });

  it("is called off by a signal, which it lets go of", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    const { signal, abort, listeners } = countingSignal();
    transport.onPacket = (packet, toHost) => {
      if (!toHost && isCommand(packet, LeReadBufferSize)) abort("enough");
      return packet;
    };
    expect(await air.ending(Host.open(transport, { clock: air.clock, signal }))).toEqual({ error: "enough" });
    expect([transport.disposals, listeners()]).toEqual([1, 0]);
    await air.expectNothingLeft();
  });

  it("does not begin when its signal was aborted before", async () => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    const signal = AbortSignal.abort();
    expect(await air.ending(Host.open(transport, { clock: air.clock, signal }))).toEqual({
      error: signal.reason as unknown,
    });
    expect([transport.disposals, transport.passed]).toEqual([1, 0]);
  });

  it("lets go of its signal when it is open", async () => {
    const air = new HostsOnAir();
    const { signal, listeners } = countingSignal();
    await air.open({}, { signal });
    expect(listeners()).toBe(0);
  });
});

describe("Closing a host", () => {
  it("resets the controller, so that the radio does not go on without it", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    await air.until(host.advertise());
    await air.until(host[Symbol.asyncDispose]());
    expect(transport.commands.at(-1)).toBe("Reset");
    await air.expectNothingLeft();
  });

  it("may be done more than once, at the same time and later", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    let closings = 0;
    host.on("closed", (error) => {
      closings++;
      expect(error).toBeUndefined();
    });
    await air.until(Promise.all([host[Symbol.asyncDispose](), host[Symbol.asyncDispose]()]));
    await air.until(host[Symbol.asyncDispose]());
    expect([closings, transport.disposals]).toEqual([1, 1]);
  });

  it("happens by itself when the transport fails, with the reason and once, and closes the transport", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    const reasons: unknown[] = [];
    host.on("closed", (error) => reasons.push(error));
    const cause = new Error("unplugged");
    transport.fail(cause);
    await air.clock.advance(0);
    expect(reasons).toMatchObject([{ constructor: TransportError, cause }]);
    expect(transport.disposals).toBe(1);
    await air.until(host[Symbol.asyncDispose]());
    expect(reasons).toHaveLength(1);
    await air.expectNothingLeft();
  });

  it("happens by itself when the program closes the transport behind its back", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    const reasons: unknown[] = [];
    host.on("closed", (error) => reasons.push(error));
    await air.until(transport[Symbol.asyncDispose]());
    expect(reasons).toMatchObject([{ constructor: TransportError }]);
  });

  it("happens by itself when the controller falls silent", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    const reasons: unknown[] = [];
    host.on("closed", (error) => reasons.push(error));
    transport.onPacket = () => undefined;
    const ending = await air.ending(host.advertise());
    expect(ending).toMatchObject({ error: { constructor: CommandTimeoutError } });
    expect(reasons).toMatchObject([{ constructor: CommandTimeoutError }]);
    expect(transport.disposals).toBe(1);
    await air.expectNothingLeft();
  });

  it("takes no longer than the command time-out when the controller does not hear the goodbye", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    transport.onPacket = () => undefined;
    const begun = air.clock.now();
    await air.until(host[Symbol.asyncDispose]());
    expect(air.clock.now() - begun).toBe(5_000);
    await air.expectNothingLeft();
  });
});
