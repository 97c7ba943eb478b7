import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex as hex } from "../../src/common/bytes.ts";
import { type MalformedPduError, TransportError, type TransportReason } from "../../src/common/errors.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";

/** A transport that has been opened, with the controller's side of it in the hands of a test. */
export interface TransportRig extends AsyncDisposable {
  readonly transport: HciTransport;
  /**
   * The controller sends; each chunk by itself, so that the transport may see it apart from the next. A chunk is a
   * whole packet where the transport carries packets.
   */
  send(chunks: readonly Uint8Array[]): PromiseLike<void> | void;
  /** Everything that has come to the controller so far, as H4 would have it. */
  received(): Uint8Array;
  /** The device is unplugged, the peer goes away. */
  lose(): PromiseLike<void> | void;
  /** Lets what is on its way come closer. Again and again it brings everything there. */
  settle(): PromiseLike<void> | void;
}

/** What a transport is held to, beside what holds for all of them. */
export interface TransportContract {
  /** A new one. Its `[Symbol.asyncDispose]` need not close the transport. */
  open(): Promise<TransportRig>;
  /** `octets`: a stream that may be cut anywhere. `packets`: every packet comes by itself. */
  readonly carries: "octets" | "packets";
  /** What becomes of it when what comes is no HCI; left out where that cannot happen. */
  readonly noise?: "ends" | "skipped";
  /** Octets of the largest packet, packet-type octet included. Default 65 540, the largest ACL Data packet. */
  readonly largest?: number;
  /** Opens what will never be there, until the signal calls it off; left out where opening does not wait. */
  readonly openForever?: (signal: AbortSignal) => Promise<HciTransport>;
  /** Opens what could be there, with a signal. */
  readonly openWith?: (signal: AbortSignal) => Promise<HciTransport>;
  /** `false` where the receiver is called by a clock and not by an event handler: what it throws comes out there. */
  readonly guardsHandlers?: boolean;
  /** `false` where nothing can be lost, as in the same process. */
  readonly canBeLost?: boolean;
}

/** What a receiver was told, in order. */
export class RecordingReceiver implements HciReceiver {
  readonly packets: Uint8Array[] = [];
  readonly faults: MalformedPduError[] = [];
  readonly closings: (Error | undefined)[] = [];
  /** Called for each packet, after it was noted. */
  onPacket: ((packet: Uint8Array) => void) | undefined;
  #starting = false;

  /** Starts a transport, which must not call before it has returned. */
  start(transport: HciTransport): void {
    this.#starting = true;
    transport.start(this);
    this.#starting = false;
  }

  packet(packet: Uint8Array): void {
    expect(this.#starting, "called before start() has returned").toBe(false);
    expect(this.closings, "a packet after the end").toEqual([]);
    this.packets.push(packet.slice()); // borrowed
    this.onPacket?.(packet);
  }

  fault(error: MalformedPduError): void {
    expect(this.closings, "a fault after the end").toEqual([]);
    this.faults.push(error);
  }

  closed(error?: Error): void {
    expect(this.#starting, "called before start() has returned").toBe(false);
    this.closings.push(error);
  }
}

/** Events and data of several sizes, as a controller sends them. */
export const samplePackets: readonly Uint8Array[] = [
  hex("04 0e 04 01 03 0c 00"),
  hex("04 13 05 01 40 00 01 00"),
  concat(hex("02 40 20 1b 00 17 00 04 00 1b 03 00"), new Uint8Array(20).fill(0x5a)),
  hex("04 ff 00"),
  concat(hex("04 3e ff"), new Uint8Array(255).fill(0x3e)),
  hex("02 41 20 00 00"),
];

/** HCI_Reset, and more that hosts send. */
const sampleCommands: readonly Uint8Array[] = [
  hex("01 03 0c 00"),
  hex("01 01 0c 08 ff ff ff ff ff ff ff 3f"),
  hex("02 40 00 07 00 03 00 04 00 02 17 00"),
];

const textOf = (packets: readonly Uint8Array[]): string[] =>
  packets.map((packet) => Buffer.from(packet).toString("hex"));

/** Settles until `condition` holds; a test that waits in vain runs into its time limit. */
export async function settleUntil(
  rig: Pick<TransportRig, "settle">,
  condition: () => boolean,
): Promise<void> {
  while (!condition()) await rig.settle();
}

/** Lets a while go by in which something could come that must not. */
export async function settleLong(rig: Pick<TransportRig, "settle">): Promise<void> {
  for (let left = 50; left > 0; left--) await rig.settle();
}

/** One round of the event loop, for rigs whose octets pass through the operating system. */
export function eventLoopRound(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** An error that a program can tell apart, and a person can act on. */
export function expectTransportError(error: unknown, reason?: TransportReason): void {
  expect(error).toBeInstanceOf(TransportError);
  if (reason !== undefined) expect((error as TransportError).reason).toBe(reason);
}

/** Octets cut at arbitrary places. */
function cut(octets: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % octets.length))].sort((a, b) => a - b);
  return [...at, octets.length]
    .map((end, index) => octets.subarray(index === 0 ? 0 : at[index - 1], end))
    .filter(({ length }) => length > 0);
}

/** Adds the tests that every transport has to pass. */
export function transportContract(name: string, contract: TransportContract): void {
  const using = async (work: (rig: TransportRig, receiver: RecordingReceiver) => Promise<void>) => {
    const rig = await contract.open();
    const receiver = new RecordingReceiver();
    try {
      await work(rig, receiver);
    } finally {
      await rig.transport[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    }
  };

  describe(`The contract of transports, kept by ${name}`, () => {
    delivering(contract, using);
    sending(contract, using);
    starting(using);
    closing(contract, using);
    if (contract.canBeLost !== false) losing(contract, using);
    opening(contract);
  });
}

type Using = (work: (rig: TransportRig, receiver: RecordingReceiver) => Promise<void>) => Promise<void>;

function delivering(
  { carries, noise, largest = 65_540, guardsHandlers = true }: TransportContract,
  using: Using,
) {
  it("delivers packets whole and in order", async () => {
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      await rig.send(samplePackets);
      await settleUntil(rig, () => receiver.packets.length >= samplePackets.length);
      expect(textOf(receiver.packets)).toEqual(textOf(samplePackets));
      expect(receiver.closings).toEqual([]);
    });
  });

  if (carries === "octets") {
    it("delivers packets whole and in order wherever the octets are cut", async () => {
      const octets = concat(...samplePackets);
      await using(async (rig, receiver) => {
        receiver.start(rig.transport);
        await fc.assert(
          fc.asyncProperty(fc.array(fc.nat(), { maxLength: 12 }), async (places) => {
            receiver.packets.length = 0;
            await rig.send(cut(octets, places));
            await settleUntil(rig, () => receiver.packets.length >= samplePackets.length);
            expect(textOf(receiver.packets)).toEqual(textOf(samplePackets));
          }),
          { numRuns: 10 },
        );
      });
    });
  }

  it(`delivers a packet of ${largest} octets`, async () => {
    const data = new Uint8Array(largest - 5).map((_, index) => index);
    const packet = concat(hex("02 40 20"), Uint8Array.of(data.length, data.length >> 8), data);
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      await rig.send([packet]);
      await settleUntil(rig, () => receiver.packets.length > 0);
      expect(textOf(receiver.packets)).toEqual(textOf([packet]));
    });
  });

  if (guardsHandlers) {
    it("ends with what a receiver throws, and lets it out of no event handler", async () => {
      await using(async (rig, receiver) => {
        receiver.start(rig.transport);
        const mistake = new Error("a fault above");
        receiver.onPacket = () => {
          throw mistake;
        };
        await rig.send([hex("04 0e 04 01 03 0c 00")]);
        await settleUntil(rig, () => receiver.closings.length > 0);
        expectTransportError(receiver.closings[0], "failed");
        expect(receiver.closings[0]?.cause).toBe(mistake);
      });
    });
  }

  if (noise === "ends") {
    it("ends once, telling what it was, when 1 MiB of noise comes", async () => {
      await using(async (rig, receiver) => {
        receiver.start(rig.transport);
        const chunks = Array.from({ length: 16 }, () => new Uint8Array(65_536).fill(0xff));
        await rig.send(chunks);
        await settleUntil(rig, () => receiver.closings.length > 0);
        expectTransportError(receiver.closings[0], "malformed");
        await settleLong(rig);
        expect([receiver.packets.length, receiver.closings.length]).toEqual([0, 1]);
      });
    });
  }

  if (noise === "skipped") {
    it("skips 1 MiB of noise, tells of it, and delivers what follows", async () => {
      await using(async (rig, receiver) => {
        receiver.start(rig.transport);
        await rig.send(Array.from({ length: 16 }, () => new Uint8Array(65_536).fill(0xff)));
        const last = hex("04 0e 04 01 03 0c 00");
        await rig.send([last]);
        await settleUntil(rig, () => receiver.packets.length > 0);
        expect(textOf(receiver.packets)).toEqual(textOf([last]));
        expect(receiver.faults.length).toBeGreaterThan(0);
        expect(receiver.closings).toEqual([]);
      });
    });
  }
}

function sending({ largest = 65_540 }: TransportContract, using: Using) {
  it("sends packets whole and in order", async () => {
    const octets = concat(...sampleCommands);
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      for (const packet of sampleCommands) rig.transport.send(packet.slice());
      await settleUntil(rig, () => rig.received().length >= octets.length);
      expect(textOf([rig.received()])).toEqual(textOf([octets]));
    });
  });

  it("sends a thousand packets at once, and the largest among them", async () => {
    const largePayload = Math.min(largest, 1024) - 5;
    const large = concat(
      hex("02 40 00"),
      Uint8Array.of(largePayload, largePayload >> 8),
      new Uint8Array(largePayload),
    );
    const small = sampleCommands[2] ?? large;
    const packets = Array.from({ length: 1000 }, (_, index) => (index % 100 === 7 ? large : small));
    const octets = concat(...packets);
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      for (const packet of packets) rig.transport.send(packet.slice());
      await settleUntil(rig, () => rig.received().length >= octets.length);
      expect(Buffer.compare(rig.received(), octets)).toBe(0);
      expect(receiver.closings).toEqual([]);
    });
  });
}

function starting(using: Using) {
  it("refuses a second host, and the first goes on", async () => {
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      const second = new RecordingReceiver();
      const refused = refusal(() => rig.transport.start(second));
      expectTransportError(refused, "busy");
      await rig.send(samplePackets);
      await settleUntil(rig, () => receiver.packets.length >= samplePackets.length);
      expect([second.packets, second.closings]).toEqual([[], []]);
    });
  });

  it("does not start when it was closed before", async () => {
    await using(async (rig, receiver) => {
      await rig.transport[Symbol.asyncDispose]();
      expectTransportError(
        refusal(() => rig.transport.start(receiver)),
        "closed",
      );
      await settleLong(rig);
      expect(receiver.closings).toEqual([]);
    });
  });
}

function closing({ carries }: TransportContract, using: Using) {
  it("closes as often as it is asked to, and tells so once and without an error", async () => {
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      await Promise.all([rig.transport[Symbol.asyncDispose](), rig.transport[Symbol.asyncDispose]()]);
      expect(receiver.closings).toEqual([undefined]);
      await rig.transport[Symbol.asyncDispose]();
      await settleLong(rig);
      expect(receiver.closings).toEqual([undefined]);
    });
  });

  it("closes without having been started", async () => {
    await using(async (rig) => {
      await rig.transport[Symbol.asyncDispose]();
    });
  });

  it("sends what it was given before closing, and nothing given after it", async () => {
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      const reset = hex("01 03 0c 00");
      rig.transport.send(reset.slice());
      await settleUntil(rig, () => rig.received().length >= reset.length);
      const closed = rig.transport[Symbol.asyncDispose]();
      rig.transport.send(reset.slice());
      await closed;
      rig.transport.send(reset.slice());
      await settleLong(rig);
      expect(textOf([rig.received()])).toEqual(textOf([reset]));
    });
  });

  it("delivers nothing after its receiver has closed it, in the middle of what came", async () => {
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      let closed: PromiseLike<void> | undefined;
      receiver.onPacket = () => {
        closed = rig.transport[Symbol.asyncDispose]();
        expect(receiver.closings, "told of its end from within").toEqual([]);
      };
      await rig.send(carries === "octets" ? [concat(...samplePackets)] : samplePackets);
      await settleUntil(rig, () => closed !== undefined);
      await closed;
      await settleLong(rig);
      expect([receiver.packets.length, receiver.closings]).toEqual([1, [undefined]]);
    });
  });
}

function losing({ carries }: TransportContract, using: Using) {
  it("tells once that the device was lost, with the reason, and does nothing from then on", async () => {
    await using(async (rig, receiver) => {
      receiver.start(rig.transport);
      await rig.lose();
      await settleUntil(rig, () => receiver.closings.length > 0);
      rig.transport.send(hex("01 03 0c 00"));
      await rig.transport[Symbol.asyncDispose]();
      await settleLong(rig);
      expect(receiver.closings).toHaveLength(1);
      expectTransportError(receiver.closings[0], "lost");
    });
  });

  it("tells its receiver of a loss that came before it was started", async () => {
    await using(async (rig, receiver) => {
      await rig.lose();
      await settleLong(rig);
      receiver.start(rig.transport);
      await settleUntil(rig, () => receiver.closings.length > 0);
      expectTransportError(receiver.closings[0], "lost");
    });
  });

  if (carries === "octets") {
    it("delivers no half of a packet when the device goes in the middle of it", async () => {
      await using(async (rig, receiver) => {
        receiver.start(rig.transport);
        const [whole = hex(""), next = hex("")] = samplePackets;
        await rig.send([concat(whole, next.subarray(0, 2))]);
        await settleUntil(rig, () => receiver.packets.length > 0);
        await rig.lose();
        await settleUntil(rig, () => receiver.closings.length > 0);
        expect(textOf(receiver.packets)).toEqual(textOf([whole]));
        expectTransportError(receiver.closings[0], "lost");
      });
    });
  }
}

function opening({ openForever, openWith }: TransportContract) {
  if (openForever !== undefined) {
    it("stops opening when its signal says so, with the signal's reason", async () => {
      const calling = new AbortController();
      const opened = openForever(calling.signal);
      const ending = expect(opened).rejects.toThrow("enough of it");
      await eventLoopRound();
      calling.abort(new Error("enough of it"));
      await ending;
    });
  }

  if (openWith ?? openForever) {
    it("does not begin to open when its signal was aborted before", async () => {
      const signal = AbortSignal.abort(new Error("enough of it"));
      await expect((openWith ?? openForever)?.(signal)).rejects.toThrow("enough of it");
    });
  }
}

function refusal(work: () => void): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
