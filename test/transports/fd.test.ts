import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { concat, fromHex as hex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { DescriptorTransport } from "../../transports/descriptor-transport.ts";
import { openFd } from "../../transports/fd.ts";
import { FakeDescriptor, type Waiting } from "../support/fake-descriptor.ts";
import { SocketPeer, socketRig } from "../support/socket-rig.ts";
import { RecordingReceiver, transportContract } from "../support/transport-contract.ts";

const reset = hex("01 03 0c 00");

function opened(waiting: Waiting) {
  const clock = new VirtualClock();
  const io = new FakeDescriptor(clock, waiting);
  let closings = 0;
  const transport = new DescriptorTransport({ fd: 3, who: "fd:3", clock, io }, () => closings++);
  return { clock, io, transport, closings: () => closings };
}

const kinds: readonly (readonly [name: string, waiting: Waiting])[] = [
  ["that waits until something comes", "always"],
  ["that waits for 200 ms at most", "timeout"],
  ["that does not wait", "never"],
];

/** Lets time pass while a transport closes. */
async function closed(clock: VirtualClock, transport: AsyncDisposable): Promise<void> {
  await clock.until(Promise.resolve(transport[Symbol.asyncDispose]()));
}

for (const [name, waiting] of kinds) {
  transportContract(`a descriptor ${name}`, {
    carries: "packets",
    async open() {
      await Promise.resolve();
      const { clock, io, transport } = opened(waiting);
      const dispose = transport[Symbol.asyncDispose].bind(transport);
      transport[Symbol.asyncDispose] = () => clock.until(dispose());
      return {
        transport,
        send: (chunks) => {
          for (const chunk of chunks) io.deliver(chunk);
        },
        received: () => io.received(),
        lose: () => {
          io.fail("EPIPE");
        },
        settle: () => clock.advance(10),
        [Symbol.asyncDispose]: async () => {
          await clock.advance(0);
          expect([io.closings, clock.timers]).toEqual([1, 0]);
        },
      };
    },
    openWith: (signal) => openFd({ fd: 3, signal }),
  });
}

describe("A descriptor", () => {
  it("is asked again at once where it waits itself, and ever more rarely, up to 8 ms, where it does not", async () => {
    const patient = opened("timeout");
    patient.transport.start(new RecordingReceiver());
    await patient.clock.advance(10_000);
    expect(patient.io.reads).toBe(51);
    const hasty = opened("never");
    hasty.transport.start(new RecordingReceiver());
    await hasty.clock.advance(10_000);
    expect(hasty.io.reads).toBeGreaterThan(1_000);
    expect(hasty.io.reads).toBeLessThan(1_300);
    await closed(patient.clock, patient.transport);
    await closed(hasty.clock, hasty.transport);
  });

  it("has its read ended by an answer of the controller when it closes, where nothing else ends it", async () => {
    const { clock, io, transport, closings } = opened("always");
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    await closed(clock, transport);
    expect(io.wakings).toEqual([hex("01 01 10 00")]);
    expect([io.reading, closings(), receiver.packets, receiver.closings]).toEqual([
      false,
      1,
      [],
      [undefined],
    ]);
    expect(clock.now()).toBeLessThan(300);
  });

  it("closes although a read waits for a controller that is silent", async () => {
    const { clock, io, transport } = opened("always");
    io.answers = false;
    transport.start(new RecordingReceiver());
    await closed(clock, transport);
    expect([io.closings, clock.now()]).toEqual([1, 1_250]);
    expect(clock.timers).toBe(0);
  });

  it("sends the rest of what was taken in part, and again what was not (EAGAIN), in order", async () => {
    const { clock, io, transport } = opened("timeout");
    transport.start(new RecordingReceiver());
    io.writeErrors.push("EAGAIN", "EINTR", "ENOBUFS");
    io.mostTaken = 3;
    transport.send(reset.slice());
    transport.send(hex("01 09 10 00"));
    await clock.advance(100);
    expect(io.received()).toEqual(concat(reset, hex("01 09 10 00")));
    await closed(clock, transport);
  });

  it("ends, telling so, when more than 4 MiB wait for a controller that takes nothing", async () => {
    const { clock, io, transport } = opened("timeout");
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    io.takes = false;
    const packet = concat(hex("02 40 00 00 04"), new Uint8Array(1024));
    for (let left = 5 * 1024; left > 0; left--) transport.send(packet.slice());
    await clock.advance(0);
    expect(receiver.closings).toMatchObject([{ reason: "stalled" }]);
    await closed(clock, transport);
    expect([io.closings, clock.timers]).toEqual([1, 0]);
  });

  it("closes within a second although it takes nothing", async () => {
    const { clock, io, transport } = opened("timeout");
    transport.start(new RecordingReceiver());
    io.takes = false;
    transport.send(reset.slice());
    await closed(clock, transport);
    expect(io.closings).toBe(1);
    expect(clock.now()).toBeLessThanOrEqual(1_250);
  });

  it("ends with what is the matter when it does not take a packet of that size", async () => {
    const { clock, io, transport } = opened("timeout");
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    io.writeErrors.push("EINVAL");
    transport.send(new Uint8Array(2000));
    await clock.advance(0);
    expect(receiver.closings).toMatchObject([
      {
        reason: "failed",
        message: expect.stringContaining("does not take a packet of 2000 octets") as unknown,
      },
    ]);
    await closed(clock, transport);
  });

  it("is lost when the other end has closed it", async () => {
    const { clock, io, transport } = opened("timeout");
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    io.deliver(new Uint8Array(0));
    await clock.advance(0);
    expect(receiver.closings).toMatchObject([
      { reason: "lost", message: expect.stringContaining("closed") as unknown },
    ]);
    await closed(clock, transport);
  });
});

/** What has no file at all, such as what the event loop waits with. */
function isAnonymous(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith("anon_inode:");
  } catch {
    return false; // closed since it was listed
  }
}

describe("openFd", () => {
  it("refuses a number that is none of a descriptor", async () => {
    for (const fd of [-1, 1.5, Number.NaN]) await expect(openFd({ fd })).rejects.toThrow(RangeError);
  });

  it("tells that a descriptor is not open", async () => {
    await expect(openFd({ fd: 99_999 })).rejects.toMatchObject({
      reason: "noSuchDevice",
      message: expect.stringContaining("docs/raspberry-pi.md") as unknown,
    });
  });

  it("tells that a descriptor is a file, and leaves it open", async () => {
    const fd = openSync(fileURLToPath(import.meta.url), "r");
    await expect(openFd({ fd })).rejects.toMatchObject({
      reason: "unsupported",
      message: expect.stringContaining("it is a file") as unknown,
    });
    closeSync(fd);
  });

  it.skipIf(!existsSync("/proc/self/fd"))(
    "refuses the descriptors that Node has for itself, which closing would end (skipped without /proc)",
    async () => {
      const own = readdirSync("/proc/self/fd").map(Number).filter(isAnonymous);
      expect(own.length).toBeGreaterThan(0);
      for (const fd of own) {
        await expect(openFd({ fd })).rejects.toMatchObject({
          reason: "unsupported",
          message: expect.stringContaining("one of Node's own, which nobody has handed over") as unknown,
        });
      }
    },
  );

  it("is lost at once on a device that is none of Bluetooth, such as /dev/null", async () => {
    const transport = await openFd({ fd: openSync("/dev/null", "r+") });
    const receiver = new RecordingReceiver();
    receiver.start(transport);
    while (receiver.closings.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(receiver.closings).toMatchObject([{ reason: "lost" }]);
    await transport[Symbol.asyncDispose]();
  });

  it("refuses a descriptor that is in use, and the first goes on; and gives it back", async () => {
    const fd = openSync("/dev/null", "r+");
    const first = await openFd({ fd });
    await expect(openFd({ fd })).rejects.toMatchObject({ reason: "busy" });
    await first[Symbol.asyncDispose]();
    const again = openSync("/dev/null", "r+");
    expect(again).toBe(fd);
    await (await openFd({ fd: again }))[Symbol.asyncDispose]();
  });

  it("leaves a thread of the pool for everything else", async () => {
    const transports = [];
    for (let left = 3; left > 0; left--) transports.push(await openFd({ fd: openSync("/dev/null", "r+") }));
    const fourth = openSync("/dev/null", "r+");
    await expect(openFd({ fd: fourth })).rejects.toThrow("UV_THREADPOOL_SIZE=8");
    closeSync(fourth);
    for (const transport of transports) await transport[Symbol.asyncDispose]();
  });
});

const hasPython = spawnSync("python3", ["--version"]).status === 0;
const hasSocat = spawnSync("socat", ["-V"]).status === 0;

/** A terminal whose other end is a socket of the test. */
async function terminal() {
  const folder = mkdtempSync(join(tmpdir(), "jelling-fd-"));
  const [path, link] = [join(folder, "socket"), join(folder, "terminal")];
  const server = createServer().listen(path);
  await once(server, "listening");
  const socat = spawn("socat", [`pty,rawer,link=${link}`, `unix-connect:${path}`]);
  const [socket] = (await once(server, "connection")) as [Socket];
  return { peer: new SocketPeer(socket), server, socat, link, folder };
}

if (hasSocat) {
  transportContract("a terminal behind a descriptor", {
    carries: "octets",
    noise: "ends",
    largest: 2000,
    async open() {
      const { peer, server, socat, link, folder } = await terminal();
      const fd = openSync(link, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
      const rig = socketRig(await openFd({ fd }), peer, server);
      const dispose = rig[Symbol.asyncDispose].bind(rig);
      return {
        ...rig,
        [Symbol.asyncDispose]: async () => {
          await dispose();
          if (socat.exitCode === null) {
            socat.kill();
            await once(socat, "exit");
          }
          rmSync(folder, { recursive: true });
        },
      };
    },
  });
}

const child = fileURLToPath(new URL("../support/echo-fd.ts", import.meta.url));
const loader = new URL("../support/typescript-loader.js", import.meta.url).href;
const node = ["--import", loader, child];

/** What a child has said by its end. */
async function said({ stdout, stderr }: ChildProcess, ended: Promise<unknown>): Promise<string> {
  let text = "";
  for (const stream of [stdout, stderr])
    stream?.setEncoding("utf8").on("data", (part: string) => (text += part));
  await ended;
  return text;
}

describe("A descriptor that a process inherits", () => {
  it("is read and written where it is a stream socket", async () => {
    const process_ = spawn(process.execPath, node, { stdio: ["ignore", "pipe", "pipe", "pipe"] });
    const ended = once(process_, "close");
    const text = said(process_, ended);
    const socket = process_.stdio[3] as Socket;
    const echoed: Uint8Array[] = [];
    socket.on("data", (octets: Buffer) => {
      echoed.push(octets);
      if (concat(...echoed).length === 7) socket.end();
    });
    socket.write(hex("04 0e 04 01 03 0c 00"));
    expect(await text).toBe("echoed 04 0e 04 01 03 0c 00\nclosed: lost\n");
    expect(concat(...echoed)).toEqual(hex("04 0e 04 01 03 0c 00"));
  });

  // Node itself cannot make such a socket.
  it.skipIf(!hasPython)(
    "is read and written where it is a socket of packets (skipped without python3)",
    async () => {
      const parent = fileURLToPath(new URL("../support/packet-socket.py", import.meta.url));
      const process_ = spawn("python3", [parent, process.execPath, ...node], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      expect(await said(process_, once(process_, "close"))).toBe(
        [
          "echoed 04 0e 04 01 03 0c 00",
          "echoed 04 ff 00",
          "closed: lost",
          "the parent has got 040e0401030c00 04ff00",
          "",
        ].join("\n"),
      );
    },
  );
});
