import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../src/gap/channel.ts";
import type { ChannelOptions } from "../../src/gap/channel-opening.ts";
import { runs } from "../support/runs.ts";
import { controllerKinds } from "../support/two-hosts.ts";
import { channelPair, octets, takeAll } from "./channel-pair.ts";

/** One end: what it receives, and the lengths of what it sends. */
const end = fc.record({
  mtu: fc.integer({ min: 64, max: 600 }),
  mps: fc.integer({ min: 64, max: 300 }),
  initialCredits: fc.integer({ min: 1, max: 12 }),
  lengths: fc.array(fc.nat(600), { maxLength: 40 }),
});

/** What happens next, to either end. */
const step = fc.oneof(
  fc.record({ side: fc.nat(1), what: fc.constantFrom("send" as const, "trySend" as const) }),
  fc.record({ side: fc.nat(1), what: fc.constant("take" as const) }),
  fc.record({ side: fc.nat(1), what: fc.constant("wait" as const) }),
);

/** Sends what is left of a list of lengths, one at a time, and remembers what it has sent. */
class Sender {
  readonly sent: Uint8Array[] = [];
  readonly sending: Promise<unknown>[] = [];
  readonly #channel: Channel;
  readonly #lengths: number[];

  constructor(channel: Channel, lengths: readonly number[]) {
    this.#channel = channel;
    this.#lengths = lengths.map((length) => Math.min(length, channel.peerMtu));
  }

  send(what: "send" | "trySend"): void {
    const length = this.#lengths[0];
    if (length === undefined) return;
    const sdu = octets(length, this.sent.length);
    if (what === "trySend" && !this.#channel.trySend(sdu)) return;
    if (what === "send") this.sending.push(this.#channel.send(sdu));
    this.#lengths.shift();
    this.sent.push(sdu);
  }
}

describe("Channels of any limits, used in any order", () => {
  it("lose, repeat and reorder nothing, in either direction, and end with everything delivered", async () => {
    const kinds = fc.constantFrom(...controllerKinds.map(([, kind]) => kind));
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(end, end),
        fc.boolean(),
        kinds,
        fc.array(step, { maxLength: 120 }),
        async ([a, b], enhanced, kind, steps) => {
          const { air, near, far } = await channelPair(limitsOf(b), { ...limitsOf(a), enhanced }, kind);
          const channels = [near, far] as const;
          const senders = [new Sender(near, a.lengths), new Sender(far, b.lengths)] as const;
          const taken: [
            Promise<IteratorResult<Uint8Array, undefined>>[],
            Promise<IteratorResult<Uint8Array, undefined>>[],
          ] = [[], []];
          for (const { side, what } of steps) {
            const own = side === 0 ? 0 : 1;
            if (what === "take") taken[own].push(channels[own][Symbol.asyncIterator]().next());
            else if (what === "wait") await air.clock.advance(1);
            else senders[own].send(what);
          }
          // The rest is taken, so that everything sent can arrive; then the channel is closed from one end.
          const rests = channels.map((channel) => takeAll(channel));
          await air.until(Promise.all(senders.flatMap(({ sending }) => sending)));
          await air.clock.advance(100);
          await air.until(near[Symbol.asyncDispose]());
          await air.until(far.closed);
          for (const own of [0, 1] as const) {
            const first = (await air.until(Promise.all(taken[own]))).flatMap(({ value }) => value ?? []);
            const all = [...first, ...(await air.until(rests[own]!))];
            expect(all.map(({ length }) => length)).toEqual(
              senders[1 - own]!.sent.map(({ length }) => length),
            );
            expect(Buffer.concat(all).equals(Buffer.concat(senders[1 - own]!.sent))).toBe(true);
          }
          await air.expectNothingLeft();
        },
      ),
      runs,
    );
  });
});

/** What the channel is told; the rest of an end is for the test alone. */
function limitsOf({ mtu, mps, initialCredits }: ChannelOptions): ChannelOptions {
  return { mtu, mps, initialCredits };
}
