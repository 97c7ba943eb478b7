import { describe, expect, it } from "vitest";
import { Priority } from "../../src/common/priority.ts";
import type { AclLink } from "../../src/hci/acl-link.ts";
import { AclPdu } from "../../src/hci/acl-pdu.ts";
import { AclQueue } from "../../src/hci/acl-queue.ts";

const handle = 0x0040;
const packetOctets = 27;

/** A link on a controller with two buffers. */
function open(): { readonly queue: AclQueue; readonly link: AclLink; readonly sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  const queue = new AclQueue((packet) => sent.push(packet));
  queue.begin({ packetOctets, packets: 2 });
  return { queue, link: queue.open(handle), sent };
}

function told(link: AclLink): { readonly times: number } {
  const count = { times: 0 };
  link.whenDelivered(() => count.times++);
  return count;
}

function pdu(octets: number): AclPdu {
  return new AclPdu(handle, octets, packetOctets);
}

describe("Waiting until what was sent has arrived (Vol 4, Part E, 4.1.1)", () => {
  it("ends at once on a link that has nothing to send, and on one that has closed", () => {
    const { queue, link } = open();
    expect(told(link).times).toBe(1);
    queue.send(link, pdu(10), Priority.Control);
    queue.close(link);
    expect(told(link).times).toBe(1);
  });

  it("ends when the last fragment of what waits is completed, and not before", () => {
    const { queue, link, sent } = open();
    queue.send(link, pdu(4 * packetOctets), Priority.Control);
    const waiting = told(link);
    for (const [completed, packets] of [
      [1, 3],
      [2, 4],
    ] as const) {
      queue.completed(handle, completed);
      expect([sent.length, waiting.times]).toEqual([packets, 0]);
    }
    queue.completed(handle, 1);
    expect(waiting.times).toBe(1);
  });

  it("does not wait for what comes after, nor for what has a lower priority", () => {
    const { queue, link, sent } = open();
    queue.send(link, pdu(10), Priority.Control);
    queue.send(link, pdu(10), Priority.Control);
    queue.send(link, pdu(10), Priority.Control);
    for (let i = 0; i < 20; i++) queue.send(link, pdu(10), Priority.Bulk);
    const waiting = told(link);
    queue.completed(handle, 1);
    expect([sent.length, waiting.times]).toEqual([3, 0]);
    queue.send(link, pdu(10), Priority.Control);
    queue.completed(handle, 2);
    expect(waiting.times).toBe(1);
    expect(link.idle).toBe(false);
  });

  it("ends when the link closes, once for everyone who waits", () => {
    const { queue, link } = open();
    queue.send(link, pdu(10), Priority.Control);
    const all = [told(link), told(link)];
    queue.close(link);
    link.release();
    link.release();
    expect(all).toEqual([{ times: 1 }, { times: 1 }]);
  });
});
