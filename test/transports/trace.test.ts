import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { readCapture } from "../../transports/capture/index.ts";
import { traced } from "../../transports/trace.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "jelling-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A transport without a controller: the test plays one. Buffers it was sent are overwritten, as their owner may. */
class FakeTransport implements HciTransport {
  readonly sent: string[] = [];
  disposed = false;
  #receiver: HciReceiver | undefined;

  start(receiver: HciReceiver): void {
    this.#receiver = receiver;
  }

  send(packet: Uint8Array): void {
    this.sent.push(toHex(packet));
    packet.fill(0xee);
  }

  /** The packet is borrowed: it is overwritten as soon as the receiver returns. */
  receive(hex: string): void {
    const packet = fromHex(hex);
    this.#receiver?.packet(packet);
    packet.fill(0xee);
  }

  closed(error?: Error): void {
    this.#receiver?.closed(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.disposed = true;
    this.closed();
    return Promise.resolve();
  }
}

class Receiver implements HciReceiver {
  readonly received: string[] = [];
  readonly ends: (Error | undefined)[] = [];

  packet(packet: Uint8Array): void {
    this.received.push(toHex(packet));
  }

  closed(error?: Error): void {
    this.ends.push(error);
  }
}

const reset = "01030c00";
const complete = "040e0401030c00";
const date = Date.UTC(2026, 0, 1);

const pathOf = (name: string): string => join(folder, name);
const read = (path: string) => [...readCapture(readFileSync(path))];

describe("traced", () => {
  it.each(["btsnoop", "pcap"] as const)(
    "writes every packet of both directions with its time, as %s",
    async (format) => {
      const path = pathOf(`both.${format}`);
      const clock = new VirtualClock(date);
      const inner = new FakeTransport();
      const receiver = new Receiver();
      const transport = traced(inner, { path, clock, format });
      transport.start(receiver);
      transport.send(fromHex(reset));
      clock.advanceSync(1.5);
      inner.receive(complete);
      await transport[Symbol.asyncDispose]();

      expect(inner.sent).toEqual([reset]);
      expect(receiver.received).toEqual([complete]);
      expect(read(path)).toMatchObject([
        { direction: "hostToController", timestampMicroseconds: date * 1000, packet: fromHex(reset) },
        {
          direction: "controllerToHost",
          timestampMicroseconds: date * 1000 + 1500,
          packet: fromHex(complete),
        },
      ]);
      expect(clock.timers).toBe(0);
    },
  );

  it("gives a function the octets of the file, each packet before the transport has it", () => {
    const parts: Uint8Array[] = [];
    const inner = new FakeTransport();
    const transport = traced(inner, { write: (octets) => parts.push(octets), clock: new VirtualClock() });
    transport.start(new Receiver());
    expect(parts).toHaveLength(1);
    transport.send(fromHex(reset));
    inner.receive(complete);
    expect(parts).toHaveLength(3);
    expect([...readCapture(concat(...parts))].map(({ packet }) => toHex(packet))).toEqual([reset, complete]);
  });

  it("has the file complete when the transport closes by itself, and tells the receiver why", () => {
    const path = pathOf("closed.btsnoop");
    const inner = new FakeTransport();
    const receiver = new Receiver();
    const transport = traced(inner, { path });
    transport.start(receiver);
    inner.receive(complete);
    const reason = new TransportError("unplugged");
    inner.closed(reason);
    expect(receiver.ends).toEqual([reason]);
    expect(read(path)).toHaveLength(1);
    transport.send(fromHex(reset));
    expect(read(path)).toHaveLength(1);
  });

  it("has the packets in the file once the event loop has come round", async () => {
    const path = pathOf("growing.btsnoop");
    const transport = traced(new FakeTransport(), { path });
    transport.start(new Receiver());
    for (let i = 1; i <= 3; i++) {
      transport.send(fromHex(reset));
      await new Promise((resolve) => setImmediate(resolve));
      expect(read(path)).toHaveLength(i);
    }
    await transport[Symbol.asyncDispose]();
  });

  it("has the packets in the file when the process exits in the middle of a turn", async () => {
    const path = pathOf("crash.btsnoop");
    const listeners = process.listeners("exit");
    const transport = traced(new FakeTransport(), { path });
    const another = traced(new FakeTransport(), { path: pathOf("another.btsnoop") });
    const added = process.listeners("exit").filter((listener) => !listeners.includes(listener));
    expect(added).toHaveLength(1);
    transport.send(fromHex(reset));
    expect(readFileSync(path)).toHaveLength(0);
    added[0]?.call(process, 1);
    expect(read(path)).toHaveLength(1);
    await transport[Symbol.asyncDispose]();
    await another[Symbol.asyncDispose]();
    expect(process.listeners("exit")).toEqual(listeners);
  });

  it("holds no more than its buffer, and writes packets in order whatever their size", async () => {
    const path = pathOf("large.btsnoop");
    const transport = traced(new FakeTransport(), { path });
    const sizes = [65540, 10, 65540, 65000, 600, ...Array.from({ length: 700 }, () => 255)];
    for (const size of sizes) transport.send(new Uint8Array(size).fill(2));
    expect(readFileSync(path).length).toBeGreaterThan(3 * 65000);
    await transport[Symbol.asyncDispose]();
    expect(read(path).map(({ packet }) => packet.length)).toEqual(sizes);
  });

  it("begins the file anew", async () => {
    const path = pathOf("again.btsnoop");
    for (let i = 0; i < 2; i++) {
      const transport = traced(new FakeTransport(), { path });
      transport.send(fromHex(reset));
      await transport[Symbol.asyncDispose]();
    }
    expect(read(path)).toHaveLength(1);
  });

  it("lets the traffic go on when the file cannot be opened, and rejects at the end with the reason", async () => {
    const path = pathOf("absent/trace.btsnoop");
    const inner = new FakeTransport();
    const receiver = new Receiver();
    const transport = traced(inner, { path });
    transport.start(receiver);
    transport.send(fromHex(reset));
    inner.receive(complete);
    expect([...inner.sent, ...receiver.received]).toEqual([reset, complete]);
    const disposal = transport[Symbol.asyncDispose]();
    await expect(disposal).rejects.toThrow(TransportError);
    await expect(disposal).rejects.toThrow(/^the trace to .*trace\.btsnoop ended: ENOENT/);
    expect(inner.disposed).toBe(true);
    await expect(transport[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  it.skipIf(!existsSync("/dev/full"))(
    "tells onError once that the disk is full (needs /dev/full)",
    async () => {
      const errors: TransportError[] = [];
      const inner = new FakeTransport();
      const transport = traced(inner, { path: "/dev/full", onError: (error) => errors.push(error) });
      transport.start(new Receiver());
      for (let i = 0; i < 3; i++) {
        transport.send(fromHex(reset));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await transport[Symbol.asyncDispose]();
      expect(inner.sent).toHaveLength(3);
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/ENOSPC/)]);
      expect((errors[0]?.cause as NodeJS.ErrnoException).code).toBe("ENOSPC");
    },
  );

  it("stops tracing, and nothing else, when the function throws", async () => {
    const errors: TransportError[] = [];
    const inner = new FakeTransport();
    let calls = 0;
    const write = (): void => {
      if (++calls === 2) throw new Error("no more paper");
    };
    const transport = traced(inner, { write, onError: (error) => errors.push(error) });
    for (let i = 0; i < 3; i++) transport.send(fromHex(reset));
    await transport[Symbol.asyncDispose]();
    expect(inner.sent).toHaveLength(3);
    expect(calls).toBe(2);
    expect(errors.map(({ message }) => message)).toEqual(["the trace to its function ended: no more paper"]);
  });

  it("refuses to trace to nowhere", () => {
    expect(() => traced(new FakeTransport(), {})).toThrow(TypeError);
  });
});
