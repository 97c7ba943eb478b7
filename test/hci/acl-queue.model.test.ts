import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { u16At } from "../../src/common/bytes.ts";
import type { Priority } from "../../src/common/priority.ts";
import type { AclLink } from "../../src/hci/acl-link.ts";
import { AclPdu } from "../../src/hci/acl-pdu.ts";
import { AclQueue } from "../../src/hci/acl-queue.ts";
import { AclView } from "../../src/hci/acl-view.ts";
import { runs } from "../support/runs.ts";

const packetOctets = 27;

/** What one link should do: said in the simplest way there is. */
interface LinkModel {
  readonly link: AclLink;
  /** Numbers of the PDUs that wait, a queue for each priority. */
  readonly waiting: readonly [number[], number[], number[]];
  /** The PDU whose packets are going out, and how many are left of it. */
  current: { readonly number: number; left: number } | undefined;
  inFlight: number;
}

/** The queue, a controller that only counts, and a model of what has to come out. */
class Rig {
  readonly packets: number;
  readonly queue: AclQueue;
  readonly links: (LinkModel | undefined)[] = [];
  /** The size of each PDU by its number. */
  readonly sizes: number[] = [];

  constructor(packets: number) {
    this.packets = packets;
    this.queue = new AclQueue((packet) => {
      this.#sent(packet);
    });
    this.queue.begin({ packetOctets, packets });
  }

  get inFlight(): number {
    return this.links.reduce((sum, model) => sum + (model?.inFlight ?? 0), 0);
  }

  open(handle: number): void {
    this.close(handle);
    const link = this.queue.open(handle);
    this.links[handle] = { link, waiting: [[], [], []], current: undefined, inFlight: 0 };
    this.check();
  }

  close(handle: number): void {
    const model = this.links[handle];
    if (!model) return;
    this.links[handle] = undefined;
    this.queue.close(model.link);
    this.check();
  }

  send(handle: number, priority: Priority, size: number): void {
    const model = this.links[handle];
    if (!model) return;
    const number = this.sizes.push(size) - 1;
    const pdu = new AclPdu(handle, size, packetOctets);
    pdu.write(0, Uint8Array.of(number, number >> 8));
    model.waiting[priority].push(number);
    this.queue.send(model.link, pdu, priority);
    this.check();
  }

  /** The controller is done with some, and says so of more than it had, if told to. */
  complete(handle: number, packets: number): void {
    const model = this.links[handle];
    if (model) model.inFlight -= Math.min(packets, model.inFlight);
    this.queue.completed(handle, packets);
    this.check();
  }

  /** What holds whenever nothing is under way. */
  check(): void {
    expect(this.queue.free).toBe(this.packets - this.inFlight);
    for (const model of this.links) {
      if (!model || this.queue.free === 0) continue;
      // A link that has nothing in the controller finds room if there is any.
      if (model.inFlight === 0) expect([model.current, ...model.waiting.flat()]).toEqual([undefined]);
    }
  }

  #sent(packet: Uint8Array): void {
    const view = AclView.over(packet);
    const model = this.links[view.connectionHandle];
    if (!model) throw new Error(`handle ${view.connectionHandle} is closed`);
    if (!view.continues) {
      expect(model.current).toBeUndefined();
      const number = model.waiting.find((line) => line.length > 0)?.shift();
      expect(u16At(view.payload, 0)).toBe(number);
      model.current = { number: number!, left: Math.ceil(this.sizes[number!]! / packetOctets) };
    }
    if (!model.current) throw new Error("a continuation of nothing");
    if (--model.current.left === 0) model.current = undefined;
    model.inFlight++;
    expect(this.inFlight).toBeLessThanOrEqual(this.packets);
  }
}

const handle = fc.nat({ max: 3 });
const step = fc.oneof(
  { weight: 1, arbitrary: fc.tuple(fc.constant("open" as const), handle) },
  { weight: 1, arbitrary: fc.tuple(fc.constant("close" as const), handle) },
  {
    weight: 6,
    arbitrary: fc.tuple(
      fc.constant("send" as const),
      handle,
      fc.constantFrom<Priority>(0, 1, 2),
      fc.integer({ min: 2, max: 140 }),
    ),
  },
  { weight: 4, arbitrary: fc.tuple(fc.constant("complete" as const), handle, fc.nat({ max: 5 })) },
);

describe("the ACL queue against a model of it (Vol 4, Part E, 4.1.1)", () => {
  it("keeps credits, order, priority and fragments right, and sends everything in the end", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 80 }), (packets, steps) => {
        const rig = new Rig(packets);
        rig.open(0);
        rig.open(1);
        for (const one of steps) {
          if (one[0] === "open") rig.open(one[1]);
          else if (one[0] === "close") rig.close(one[1]);
          else if (one[0] === "send") rig.send(one[1], one[2], one[3]);
          else rig.complete(one[1], one[2]);
        }
        for (let left = 10_000; rig.inFlight > 0 && left > 0; left--) {
          for (let each = 0; each < rig.links.length; each++) rig.complete(each, 1);
        }
        for (const model of rig.links) {
          if (!model) continue;
          expect(model.waiting.flat()).toEqual([]);
          expect(model.current).toBeUndefined();
          expect(model.link.idle).toBe(true);
        }
        expect(rig.queue.free).toBe(packets);
      }),
      runs,
    );
  });
});
