import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { H5Link } from "../../transports/h5/link.ts";
import { H4Framer } from "../../transports/h4-framer.ts";
import { explain, probe, type ProbeResult } from "../../transports/probe.ts";
import { openSerial } from "../../transports/serial.ts";
import type { SerialSettings } from "../../transports/serial-line.ts";
import { openDoors, VirtualAir } from "../../transports/virtual/index.ts";
import { outcome } from "../support/two-hosts.ts";
import { noPty, openPty } from "./pty.ts";
import { FakePorts, type WireEnd } from "./serial-wire.ts";

type DeviceAt = (end: WireEnd, clock: VirtualClock, settings: SerialSettings) => void;

const ascii = (octets: Uint8Array): string => String.fromCharCode(...octets);
const octetsOf = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0));

/** A device that answers octets by octets, at its rate. */
function answering(
  baudRate: number,
  answer: (text: string, heard: Uint8Array) => string | undefined,
): DeviceAt {
  return (end) => {
    end.baudRate = baudRate;
    end.start({
      octets: (chunk) => {
        const reply = answer(ascii(chunk), chunk);
        if (reply !== undefined) end.write(octetsOf(reply));
      },
      lost: () => undefined,
    });
  };
}

/** A virtual controller that speaks H4. */
function controllerAt(baudRate: number, profile: "5.4" | "4.0" = "5.4"): DeviceAt {
  return (end, clock) => {
    const transport = new VirtualAir({ clock }).controller({ profile }).transport();
    const framer = new H4Framer();
    transport.start({ packet: (packet) => end.write(packet.slice()), closed: () => undefined });
    end.baudRate = baudRate;
    const sink = { packet: (packet: Uint8Array) => transport.send(packet.slice()) };
    end.start({
      octets: (chunk) => {
        try {
          framer.push(chunk, sink);
        } catch {
          framer.reset(); // other questions are noise to it
        }
      },
      lost: () => undefined,
    });
  };
}

/** The same with a three-wire UART. */
const threeWire: DeviceAt = (end, clock) => {
  const transport = new VirtualAir({ clock }).controller().transport();
  const link: H5Link = new H5Link(
    {
      write: (octets) => end.write(octets),
      activated: () => undefined,
      packet: (packet) => transport.send(packet.slice()),
      reset: () => undefined,
      fault: () => undefined,
      unheard: () => undefined,
    },
    clock,
    {
      role: "controller",
      configuration: { windowSize: 4, softwareFlowControl: false, dataIntegrityCheck: true },
      resendMs: 250,
    },
  );
  transport.start({ packet: (packet) => link.send(packet.slice()), closed: () => undefined });
  end.baudRate = 115_200;
  end.start({ octets: (chunk) => link.receive(chunk), lost: () => undefined });
  link.start();
};

async function probed(device: DeviceAt, baudRates?: readonly number[]) {
  const clock = new VirtualClock();
  const ports = new FakePorts(clock, (end, settings) => device(end, clock, settings));
  const result = await clock.until(probe("/dev/fake", { clock, ports, baudRates }));
  expect(ports.wire?.host.closed).toBe(true);
  return { result, ports, clock };
}

describe("probe", () => {
  it("finds a controller, and asks it what it is", async () => {
    const { result } = await probed(controllerAt(1_000_000));
    expect(result).toMatchObject({
      kind: "hci",
      protocol: "h4",
      baudRate: 1_000_000,
      controller: { version: "5.4", supportsLe: true, address: expect.stringMatching(/^02:/) as string },
    });
    const { controller } = result as Extract<ProbeResult, { kind: "hci" }>;
    expect(controller.features).toContain("LE Extended Advertising");
    expect(explain(result)).toMatch(/^an HCI controller answers at 1000000 baud in H4: .*Bluetooth 5\.4/);
  });

  it("finds an old controller, and what it cannot do", async () => {
    const { result } = await probed(controllerAt(115_200, "4.0"), [115_200]);
    const { controller } = result as Extract<ProbeResult, { kind: "hci" }>;
    expect(controller).toMatchObject({ version: "4.0", supportsLe: true });
    expect(controller.features).not.toContain("LE Extended Advertising");
  });

  it("finds a controller that speaks the three-wire UART", async () => {
    const { result } = await probed(threeWire);
    expect(result).toMatchObject({ kind: "hci", protocol: "h5", controller: { version: "5.4" } });
    expect(explain(result)).toContain("in H5");
  });

  it("tells a controller that does not say what it is", async () => {
    const { result } = await probed(
      answering(9600, (_, heard) =>
        toHex(heard) === "01030c00" ? "\x04\x0e\x04\x01\x03\x0c\x00" : undefined,
      ),
    );
    expect(result).toEqual({
      kind: "hci",
      protocol: "h4",
      baudRate: 9600,
      controller: { supportsLe: false, features: [] },
    });
    expect(explain(result)).toContain("It has no Bluetooth LE");
  });

  it.each<[string, DeviceAt, number, string]>([
    [
      "an HM-10 or HC-06, which want no end of the line",
      answering(9600, (text) => (text === "AT" ? "OK" : undefined)),
      9600,
      "OK",
    ],
    [
      "an HC-05, which wants one",
      answering(38_400, (text) => (text === "\r\nAT\r\n" ? "OK\r\n" : undefined)),
      38_400,
      "OK",
    ],
    [
      "an HC-05 that was sent nonsense before",
      answering(38_400, (text) => (text.endsWith("\r\n") ? "ERROR:(0)\r\n" : undefined)),
      38_400,
      "ERROR:(0)",
    ],
    [
      "a module that echoes what it is told",
      answering(115_200, (text) => (text.includes("AT\r\n") ? "AT\r\n\r\nOK\r\n" : undefined)),
      115_200,
      "OK",
    ],
  ])("tells %s for a modem in AT firmware", async (_, device, baudRate, answer) => {
    const { result } = await probed(device);
    expect(result).toEqual({ kind: "at", baudRate, answer });
    expect(explain(result)).toContain("is a serial-port modem and no HCI controller");
    expect(explain(result)).toContain("What jelling needs is an HCI controller: a USB dongle");
  });

  it.each<[string, DeviceAt, string]>([
    [
      "Nordic's serial DFU",
      answering(115_200, (_, heard) =>
        toHex(heard) === "c0092ac0" ? "\xc0\x60\x09\x01\x2a\xc0" : undefined,
      ),
      "the DFU bootloader of Nordic Semiconductor",
    ],
    [
      "MCUboot",
      answering(115_200, (text) =>
        text.startsWith("\x06\x09") ? "\x06\x09AAsDAAAGAAAqAL9icmMI/w==\n" : undefined,
      ),
      "MCUboot in serial recovery",
    ],
    [
      "a banner",
      answering(115_200, () => "ESP-ROM:esp32c3\r\nwaiting for download\r\n"),
      "the ROM bootloader of an ESP32",
    ],
  ])("tells %s for a bootloader", async (_, device, name) => {
    const { result } = await probed(device);
    expect(result).toEqual({ kind: "bootloader", baudRate: 115_200, name });
    expect(explain(result)).toContain("waits for firmware");
  });

  it("tells the bootloader in the ROM of an STM32, which speaks even parity alone", async () => {
    const { result, ports } = await probed((end, clock, settings) => {
      if (settings.parity !== "even") return;
      end.baudRate = 115_200;
      answering(115_200, (_, heard) => (toHex(heard) === "7f" ? "\x79" : undefined))(end, clock, settings);
    });
    expect(result).toEqual({
      kind: "bootloader",
      baudRate: 115_200,
      name: "the system bootloader of an STM32",
    });
    expect(ports.opened.map(({ parity }) => parity)).toEqual(["none", "even"]);
  });

  it("tells that what is sent comes back", async () => {
    const { result } = await probed((end) => {
      end.baudRate = 9600;
      end.start({ octets: (chunk) => end.write(chunk.slice()), lost: () => undefined });
    });
    expect(result).toEqual({ kind: "echo", baudRate: 9600 });
    expect(explain(result)).toContain("RX and TX are joined");
  });

  it("tells a console, and what it says", async () => {
    const { result } = await probed(
      answering(115_200, () => "raspberrypi login: "),
      [115_200],
    );
    expect(result).toEqual({ kind: "text", baudRate: 115_200, said: "raspberrypi login:" });
    expect(explain(result)).toContain("a console or a log");
  });

  it("tells a wrong rate from silence", async () => {
    const { result } = await probed(controllerAt(2_000_000), [9600, 115_200]);
    // A controller answers no noise; one that talks by itself is heard as garbage at another rate.
    expect(result).toEqual({ kind: "silence", baudRates: [9600, 115_200] });
    const { result: garbled } = await probed(
      answering(57_600, () => "OK\r\n"),
      [9600, 115_200],
    );
    expect(garbled).toEqual({ kind: "garbage", baudRates: [9600, 115_200] });
    expect(explain(garbled)).toContain("the baud rate is another one");
  });

  it("says after all rates that nothing answers, and leaves no timer", async () => {
    const { result, clock } = await probed(() => undefined, [9600, 115_200]);
    expect(result).toEqual({ kind: "silence", baudRates: [9600, 115_200] });
    expect(explain(result)).toContain("is it powered");
    expect(clock.timers).toBe(0);
    expect(clock.now()).toBeLessThan(7_000);
  });

  it("stops when its signal says so, and when the port is lost", async () => {
    const clock = new VirtualClock();
    const ports = new FakePorts(clock, () => undefined);
    const calling = new AbortController();
    const called = outcome(probe("/dev/fake", { clock, ports, signal: calling.signal }));
    await clock.advance(10);
    calling.abort(new Error("enough"));
    expect(await clock.until(called)).toMatchObject({ error: { message: "enough" } });
    const lost = outcome(probe("/dev/fake", { clock, ports }));
    await clock.advance(10);
    ports.wire?.host.lose();
    expect(await clock.until(lost)).toMatchObject({ error: { reason: "lost" } });
    expect(clock.timers).toBe(0);
  });

  it.each([[[]], [[12]]])("refuses the rates %j", async (baudRates) => {
    await expect(probe("/dev/fake", { baudRates })).rejects.toThrow(RangeError);
  });
});

describe("The preset hc", () => {
  it("finds the rate of a controller by itself", async () => {
    const clock = new VirtualClock();
    const ports = new FakePorts(clock, (end) => controllerAt(57_600)(end, clock, ports.opened[0]!));
    await using transport = await clock.until(openSerial({ path: "/dev/fake", preset: "hc", ports, clock }));
    expect(transport).toBeDefined();
    expect(ports.opened.at(-1)?.baudRate).toBe(57_600);
  });

  it("refuses a module in AT firmware, and says plainly why", async () => {
    const clock = new VirtualClock();
    const device = answering(9600, (text) => (text === "AT" ? "OK" : undefined));
    const ports = new FakePorts(clock, (end, settings) => device(end, clock, settings));
    const opening = outcome(openSerial({ path: "/dev/fake", preset: "hc", ports, clock }));
    expect(await clock.until(opening)).toMatchObject({
      error: { reason: "unsupported", message: expect.stringContaining("no HCI controller") as string },
    });
  });
});

describe.skipIf(noPty !== "")(`probe on a pseudo-terminal${noPty}`, () => {
  it("finds the controller of a virtual radio", async () => {
    await using air = new VirtualAir();
    await using doors = await openDoors(air, [{ kind: "pty" }]);
    const { location } = doors.doors[0]!;
    const result = await probe("path" in location ? location.path : "");
    expect(result).toMatchObject({ kind: "hci", protocol: "h4", baudRate: 9600 });
  });

  it("tells a module that answers OK", async () => {
    await using pty = await openPty();
    pty.device.on("data", (chunk: Uint8Array) => {
      if (ascii(chunk).endsWith("AT")) pty.device.write("OK");
    });
    expect(await probe(pty.path, { baudRates: [9600] })).toEqual({
      kind: "at",
      baudRate: 9600,
      answer: "OK",
    });
  });
});
