import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { Host } from "../../src/host.ts";
import { openFd } from "../../transports/fd.ts";
import { openHciSocket } from "../../transports/hci-socket.ts";
import { openTransport } from "../../transports/open-transport.ts";
import { probe } from "../../transports/probe.ts";
import { openReplay } from "../../transports/replay.ts";
import { openSerial } from "../../transports/serial.ts";
import { listenTcp, openTcp } from "../../transports/tcp.ts";
import { parseTransportName, type TransportName, transportForms } from "../../transports/transport-name.ts";
import { listenUnix, openUnix } from "../../transports/unix.ts";
import { openUsb } from "../../transports/usb.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { runs } from "../support/runs.ts";

const names: readonly (readonly [name: string, parsed: TransportName])[] = [
  ["hci:0", { kind: "hci", device: 0 }],
  ["hci:12", { kind: "hci", device: 12 }],
  ["serial:/dev/ttyACM0", { kind: "serial", path: "/dev/ttyACM0", settings: {} }],
  ["serial:COM3?baud=115200", { kind: "serial", path: "COM3", settings: { baudRate: 115_200 } }],
  [
    "serial:/dev/ttyACM0?baud=1000000&preset=nrf52",
    { kind: "serial", path: "/dev/ttyACM0", settings: { baudRate: 1_000_000, preset: "nrf52" } },
  ],
  [
    "serial:/dev/ttyAMA0?rtscts&xonxoff=false&parity=even&protocol=h5",
    {
      kind: "serial",
      path: "/dev/ttyAMA0",
      settings: { rtscts: true, xonxoff: false, parity: "even", protocol: "h5" },
    },
  ],
  ["usb:", { kind: "usb", vendorId: undefined, productId: undefined }],
  ["usb:0a12:0001", { kind: "usb", vendorId: 0x0a12, productId: 1 }],
  ["tcp:9000", { kind: "tcp", host: "127.0.0.1", port: 9000, listen: false }],
  ["tcp:127.0.0.1:9000", { kind: "tcp", host: "127.0.0.1", port: 9000, listen: false }],
  ["tcp:gateway.local:1?listen", { kind: "tcp", host: "gateway.local", port: 1, listen: true }],
  ["tcp:[::1]:9000", { kind: "tcp", host: "::1", port: 9000, listen: false }],
  ["unix:/run/bt.sock", { kind: "unix", path: "/run/bt.sock", listen: false }],
  ["unix:bt.sock?listen=true", { kind: "unix", path: "bt.sock", listen: true }],
  ["fd:3", { kind: "fd", fd: 3 }],
  ["replay:trace.btsnoop", { kind: "replay", path: "trace.btsnoop", tolerant: false, instant: false }],
  [
    "replay:C:\\trace.pcap?tolerant&instant",
    { kind: "replay", path: "C:\\trace.pcap", tolerant: true, instant: true },
  ],
  ["virtual:", { kind: "virtual", air: "", profile: undefined }],
  ["virtual:kitchen?profile=4.0", { kind: "virtual", air: "kitchen", profile: "4.0" }],
];

const wrong: readonly (readonly [name: string, why: string])[] = [
  ["", "is no transport"],
  ["hci0", "is no transport, should it be hci:0"],
  ["COM3", "should it be serial:COM3"],
  ["bluetooth:0", "is no transport"],
  ["constructor:0", "is no transport"],
  ["/dev/ttyACM0", "should it be serial:/dev/ttyACM0"],
  ["hci:", "is not complete"],
  ["hci:one", "is not complete"],
  ["serial:", "is not complete"],
  ["serial:/dev/ttyACM0?baud=fast", "has baud, which is a number"],
  ["serial:/dev/ttyACM0?speed=9600", 'has no setting "speed"'],
  ["serial:/dev/ttyACM0?baud=1&baud=2", "has baud twice"],
  ["serial:/dev/ttyACM0?rtscts=perhaps", "has rtscts, which is true or false"],
  ["hci:0?baud=9600", 'has no setting "baud"'],
  ["usb:a12:1", "is not complete"],
  ["tcp:", "is not complete"],
  ["tcp:::1:9000", "is not complete"],
  ["tcp:localhost", "is not complete"],
  ["unix:", "is not complete"],
  ["fd:three", "is not complete"],
  ["replay:", "is not complete"],
];

describe("The name of a transport", () => {
  it.each(names)("%s is understood", (name, parsed) => {
    expect(parseTransportName(name)).toEqual(parsed);
  });

  it.each(wrong)('"%s" is refused, with the forms that there are', (name, why) => {
    expect(() => parseTransportName(name)).toThrow(SyntaxError);
    expect(() => parseTransportName(name)).toThrow(why);
    for (const [form] of transportForms) expect(() => parseTransportName(name)).toThrow(form);
  });

  it("is shown to people in forms that are all understood", () => {
    for (const [form] of transportForms) expect(parseTransportName(form).kind).toBe(form.split(":")[0]);
  });

  it("is understood or a SyntaxError, whatever it is", () => {
    const anything = fc.oneof(
      fc.string(),
      fc
        .constantFrom(...names.map(([name]) => name))
        .chain((name) => fc.tuple(fc.constant(name), fc.string()).map(([start, rest]) => start + rest)),
    );
    fc.assert(
      fc.property(anything, (name) => {
        try {
          parseTransportName(name);
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      runs,
    );
  });
});

describe("openTransport", () => {
  it("opens what is named, and refuses what is wrong in it as that transport does", async () => {
    await expect(openTransport("tcp:127.0.0.1:70000")).rejects.toThrow("port: 70000");
    await expect(openTransport("unix:/nonexistent/socket")).rejects.toMatchObject({ reason: "noSuchDevice" });
    await expect(openTransport("fd:99999")).rejects.toMatchObject({ reason: "noSuchDevice" });
    await expect(openTransport("replay:/nonexistent")).rejects.toMatchObject({ reason: "noSuchDevice" });
    await expect(openTransport("hci:65535")).rejects.toThrow(RangeError);
    await expect(openTransport("serial:/dev/ttyACM0?preset=arduino")).rejects.toThrow("nrf52");
    await expect(openTransport("virtual:?profile=9.9")).rejects.toThrow("profile");
    await expect(openTransport("hci0")).rejects.toThrow(SyntaxError);
    await expect(openTransport(0 as unknown as string)).rejects.toThrow(TypeError);
  });

  it("does not open anything when its signal was aborted before", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    for (const [name] of names) await expect(openTransport(name, { signal })).rejects.toThrow("enough");
  });
});

describe("What opens a transport, called by a program that no compiler checks", () => {
  const doors: Readonly<Record<string, (options: never) => Promise<unknown>>> = {
    openTcp,
    listenTcp,
    openUnix,
    listenUnix,
    openFd,
    openReplay,
    openHciSocket,
    openSerial,
    openUsb,
    probe: (options) => probe("/dev/nowhere", options),
  };

  it.each<[door: string, wrong: object, said: string]>([
    ["openTcp", { port: 1, host: 5 }, "host: give the name"],
    ["openTcp", { port: 1, timeoutMs: "5" }, "timeoutMs: give a number"],
    ["listenTcp", { port: "9000" }, "port: give a number"],
    ["openUnix", { path: "/nowhere", listen: "yes" }, "listen: give true or false"],
    ["listenUnix", { path: "" }, "path: give the path of a socket"],
    ["openFd", { fd: "3" }, "fd: give a number"],
    ["openReplay", { path: 5 }, "path: give the path of a capture"],
    ["openReplay", { path: "/nowhere", tolerant: 1 }, "tolerant: give true or false"],
    ["openHciSocket", { device: "0" }, "device: give a number"],
    ["openSerial", { path: "/nowhere", rtscts: "on" }, "rtscts: give true or false"],
    ["openSerial", { path: 5 }, "path: give a port"],
    ["openUsb", { vendorId: "0a12" }, "vendorId: give a number"],
    ["probe", { parity: "mark" }, 'parity: "mark" is none of'],
  ])("%s names the option that is wrong: %j", async (door, wrong, said) => {
    await expect(doors[door]?.(wrong as never)).rejects.toThrow(said);
  });

  it.each(Object.entries(doors))(
    "%s says so when it is given no options, a signal that is none, or an option that there is not",
    async (_, open) => {
      await expect(open(null as never)).rejects.toThrow(/: give options such as \{/);
      await expect(open({ signal: 7 } as never)).rejects.toThrow("signal: give an AbortSignal");
      await expect(open({ prot: 1 } as never)).rejects.toThrow('"prot" is no option');
    },
  );

  it("probe refuses a path that is none", async () => {
    await expect(probe(5 as never)).rejects.toThrow("path: give a port");
  });
});

describe("Host.open with a name", () => {
  it("opens the transport, on the host's clock; two on one virtual radio hear each other", async () => {
    const clock = new VirtualClock();
    const peripheral = await clock.until(Host.open("virtual:", { clock, name: "named" }));
    const central = await clock.until(Host.open("virtual:", { clock }));
    const elsewhere = await clock.until(Host.open("virtual:elsewhere", { clock }));
    await clock.until(peripheral.advertise({ name: "named" }));
    const apart = elsewhere.scan({ durationMs: 1000 })[Symbol.asyncIterator]().next();
    const connection = await clock.until(central.connect(peripheral.address));
    expect(connection.role).toBe("central");
    expect(await clock.until(apart)).toEqual({ done: true, value: undefined });
    for (const host of [peripheral, central, elsewhere]) {
      await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
    }
    expect(clock.timers).toBe(0);
  });

  it("refuses a name that is none, and options that are wrong before it opens anything", async () => {
    await expect(Host.open("hci0")).rejects.toThrow(SyntaxError);
    await expect(Host.open("fd:99999", { mtu: 1 })).rejects.toThrow(RangeError);
    await expect(Host.open("fd:99999")).rejects.toBeInstanceOf(TransportError);
  });
});

describe("A transport", () => {
  it("serves one host: a second one gets an error that says so, and the first goes on", async () => {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    const transport = air.controller().transport();
    const first = await clock.until(Host.open(transport, { clock }));
    await expect(Host.open(transport, { clock })).rejects.toMatchObject({
      code: "TRANSPORT",
      reason: "busy",
      message: "another host has this transport, or has had it: open one for each host",
    });
    await clock.until(first.advertise());
    await clock.until(Promise.resolve(first[Symbol.asyncDispose]()));
    await expect(Host.open(transport, { clock })).rejects.toMatchObject({ reason: "busy" });
    expect(clock.timers).toBe(0);
  });

  it("that two hosts open at once is the first one's", async () => {
    const clock = new VirtualClock();
    const transport = new VirtualAir({ clock }).controller().transport();
    const opening = Host.open(transport, { clock });
    await expect(Host.open(transport, { clock })).rejects.toMatchObject({ reason: "busy" });
    const host = await clock.until(opening);
    await clock.until(Promise.resolve(host[Symbol.asyncDispose]()));
  });
});
