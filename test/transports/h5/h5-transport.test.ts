import { describe, expect, it } from "vitest";
import { concat, fromHex as hex, toHex } from "../../../src/common/bytes.ts";
import { VirtualClock } from "../../../src/common/clock.ts";
import type { TransportError } from "../../../src/common/errors.ts";
import { SeededRandom } from "../../../src/common/random.ts";
import { Host } from "../../../src/host.ts";
import { H5Link } from "../../../transports/h5/link.ts";
import { openSerial } from "../../../transports/serial.ts";
import { VirtualAir, type VirtualController } from "../../../transports/virtual/index.ts";
import { outcome } from "../../support/two-hosts.ts";
import { RecordingReceiver, transportContract } from "../../support/transport-contract.ts";
import { FakePorts, type WireEnd } from "../serial-wire.ts";

/** The controller's end of a three-wire UART. */
class Device {
  readonly received: Uint8Array[] = [];
  readonly link: H5Link;
  onPacket: (packet: Uint8Array) => void = (packet) => this.received.push(packet.slice());

  constructor(end: WireEnd, clock: VirtualClock, windowSize = 4) {
    this.link = new H5Link(
      {
        write: (octets) => end.write(octets),
        activated: () => undefined,
        packet: (packet) => this.onPacket(packet),
        reset: () => undefined,
        fault: () => undefined,
        unheard: () => undefined,
      },
      clock,
      {
        role: "controller",
        configuration: { windowSize, softwareFlowControl: false, dataIntegrityCheck: true },
        resendMs: 250,
      },
    );
    end.start({ octets: (chunk) => this.link.receive(chunk), lost: () => undefined });
    this.link.start();
  }

  /** Has a virtual controller stand behind it. */
  serve(controller: VirtualController): this {
    const transport = controller.transport();
    transport.start({ packet: (packet) => this.link.send(packet.slice()), closed: () => undefined });
    this.onPacket = (packet) => transport.send(packet.slice());
    return this;
  }
}

function openH5(ports: FakePorts, clock: VirtualClock, signal?: AbortSignal) {
  return openSerial({ path: "/dev/fake", protocol: "h5", ports, clock, signal });
}

transportContract("the three-wire UART", {
  carries: "packets",
  largest: 1024 + 5,
  openForever(signal) {
    const clock = new VirtualClock();
    return openH5(new FakePorts(clock, () => undefined), clock, signal);
  },
  async open() {
    const clock = new VirtualClock();
    let device: Device | undefined;
    const ports = new FakePorts(clock, (end) => (device = new Device(end, clock)));
    const transport = await clock.until(openH5(ports, clock));
    await clock.advance(1000);
    return {
      transport,
      send(packets) {
        for (const packet of packets) device!.link.send(packet.slice());
      },
      received: () => concat(...device!.received),
      lose: () => ports.wire!.host.lose(),
      settle: () => clock.advance(100),
      async [Symbol.asyncDispose]() {
        device!.link[Symbol.dispose]();
        await clock.advance(1000);
        expect(clock.timers).toBe(0);
      },
    };
  },
});

describe("A host on a three-wire UART", () => {
  async function hostOnWire() {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    let device: Device | undefined;
    const ports = new FakePorts(clock, (end) => (device = new Device(end, clock).serve(air.controller())));
    const transport = await clock.until(openH5(ports, clock));
    const host = await clock.until(Host.open(transport, { clock, random: new SeededRandom(1) }));
    const told: string[] = [];
    host.on("recovered", (cause) => told.push(`recovered: ${cause.message}`));
    host.on("closed", (error) => told.push(`closed: ${error?.message ?? ""}`));
    return { clock, air, ports, device: device!, host, told };
  }

  it("works as on any other transport, with every tenth octet string hurt on the way", async () => {
    const { clock, air, ports, device, host, told } = await hostOnWire();
    const random = new SeededRandom(11);
    ports.wire!.trouble = (octets) => {
      const [dice = 0, place = 0] = random.bytes(2);
      return dice < 26 ? octets.with(place % octets.length, 0x55) : octets;
    };
    const peerHost = await clock.until(
      Host.open(air.controller().transport(), { clock, random: new SeededRandom(2) }),
    );
    await clock.until(peerHost.advertise({ name: "peer" }));
    const connection = await clock.until(host.connect(peerHost.address));
    expect(connection.peerAddress.equals(peerHost.address)).toBe(true);
    expect(told).toEqual([]);
    await clock.until(host[Symbol.asyncDispose]());
    await clock.until(peerHost[Symbol.asyncDispose]());
    device.link[Symbol.dispose]();
  });

  it("resets a controller that has begun anew, and goes on (Vol 4, Part D, 8.3)", async () => {
    const { clock, air, ports, device, host, told } = await hostOnWire();
    device.link[Symbol.dispose]();
    new Device(ports.wire!.device, clock).serve(air.controller());
    await clock.advance(3_000);
    expect(told).toEqual([expect.stringMatching(/^recovered: /)]);
    await clock.until(host.advertise({ name: "again" }));
    await clock.until(host[Symbol.asyncDispose]());
  });

  it("is told when the controller acknowledges nothing any more", async () => {
    const { clock, device, host, told } = await hostOnWire();
    device.link[Symbol.dispose]();
    const waiting = outcome(host.advertise({ name: "anyone?" }));
    await clock.advance(60_000);
    expect(((await waiting) as { error: Error }).error).toBeInstanceOf(Error);
    expect(told.filter((each) => each.startsWith("closed"))).toHaveLength(1);
  });
});

describe("Opening a three-wire UART", () => {
  it("says after 5 s that nobody answers, and what it could be", async () => {
    const clock = new VirtualClock();
    const ports = new FakePorts(clock, () => undefined);
    const opening = outcome(openH5(ports, clock));
    await clock.advance(4_990);
    expect(ports.wire?.host.closed).toBe(false);
    const { error } = (await clock.until(opening)) as { error: TransportError };
    expect(error).toMatchObject({
      reason: "timeout",
      message: expect.stringContaining('many controllers want "even"') as string,
    });
    expect([ports.wire?.host.closed, clock.timers]).toEqual([true, 0]);
  });

  it("says that the port is lost when it goes meanwhile", async () => {
    const clock = new VirtualClock();
    const ports = new FakePorts(clock, () => undefined);
    const opening = outcome(openH5(ports, clock));
    await clock.advance(100);
    ports.wire?.host.lose();
    expect(await clock.until(opening)).toMatchObject({ error: { reason: "lost" } });
    expect(clock.timers).toBe(0);
  });

  it("ends, telling so, when the controller acknowledges nothing and more than 4 MiB wait for it", async () => {
    const clock = new VirtualClock();
    let device: Device | undefined;
    const ports = new FakePorts(clock, (end) => (device = new Device(end, clock)));
    const transport = await clock.until(openH5(ports, clock));
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    device!.link[Symbol.dispose]();
    const packet = concat(hex("02 40 00 00 04"), new Uint8Array(1024));
    for (let left = 4 * 1024; left > 0; left--) transport.send(packet.slice());
    await clock.advance(0);
    expect(receiver.closings).toMatchObject([{ reason: "stalled" }]);
    await transport[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
  });

  it("goes on however much it has sent in all, where the controller acknowledges it", async () => {
    const clock = new VirtualClock();
    let device: Device | undefined;
    const ports = new FakePorts(clock, (end) => (device = new Device(end, clock)));
    const transport = await clock.until(openH5(ports, clock));
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    device!.onPacket = () => undefined;
    const packet = concat(hex("02 40 00 00 04"), new Uint8Array(1024));
    for (let burst = 0; burst < 50; burst++) {
      for (let left = 100; left > 0; left--) transport.send(packet.slice());
      await clock.advance(1_000);
    }
    expect(receiver.closings).toEqual([]);
    await transport[Symbol.asyncDispose]();
    device!.link[Symbol.dispose]();
  });

  it("gives a lost packet to the receiver as a fault", async () => {
    const clock = new VirtualClock();
    let device: Device | undefined;
    const ports = new FakePorts(clock, (end) => (device = new Device(end, clock)));
    const transport = await clock.until(openH5(ports, clock));
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    ports.wire!.device.write(hex("c0 80 31 00 4f 03 0c 00 c0"));
    device!.link.send(hex("04 ff 00"));
    await clock.advance(10);
    expect(receiver.faults.map(({ message }) => message)).toEqual([
      expect.stringContaining("the header checksum is wrong") as string,
    ]);
    expect(receiver.packets.map((packet) => toHex(packet))).toEqual(["04ff00"]);
    await transport[Symbol.asyncDispose]();
    device!.link[Symbol.dispose]();
  });
});
