import { describe, expect, it } from "vitest";
import { fromHex as hex, toHex } from "../../src/common/bytes.ts";
import { systemClock, VirtualClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { Host } from "../../src/host.ts";
import { H5Link } from "../../transports/h5/link.ts";
import { modulePorts, type ModuleSettings } from "../../transports/serial-module.ts";
import { openSerial, type SerialOptions } from "../../transports/serial.ts";
import { BurstWriter } from "../../transports/serial-writer.ts";
import { openDoors, VirtualAir, type VirtualController } from "../../transports/virtual/index.ts";
import { outcome } from "../support/two-hosts.ts";
import { eventLoopRound, RecordingReceiver, transportContract } from "../support/transport-contract.ts";
import { H4Framer } from "../../transports/h4-framer.ts";
import { noPty, openPty, type Pty } from "./pty.ts";
import { FakePorts, type WireEnd } from "./serial-wire.ts";

/** The other end of a pseudo-terminal has taken it all: a tty holds 4 KiB, and what more is written waits. */
async function put(pty: Pty, octets: Uint8Array): Promise<void> {
  if (!pty.device.write(octets)) await new Promise((resolve) => pty.device.once("drain", resolve));
}

describe.skipIf(noPty !== "")(`A serial port${noPty}`, () => {
  transportContract("a serial port on a pseudo-terminal", {
    carries: "octets",
    noise: "skipped",
    openWith: (signal) => openSerial({ path: "/dev/null", signal }),
    async open() {
      const pty = await openPty();
      return {
        transport: await openSerial({ path: pty.path }),
        async send(chunks) {
          for (const chunk of chunks) {
            void put(pty, chunk);
            await eventLoopRound();
          }
        },
        received: () => pty.received(),
        lose: () => pty[Symbol.asyncDispose](),
        settle: () => eventLoopRound(),
        [Symbol.asyncDispose]: () => pty[Symbol.asyncDispose](),
      };
    },
  });
});

describe("openSerial", () => {
  const opened = async (options: Partial<SerialOptions>): Promise<ModuleSettings | undefined> => {
    let given: ModuleSettings | undefined;
    const ports = modulePorts(() => Promise.resolve(fakeModule((settings) => (given = settings))));
    await using transport = await openSerial({ path: "/dev/ttyX", ports, ...options });
    expect(transport).toBeDefined();
    return given;
  };

  it.each<[string, Partial<SerialOptions>, object]>([
    [
      "115 200 baud without flow control, if nothing is said",
      {},
      { baudRate: 115_200, rtscts: false, parity: "none" },
    ],
    ["the preset nrf52", { preset: "nrf52" }, { baudRate: 1_000_000, rtscts: true }],
    ["the preset usb-cdc", { preset: "usb-cdc" }, { baudRate: 115_200, rtscts: false }],
    ["what is said, over a preset", { preset: "nrf52", baudRate: 9600 }, { baudRate: 9600, rtscts: true }],
    ["a rate for the preset hc, without probing", { preset: "hc", baudRate: 38_400 }, { baudRate: 38_400 }],
    ["even parity", { parity: "even" }, { parity: "even", xon: false, autoOpen: false }],
  ])("opens with %s", async (_, options, settings) => {
    expect(await opened(options)).toMatchObject(settings);
  });

  it.each([
    [{ path: "" }, TypeError, "path: give a port"],
    [{ path: 7 }, TypeError, "path: give a port"],
    [
      { path: "/dev/x", baudRate: 1.5 },
      RangeError,
      "baudRate: 1.5 is not a whole number from 300 to 12000000",
    ],
    [{ path: "/dev/x", preset: "nrf" }, RangeError, 'preset: "nrf" is none of nrf52, usb-cdc, hc'],
    [{ path: "/dev/x", parity: "mark" }, RangeError, 'parity: "mark" is none of none, even, odd'],
    [{ path: "/dev/x", protocol: "h3" }, RangeError, 'protocol: "h3" is none of h4, h5'],
    [{ path: "/dev/x", xonxoff: true }, RangeError, "xonxoff: H4 has octets of every value"],
    [{ path: "/dev/x", baud: 9600 }, TypeError, '"baud" is no option'],
    [{ path: "/dev/x", rtscts: "yes" }, TypeError, "rtscts: give true or false"],
  ])("refuses %j", async (options, kind, message) => {
    const { error } = (await outcome(openSerial(options as SerialOptions))) as { error: Error };
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain(message);
  });

  it.skipIf(noPty !== "")("tells which ports there are when there is no such one", async () => {
    const { error } = (await outcome(openSerial({ path: "/dev/ttyNONE" }))) as { error: TransportError };
    expect(error).toMatchObject({ name: "TransportError", reason: "noSuchDevice" });
    expect(error.message).toMatch(
      /^\/dev\/ttyNONE cannot be opened: there is none \(ENOENT\)\. There (is|are) /,
    );
  });

  it.skipIf(noPty !== "")("tells that a file is no serial port", async () => {
    const { error } = (await outcome(openSerial({ path: "/dev/null" }))) as { error: TransportError };
    expect(error).toMatchObject({
      reason: "unsupported",
      message: expect.stringContaining("no serial port") as string,
    });
  });

  it.skipIf(noPty !== "")("tells that another program has the port, and how to learn which", async () => {
    await using pty = await openPty();
    await using first = await openSerial({ path: pty.path });
    const { error } = (await outcome(openSerial({ path: pty.path }))) as { error: TransportError };
    expect(error).toMatchObject({ reason: "busy" });
    expect(error.message).toContain(`sudo fuser -v ${pty.path}`);
    expect(first).toBeDefined();
  });

  it.each([
    ["Permission denied, cannot open /dev/ttyX", "permission", "usermod -aG dialout"],
    ["Permission denied, cannot open /dev/ttyX", "permission", "udev"],
    [
      "No such file or directory, cannot open /dev/ttyX",
      "noSuchDevice",
      "/dev/ttyACM7 (SEGGER, USB 1366:0105)",
    ],
    ["Error Resource temporarily unavailable Cannot lock port", "busy", "ModemManager"],
    ["something new", "failed", "something new"],
  ])('makes of "%s" an error that says what to do', async (said, reason, advice) => {
    const module = fakeModule(() => undefined, new Error(said));
    const ports = modulePorts(() => Promise.resolve(module));
    const { error } = (await outcome(openSerial({ path: "/dev/ttyX", ports }))) as { error: TransportError };
    expect(error).toMatchObject({ reason, cause: { message: said } });
    expect(error.message).toContain(advice);
  });

  it("names the command that installs the package where it is missing", async () => {
    const ports = modulePorts(() =>
      Promise.reject(new Error("Cannot find package 'serialport'\nRequire stack:")),
    );
    const { error } = (await outcome(openSerial({ path: "/dev/ttyX", ports }))) as { error: TransportError };
    expect(error).toMatchObject({ reason: "missingModule" });
    expect(error.message).toContain("\"npm install serialport\" (Cannot find package 'serialport')");
  });

  it("closes a port that opens after the signal was aborted", async () => {
    const clock = new VirtualClock();
    const ports = new FakePorts(clock, () => undefined);
    const calling = new AbortController();
    const opening = openSerial({ path: "/dev/fake", ports, signal: calling.signal });
    calling.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
    await eventLoopRound();
    expect(ports.wire?.host.closed).toBe(true);
  });
});

describe("Bursts to a serial port", () => {
  it("makes one write of the packets of a turn, and of those that come while the device is busy", async () => {
    const writes: string[] = [];
    let done: (() => void) | undefined;
    const writer = new BurstWriter(
      (octets, callback) => {
        writes.push(toHex(octets));
        done = callback;
      },
      () => undefined,
    );
    writer.push(hex("01"));
    writer.push(hex("02"));
    await eventLoopRound();
    expect(writes).toEqual(["0102"]);
    writer.push(hex("03"));
    await eventLoopRound();
    writer.push(hex("04"));
    expect([writes.length, writer.waiting]).toEqual([1, 4]);
    done?.();
    expect(writes).toEqual(["0102", "0304"]);
    const idle = writer.idle();
    done?.();
    await idle;
    expect(writer.waiting).toBe(0);
  });

  it("ends a port that takes nothing any more, without holding more than 1 MiB", async () => {
    const ports = modulePorts(() => Promise.resolve(fakeModule(() => undefined)));
    await using transport = await openSerial({ path: "/dev/ttyX", ports });
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    for (let count = 0; count < 1100; count++) transport.send(new Uint8Array(1024).fill(2));
    await eventLoopRound();
    expect(receiver.closings).toMatchObject([
      { reason: "stalled", message: expect.stringContaining("CTS") as string },
    ]);
  });
});

/** A controller that speaks H4 at the other end of a wire. */
function serveController(end: WireEnd, controller: VirtualController): void {
  const transport = controller.transport();
  const framer = new H4Framer();
  transport.start({ packet: (packet) => end.write(packet.slice()), closed: () => undefined });
  end.start({
    octets: (chunk) => framer.push(chunk, { packet: (packet) => transport.send(packet.slice()) }),
    lost: () => undefined,
  });
}

describe("A host on a serial port", () => {
  /** A host on a virtual controller over a fake wire. */
  async function hostOnWire() {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    const ports = new FakePorts(clock, (end) => serveController(end, air.controller()));
    const transport = await openSerial({ path: "/dev/fake", ports, clock });
    const host = await clock.until(Host.open(transport, { clock, random: new SeededRandom(1) }));
    const told: string[] = [];
    host.on("fault", (error) => told.push(`fault: ${String(error)}`));
    host.on("recovered", (cause) => told.push(`recovered: ${cause.message}`));
    host.on("closed", (error) => told.push(`closed: ${error?.message ?? ""}`));
    return { clock, wire: ports.wire!, host, told };
  }

  it("opens through the banner of a board that starts", async () => {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    const ports = new FakePorts(clock, (end) => {
      serveController(end, air.controller());
      end.write(new TextEncoder().encode("*** Booting Zephyr OS build v3.7.0 ***\r\n"));
    });
    const transport = await openSerial({ path: "/dev/fake", ports, clock });
    await using host = await clock.until(Host.open(transport, { clock, random: new SeededRandom(1) }));
    expect(host.address.type).toBe("public");
    await clock.until(host[Symbol.asyncDispose]());
  });

  it("is told when the device is unplugged in the middle of a packet", async () => {
    const { clock, wire, told } = await hostOnWire();
    wire.device.write(hex("04 3e 13 0d"));
    await clock.advance(1);
    wire.host.lose();
    await clock.advance(1);
    expect(told).toEqual(["closed: the transport failed: /dev/fake was lost: unplugged"]);
  });

  it("resets a controller that said half a header and fell silent, and goes on", async () => {
    const { clock, wire, host, told } = await hostOnWire();
    // As it crashes it says half a header of data, takes nothing for 4 s, and is there again.
    wire.device.write(hex("02 40"));
    wire.trouble = () => new Uint8Array(0);
    clock.after(4_000, () => (wire.trouble = (octets) => octets));
    const scan = host.scan()[Symbol.asyncIterator]();
    const found = scan.next();
    await clock.advance(7_000);
    expect(told.at(-1)).toMatch(/^recovered: HCI_.*: the controller does not answer/);
    void found.catch(() => undefined);
    await clock.until(host[Symbol.asyncDispose]());
  });

  it("ends with the command that was not answered when the controller stays silent", async () => {
    const { clock, wire, host, told } = await hostOnWire();
    wire.device.write(hex("04 0e"));
    wire.trouble = () => new Uint8Array(0);
    const found = outcome(host.scan()[Symbol.asyncIterator]().next());
    const { error } = (await clock.until(found)) as { error: Error };
    expect(error.name).toBe("CommandTimeoutError");
    await clock.advance(20_000);
    expect(told.at(-1)).toMatch(/^closed: HCI_Reset: the controller does not answer/);
  });

  it("tells of 1 MiB of noise as faults, and goes on", async () => {
    const { clock, wire, host, told } = await hostOnWire();
    const noise = new SeededRandom(3).bytes(1024 * 1024);
    for (let at = 0; at < noise.length; at += 4096) wire.device.write(noise.slice(at, at + 4096));
    await clock.advance(1_000);
    const faults = told.filter((each) => each.startsWith("fault: MalformedPduError"));
    expect(faults.length).toBeGreaterThan(0);
    const advertising = clock.until(host.advertise({ name: "still here" }));
    await expect(advertising).resolves.toBeDefined();
    expect(told.filter((each) => each.startsWith("closed"))).toEqual([]);
    await clock.until(host[Symbol.asyncDispose]());
  });
});

/** The npm package as it behaves: a port that opens or fails, and never takes what is written. */
function fakeModule(onSettings: (settings: ModuleSettings) => void, failure: Error | null = null): object {
  class SerialPort {
    constructor(settings: ModuleSettings) {
      onSettings(settings);
    }
    static list(): Promise<readonly object[]> {
      const port = { path: "/dev/ttyACM7", vendorId: "1366", productId: "0105", manufacturer: "SEGGER" };
      return Promise.resolve([port]);
    }
    open(done: (error: Error | null) => void): void {
      done(failure);
    }
    close(done: (error: Error | null) => void): void {
      done(null);
    }
    write(): boolean {
      return false;
    }
    on(): void {
      // nothing ever happens
    }
    off(): void {
      // nothing ever happens
    }
  }
  return { SerialPort };
}

describe.skipIf(noPty !== "")(`A host on the real package and a pseudo-terminal${noPty}`, () => {
  it("finds a peer and connects to it", async () => {
    await using air = new VirtualAir();
    await using doors = await openDoors(air, [{ kind: "pty" }]);
    const { location } = doors.doors[0]!;
    await using host = await Host.open(await openSerial({ path: "path" in location ? location.path : "" }));
    await using peer = await Host.open(air.controller().transport());
    await using advertising = await peer.advertise({ name: "behind a port" });
    for await (const found of host.scan()) {
      expect(found.name).toBe("behind a port");
      break;
    }
    await using connection = await host.connect(peer.address);
    expect(connection.role).toBe("central");
    expect(advertising).toBeDefined();
  });

  it("speaks H5 with a controller", async () => {
    await using pty = await openPty();
    await using air = new VirtualAir();
    const controller = air.controller();
    const behind = controller.transport();
    using link: H5Link = new H5Link(
      {
        write: (octets) => pty.device.write(octets),
        activated: () => undefined,
        packet: (packet) => behind.send(packet.slice()),
        reset: () => undefined,
        fault: () => undefined,
        unheard: () => undefined,
      },
      systemClock,
      {
        role: "controller",
        configuration: { windowSize: 4, softwareFlowControl: false, dataIntegrityCheck: true },
        resendMs: 250,
      },
    );
    behind.start({ packet: (packet) => link.send(packet.slice()), closed: () => undefined });
    pty.device.on("data", (chunk) => link.receive(chunk));
    link.start();
    await using host = await Host.open(await openSerial({ path: pty.path, protocol: "h5" }));
    expect(host.address.equals(controller.address)).toBe(true);
  });
});
