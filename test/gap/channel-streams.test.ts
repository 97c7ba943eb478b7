import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import { afterAll, describe, expect, it } from "vitest";
import { DisconnectedError } from "../../src/hci/error.ts";
import { controllerKinds, outcome } from "../support/two-hosts.ts";
import { channelPair, octets, take, takeAll } from "./channel-pair.ts";

const folder = mkdtempSync(join(tmpdir(), "jelling-test-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** One that lets through only a little before the peer reads. */
const narrow = { mtu: 100, mps: 102, initialCredits: 2 };

const digest = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

describe("The Web Streams of a channel", () => {
  it("pipe octets to the peer, and the end with them", async () => {
    const { air, near, far } = await channelPair({ mtu: 500 });
    const source = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(octets(1234, i));
        controller.close();
      },
    });
    const piping = source.pipeTo(near.writable);
    const chunks: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of far.readable) chunks.push(chunk);
    })();
    await air.until(Promise.all([piping, reading]));
    expect(Buffer.concat(chunks)).toEqual(
      Buffer.concat(Array.from({ length: 20 }, (_, i) => octets(1234, i))),
    );
    expect(Math.max(...chunks.map(({ length }) => length))).toBe(500);
    expect([near.closeReason, far.closeReason]).toMatchObject([{ by: "local" }, { by: "peer" }]);
    await air.expectNothingLeft();
  });

  it("readable has an SDU for each chunk and takes none ahead; writable gives back-pressure", async () => {
    const { air, near, far } = await channelPair(narrow);
    const { readable } = far;
    expect(far.readable).toBe(readable);
    expect(near.writable).toBe(near.writable);
    const writer = near.writable.getWriter();
    let written = 0;
    const writing = (async () => {
      for (; written < 100; written++) {
        await writer.ready;
        await writer.write(octets(50, written));
      }
    })();
    await air.clock.advance(1_000);
    expect(written).toBeLessThan(40);
    expect(far.granted).toBe(0);
    const reader = readable.getReader();
    for (let i = 0; i < 100; i++) {
      expect(await air.until(reader.read())).toEqual({ done: false, value: octets(50, i) });
    }
    await air.until(writing);
    await air.until(Promise.all([writer.close(), writer.closed]));
    expect(await air.until(reader.read())).toEqual({ done: true, value: undefined });
    await air.expectNothingLeft();
  });

  it("aborting the writable closes the channel at once, also while a write waits for the peer", async () => {
    const { air, near, far } = await channelPair(narrow, {}, { profile: "5.4" });
    const writer = near.writable.getWriter();
    void writer.closed.catch(() => undefined);
    const writes = Array.from({ length: 50 }, () => outcome(writer.write(octets(100))));
    await air.clock.advance(100);
    const before = air.clock.now();
    await air.until(writer.abort(new Error("enough")));
    expect(air.clock.now() - before).toBeLessThan(100);
    expect(near.closeReason).toMatchObject({ by: "local" });
    expect((await Promise.all(writes)).filter((ending) => "error" in ending).length).toBeGreaterThan(10);
    await air.until(far.closed);
    expect((await air.until(takeAll(far))).length).toBe(2);
    await air.expectNothingLeft();
  });

  it("cancelling the readable closes the channel", async () => {
    const { air, near, far } = await channelPair();
    const reader = far.readable.getReader();
    const waiting = air.track("read", reader.read());
    await air.until(reader.cancel());
    expect(await air.until(waiting)).toMatchObject({ done: true });
    expect(await air.until(near.closed)).toMatchObject({ by: "peer" });
    await air.expectNothingLeft();
  });

  it("err with the reason when the link goes, also a writer that waits for nothing", async () => {
    const { air, near, far, ends } = await channelPair();
    const writer = near.writable.getWriter();
    const closed = outcome(writer.closed);
    const read = outcome(far.readable.getReader().read());
    await air.until(ends.peripheral.disconnect());
    expect(await air.until(closed)).toMatchObject({ error: { constructor: DisconnectedError } });
    expect(await air.until(read)).toMatchObject({ error: { constructor: DisconnectedError } });
    await air.expectNothingLeft();
  });

  it("closing the writable of a channel whose peer goes before all was sent rejects", async () => {
    const { air, near, far } = await channelPair(narrow);
    const writer = near.writable.getWriter();
    void writer.closed.catch(() => undefined);
    for (let i = 0; i < 10; i++) await air.until(writer.write(octets(100)));
    const closing = outcome(writer.close());
    await air.clock.advance(60_000); // there is no bound: the peer may be slow
    expect(near.closeReason).toBeUndefined();
    await air.until(far[Symbol.asyncDispose]());
    expect(await air.until(closing)).toMatchObject({ error: { code: "CHANNEL_CLOSED", by: "peer" } });
    await air.expectNothingLeft();
  });

  it.each(["text", "", 5, null, [1, 2], new ArrayBuffer(3)])(
    "a chunk that is no Uint8Array, %j, is a TypeError of the write and closes the channel",
    async (chunk) => {
      const { air, near, far } = await channelPair();
      const writer = near.writable.getWriter();
      const over = outcome(writer.closed);
      const mistake = {
        error: { name: "TypeError", message: expect.stringMatching(/Uint8Array/) as unknown },
      };
      expect(await air.ending(writer.write(chunk as never))).toMatchObject(mistake);
      expect(await over).toMatchObject(mistake);
      expect(await air.until(takeAll(far))).toEqual([]);
      expect([near.closeReason, far.closeReason]).toMatchObject([{ by: "local" }, { by: "peer" }]);
      await air.expectNothingLeft();
    },
  );

  it("a text is told how it becomes octets", async () => {
    const { air, near } = await channelPair();
    expect(await air.ending(near.send("text" as never))).toMatchObject({
      error: { message: expect.stringContaining("new TextEncoder().encode(text)") as unknown },
    });
    await air.expectNothingLeft();
  });

  it("destroy() of the duplex ends at once what is piped to a peer that takes nothing", async () => {
    const { air, near, far } = await channelPair(narrow);
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(octets(100));
      },
    });
    const stop = new AbortController();
    stop.signal.addEventListener("abort", () => near.duplex().destroy(), { once: true });
    const piping = outcome(air.track("piping", source.pipeTo(near.writable, { signal: stop.signal })));
    await air.clock.advance(60_000);
    const began = air.clock.now();
    stop.abort(new Error("enough"));
    expect(await air.until(piping)).toHaveProperty("error");
    expect(air.clock.now() - began).toBeLessThan(100);
    expect(near.closeReason).toMatchObject({ by: "local" });
    await air.until(far.closed);
    await air.expectNothingLeft();
  });
});

describe.each(controllerKinds)("The Duplex of a channel, on controllers with %s", (_name, kind) => {
  it("carries a file in a pipeline, and the end with it", async () => {
    const { air, near, far } = await channelPair({ mtu: 2048 }, {}, kind);
    const [from, to] = [join(folder, "from"), join(folder, "to")];
    const data = octets(300_001);
    writeFileSync(from, data);
    const sending = pipeline(createReadStream(from), near.duplex());
    const receiving = pipeline(far.duplex(), createWriteStream(to));
    // Reading a file takes real time, which this clock does not wait for.
    await settled(air, Promise.all([sending, receiving]));
    expect(digest(readFileSync(to))).toBe(digest(data));
    expect([near.closeReason, far.closeReason]).toMatchObject([{ by: "local" }, { by: "peer" }]);
    await air.expectNothingLeft();
  });

  it("carries octets both ways at once", async () => {
    const { air, near, far } = await channelPair({ mtu: 100 }, { mtu: 333 }, kind);
    const echo = pipeline(far.duplex(), far.duplex());
    const sent = octets(20_000);
    const got: Buffer[] = [];
    const duplex = near.duplex();
    let received = 0;
    const all = new Promise<void>((resolve) => {
      duplex.on("data", (chunk: Buffer) => {
        got.push(chunk);
        received += chunk.length;
        if (received === sent.length) resolve();
      });
    });
    for (let at = 0; at < sent.length; at += 777) duplex.write(sent.subarray(at, at + 777));
    await settled(air, all);
    expect(Buffer.concat(got)).toEqual(Buffer.from(sent));
    const closed = once(duplex, "close");
    duplex.end();
    await settled(air, Promise.all([closed, echo]));
    await air.expectNothingLeft();
  });
});

describe("The Duplex of a channel", () => {
  it("is one, made when it is asked for", async () => {
    const { air, near } = await channelPair();
    const duplex = near.duplex();
    expect(duplex).toBeInstanceOf(Duplex);
    expect(near.duplex()).toBe(duplex);
    await air.expectNothingLeft();
  });

  it("writes go no faster than the peer reads", async () => {
    const { air, near, far } = await channelPair(narrow);
    const chunks = Array.from({ length: 200 }, (_, i) => octets(1000, i));
    const sending = pipeline(Readable.from(chunks, { objectMode: false }), near.duplex());
    await air.clock.advance(60_000);
    const duplex = near.duplex();
    expect(duplex.writableLength).toBeLessThanOrEqual(duplex.writableHighWaterMark + 1000);
    expect(near.waiting).toBeLessThanOrEqual(32 * 100);
    const got = buffer(far.duplex());
    await settled(air, sending);
    expect(digest(await settled(air, got))).toBe(digest(Buffer.concat(chunks)));
    await air.expectNothingLeft();
  });

  it("a source that fails in a pipeline closes the channel, and the peer sees its end", async () => {
    const { air, near, far } = await channelPair();
    const source = new PassThrough();
    const sending = outcome(pipeline(source, near.duplex()));
    source.write(octets(100));
    expect(await air.until(take(far, 1))).toEqual([octets(100)]);
    source.destroy(new Error("the disk is gone"));
    expect(await settled(air, sending)).toMatchObject({ error: { message: "the disk is gone" } });
    expect(await air.until(far.closed)).toMatchObject({ by: "peer" });
    expect(near.closeReason).toMatchObject({ by: "local" });
    await air.expectNothingLeft();
  });

  it("a sink that fails in a pipeline closes the channel, and the sender learns it", async () => {
    const { air, near, far } = await channelPair(narrow);
    const sink = new PassThrough({ highWaterMark: 10 });
    const receiving = outcome(pipeline(far.duplex(), sink));
    const sending = outcome(
      pipeline(Readable.from(Array.from({ length: 500 }, () => octets(1000))), near.duplex()),
    );
    await air.clock.advance(100);
    sink.destroy(new Error("the disk is full"));
    expect(await settled(air, receiving)).toMatchObject({ error: { message: "the disk is full" } });
    expect(await settled(air, sending)).toMatchObject({ error: { code: "CHANNEL_CLOSED", by: "peer" } });
    await air.expectNothingLeft();
  });

  it("a link that goes fails pipelines in both directions", async () => {
    const { air, near, far, ends } = await channelPair(narrow);
    const receiving = outcome(pipeline(far.duplex(), new PassThrough({ highWaterMark: 10 })));
    const sending = outcome(
      pipeline(Readable.from(Array.from({ length: 500 }, () => octets(1000))), near.duplex()),
    );
    await air.clock.advance(100);
    await air.until(ends.central.disconnect());
    expect(await settled(air, sending)).toMatchObject({ error: { code: "DISCONNECTED" } });
    expect(await settled(air, receiving)).toMatchObject({ error: { code: "DISCONNECTED" } });
    await air.expectNothingLeft();
  });

  it("what came before the peer closed can be read to the end, then both its sides have ended", async () => {
    const { air, near, far } = await channelPair({}, {}, { profile: "5.4" });
    for (let i = 0; i < 5; i++) await air.until(near.send(octets(1000, i)));
    await air.until(near[Symbol.asyncDispose]());
    await air.until(far.closed);
    const duplex = far.duplex();
    const closed = once(duplex, "close");
    const got: Buffer[] = [];
    duplex.on("data", (chunk: Buffer) => got.push(chunk));
    await settled(air, closed);
    expect(Buffer.concat(got)).toEqual(Buffer.concat(Array.from({ length: 5 }, (_, i) => octets(1000, i))));
    expect([duplex.destroyed, duplex.writableFinished, duplex.errored]).toEqual([true, true, null]);
    await air.expectNothingLeft();
  });

  it("destroy() closes at once, without what waits; end() only after it", async () => {
    const { air, near, far } = await channelPair(narrow, {}, { profile: "5.4" });
    const duplex = near.duplex();
    duplex.write(octets(10_000));
    await air.clock.advance(100);
    const closed = once(duplex, "close");
    duplex.destroy();
    await settled(air, closed);
    await air.until(far.closed);
    expect(await air.until(takeAll(far))).toHaveLength(2);
    await air.expectNothingLeft();
  });

  it("an SDU of no octets is no end of a stream", async () => {
    const { air, near, far } = await channelPair();
    const got = buffer(far.duplex());
    for (const sdu of [octets(3), new Uint8Array(), octets(4)]) await air.until(near.send(sdu));
    await air.until(near[Symbol.asyncDispose]());
    expect(await settled(air, got)).toEqual(Buffer.concat([octets(3), octets(4)]));
    await air.expectNothingLeft();
  });
});

/** Waits for what takes real time too, such as files, letting the virtual time go on meanwhile. */
async function settled<T>(
  air: { clock: { advance(ms: number): Promise<void> } },
  promise: Promise<T>,
): Promise<T> {
  let over = false;
  const note = (): void => {
    over = true;
  };
  promise.then(note, note);
  while (!over) {
    await air.clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return promise;
}
