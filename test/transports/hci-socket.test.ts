import { EventEmitter } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex as hex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { TransportReason } from "../../src/common/errors.ts";
import { openHciSocket } from "../../transports/hci-socket.ts";
import {
  type HciSocketModule,
  type HciSocketPackage,
  loadHciSocketModule,
} from "../../transports/hci-socket-module.ts";
import { FakeKernel, fakeAbandonware, fakeStoprocent } from "../support/fake-hci-socket.ts";
import {
  eventLoopRound,
  RecordingReceiver,
  settleUntil,
  transportContract,
} from "../support/transport-contract.ts";

const fakes: readonly (readonly [name: string, fake: (kernel: FakeKernel) => HciSocketModule])[] = [
  ["@abandonware/bluetooth-hci-socket", fakeAbandonware],
  ["@stoprocent/bluetooth-hci-socket", fakeStoprocent],
];

const reset = hex("01 03 0c 00");
const versionRequest = hex("01 01 10 00");

let sysfs = "";
beforeAll(() => {
  sysfs = mkdtempSync(join(tmpdir(), "jelling-sysfs-"));
});
afterAll(() => {
  rmSync(sysfs, { recursive: true });
});

let devices = 0;

async function opened(fake: (kernel: FakeKernel) => HciSocketModule) {
  const kernel = new FakeKernel();
  const clock = new VirtualClock();
  const device = devices++;
  const path = join(sysfs, `hci${device}`);
  mkdirSync(path);
  const transport = await openHciSocket({ device, module: fake(kernel), clock, sysfs });
  return { kernel, clock, transport, unplug: () => rmSync(path, { recursive: true }) };
}

describe.each(fakes)("hci-socket with %s", (name, fake) => {
  transportContract(`hci-socket with ${name}`, {
    carries: "packets",
    largest: 1024,
    openWith: (signal) => openHciSocket({ module: fake(new FakeKernel()), signal }),
    async open() {
      const { kernel, clock, transport, unplug } = await opened(fake);
      return {
        transport,
        send: async (chunks) => {
          for (const chunk of chunks) {
            kernel.deliver(chunk);
            await eventLoopRound();
          }
        },
        // Closing makes the controller say something, so that the package's thread comes to its end.
        received: () => concat(...kernel.taken.filter((packet) => !isVersionRequest(packet))),
        lose: unplug,
        settle: () => clock.advance(100),
        [Symbol.asyncDispose]: async () => {
          await eventLoopRound();
          expect(clock.timers).toBe(0);
        },
      };
    },
  });

  const failures: [errno: string, reason: TransportReason, advice: string][] = [
    ["EBUSY", "busy", "sudo systemctl stop bluetooth && sudo hciconfig hci3 down"],
    ["EPERM", "permission", "sudo setcap cap_net_admin,cap_net_raw+eip"],
    ["ENODEV", "noSuchDevice", "There is hci1: see ls"],
    ["ERFKILL", "rfkill", "rfkill unblock bluetooth"],
  ];
  it.each(failures)("tells what to do when bind fails with %s", async (errno, reason, advice) => {
    const kernel = new FakeKernel();
    kernel.bindError = errno;
    const only = mkdtempSync(join(tmpdir(), "jelling-sysfs-"));
    mkdirSync(join(only, "hci1"));
    await expect(openHciSocket({ device: 3, module: fake(kernel), sysfs: only })).rejects.toMatchObject({
      code: "TRANSPORT",
      reason,
      message: expect.stringContaining(advice) as unknown,
    });
    rmSync(only, { recursive: true });
  });

  it("tells that the kernel has no Bluetooth, however the package says so", async () => {
    const kernel = new FakeKernel();
    kernel.socketError = "EAFNOSUPPORT";
    await expect(openHciSocket({ module: fake(kernel), sysfs })).rejects.toMatchObject({
      reason: "unsupported",
      message: expect.stringContaining("docker run --network host") as unknown,
    });
  });

  it("takes the controller that was asked for", async () => {
    const kernel = new FakeKernel();
    await using transport = await openHciSocket({ device: 7, module: fake(kernel), sysfs });
    expect([kernel.boundTo, typeof transport.send]).toEqual([7, "function"]);
  });

  it("loses no packet when the kernel is full for a while (EAGAIN), and keeps their order", async () => {
    const { kernel, clock, transport } = await opened(fake);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    kernel.writeErrors.push("EAGAIN", "EAGAIN", "ENOBUFS");
    transport.send(reset.slice());
    transport.send(hex("01 09 10 00"));
    expect(kernel.taken).toEqual([]);
    await clock.advance(100);
    expect(kernel.taken).toEqual([reset, hex("01 09 10 00")]);
    expect(receiver.closings).toEqual([]);
    await transport[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
  });

  it("holds 4 MiB at most for a kernel that takes nothing, and says so", async () => {
    const { kernel, clock, transport } = await opened(fake);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    kernel.write = () => "EAGAIN";
    const packet = concat(hex("02 40 00 00 04"), new Uint8Array(1024));
    for (let left = 5 * 1024; left > 0; left--) transport.send(packet.slice());
    await clock.advance(0);
    expect(receiver.closings).toMatchObject([{ reason: "stalled" }]);
    await transport[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
  });

  it("ends when the kernel says that the controller is gone", async () => {
    const { kernel, clock, transport } = await opened(fake);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    kernel.writeErrors.push("ENETDOWN");
    transport.send(reset.slice());
    await clock.advance(0);
    expect(receiver.closings).toMatchObject([{ reason: "lost" }]);
    expect([kernel.stops, clock.timers]).toEqual([1, 0]);
    await transport[Symbol.asyncDispose]();
  });

  it("tells of a packet that the package's buffer of 1024 octets has cut, and goes on", async () => {
    const { kernel, transport } = await opened(fake);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    kernel.deliver(concat(hex("02 40 20 00 05"), new Uint8Array(1280)));
    kernel.deliver(hex("04 ff 00"));
    await settleUntil({ settle: eventLoopRound }, () => receiver.packets.length > 0);
    expect(receiver.packets).toEqual([hex("04 ff 00")]);
    expect(receiver.faults.map(({ message }) => message)).toEqual([
      expect.stringContaining(`cut short by ${name}: 1024 of 1285 octets`),
    ]);
    await transport[Symbol.asyncDispose]();
  });

  it("notices that the device was replaced between two looks", async () => {
    const { clock, transport, unplug } = await opened(fake);
    const path = join(sysfs, `hci${devices - 1}`);
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    await clock.advance(10_000);
    expect(receiver.closings).toEqual([]);
    mkdirSync(`${path}-other`); // takes the inode that comes next
    unplug();
    mkdirSync(`${path}-another`);
    mkdirSync(path);
    await clock.advance(1_000);
    expect(receiver.closings).toMatchObject([{ reason: "lost" }]);
    await transport[Symbol.asyncDispose]();
  });
});

function isVersionRequest(packet: Uint8Array): boolean {
  return Buffer.compare(packet, versionRequest) === 0;
}

describe("openHciSocket", () => {
  it("refuses a number that is none of a controller", async () => {
    for (const device of [-1, 0.5, 0xffff, Number.NaN]) {
      await expect(openHciSocket({ device })).rejects.toThrow(RangeError);
    }
  });
});

describe("The packages that open HCI sockets", () => {
  it("are refused by name where it is none of them", () => {
    expect(() => loadHciSocketModule("noble" as HciSocketPackage)).toThrow(
      new RangeError(
        'module: "noble" is none of @stoprocent/bluetooth-hci-socket, @abandonware/bluetooth-hci-socket',
      ),
    );
  });

  class Socket extends EventEmitter {}
  const notThere = (path: string): never => {
    throw Object.assign(new Error(`Cannot find module '${path}'\nRequire stack:`), {
      code: "MODULE_NOT_FOUND",
    });
  };

  it("are taken in order, the one that is installed and loads", () => {
    const loaded: string[] = [];
    const module = loadHciSocketModule(undefined, (path) => {
      loaded.push(path);
      return path.startsWith("@abandonware") ? Socket : notThere(path);
    });
    expect(loaded).toEqual([
      "@stoprocent/bluetooth-hci-socket/lib/native.js",
      "@abandonware/bluetooth-hci-socket/lib/native.js",
    ]);
    expect(module.name).toBe("@abandonware/bluetooth-hci-socket");
    expect(module.create()).toBeInstanceOf(Socket);
  });

  it("can be chosen", () => {
    const module = loadHciSocketModule("@abandonware/bluetooth-hci-socket", () => Socket);
    expect(module).toMatchObject({ name: "@abandonware/bluetooth-hci-socket", leavesOpen: true });
  });

  it("are named with the commands that install them where there is none", () => {
    expect(() => loadHciSocketModule(undefined, notThere)).toThrow(
      /no npm package that opens HCI sockets is installed .*npm install @stoprocent\/bluetooth-hci-socket .*npm install @abandonware/,
    );
  });

  it("are told to be built where one is installed and was not", () => {
    const load = (path: string): never =>
      path.startsWith("@abandonware")
        ? notThere("../build/Release/bluetooth_hci_socket.node")
        : notThere(path);
    expect(() => loadHciSocketModule(undefined, load)).toThrow(
      /@abandonware\/bluetooth-hci-socket is installed and does not load: .*npm approve-scripts @abandonware\/bluetooth-hci-socket && npm rebuild/,
    );
  });

  it("are looked for where the program is, and are not here", () => {
    expect(() => loadHciSocketModule("@stoprocent/bluetooth-hci-socket")).toThrow(
      expect.objectContaining({ reason: "missingModule" }) as Error,
    );
  });
});
