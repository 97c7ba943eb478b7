import { beforeEach, describe, expect, it } from "vitest";
import { Priority } from "../../src/common/priority.ts";
import type { AclLink } from "../../src/hci/acl-link.ts";
import { AclPdu } from "../../src/hci/acl-pdu.ts";
import { AclQueue } from "../../src/hci/acl-queue.ts";
import { AclView } from "../../src/hci/acl-view.ts";

let sent: Uint8Array[];
let queue: AclQueue;

/** A PDU whose every octet is `mark`. */
function pdu(link: AclLink, mark: number, size = 5): AclPdu {
  const made = new AclPdu(link.connectionHandle, size, queue.buffers.packetOctets);
  made.write(0, new Uint8Array(size).fill(mark));
  return made;
}

function send(link: AclLink, mark: number, size?: number, priority: Priority = Priority.Attribute): void {
  queue.send(link, pdu(link, mark, size), priority);
}

/** Takes what was sent, as `handle:mark`, with a `+` where a packet continues a PDU. */
function taken(): string[] {
  return sent.splice(0).map((packet) => {
    const view = AclView.over(packet);
    return `${view.connectionHandle}:${view.continues ? "+" : ""}${view.payload[0] ?? ""}`;
  });
}

function begin(packets: number, packetOctets = 27): void {
  sent = [];
  queue = new AclQueue((packet) => sent.push(packet));
  queue.begin({ packetOctets, packets });
}

beforeEach(() => {
  begin(4);
});

describe("the credits of the ACL queue (Vol 4, Part E, 4.1.1)", () => {
  it("send nothing before the controller has said what it holds", () => {
    queue = new AclQueue((packet) => sent.push(packet));
    send(queue.open(1), 1);
    expect(taken()).toEqual([]);
  });

  it("let no more packets out than the controller has buffers", () => {
    const link = queue.open(1);
    for (let mark = 0; mark < 6; mark++) send(link, mark);
    expect(taken()).toEqual(["1:0", "1:1", "1:2", "1:3"]);
    expect(queue.free).toBe(0);
  });

  it("come back with Number Of Completed Packets, and each lets one packet out (7.7.19)", () => {
    const link = queue.open(1);
    for (let mark = 0; mark < 8; mark++) send(link, mark);
    taken();
    queue.completed(1, 1);
    expect(taken()).toEqual(["1:4"]);
    queue.completed(1, 2);
    expect(taken()).toEqual(["1:5", "1:6"]);
    queue.completed(1, 0);
    expect(taken()).toEqual([]);
  });

  it("come back when the link is gone, and go to the other links (4.3)", () => {
    const [gone, other] = [queue.open(1), queue.open(2)];
    for (let mark = 0; mark < 9; mark++) send(gone, mark);
    for (let mark = 0; mark < 9; mark++) send(other, mark);
    taken();
    queue.close(gone);
    expect(taken().every((packet) => packet.startsWith("2:"))).toBe(true);
    expect(other.inFlight).toBe(4);
    queue.close(other);
    expect(queue.free).toBe(4);
  });

  it("do not multiply when a controller reports more than it had", () => {
    const link = queue.open(1);
    send(link, 1);
    queue.completed(1, 0xffff);
    queue.completed(1, 3);
    expect(queue.free).toBe(4);
    for (let mark = 0; mark < 9; mark++) send(link, mark);
    expect(taken()).toHaveLength(1 + 4);
  });

  it("do not come from handles that are unknown, or gone already", () => {
    const link = queue.open(1);
    for (let mark = 0; mark < 4; mark++) send(link, mark);
    queue.completed(2, 4);
    expect(queue.free).toBe(0);
    queue.close(link);
    queue.completed(1, 4);
    queue.close(link);
    expect(queue.free).toBe(4);
  });

  it("are not lost when a handle is opened again that nobody closed", () => {
    const first = queue.open(1);
    for (let mark = 0; mark < 9; mark++) send(first, mark);
    const second = queue.open(1);
    taken();
    for (let mark = 20; mark < 29; mark++) send(second, mark);
    expect(taken()).toEqual(["1:20", "1:21", "1:22", "1:23"]);
    send(first, 99);
    queue.completed(1, 4);
    expect(taken()).toEqual(["1:24", "1:25", "1:26", "1:27"]);
  });
});

describe("the links of the ACL queue", () => {
  it("take turns, a packet each, whatever each has waiting", () => {
    begin(1);
    const links = [queue.open(1), queue.open(2), queue.open(3)] as const;
    for (let mark = 0; mark < 6; mark++) send(links[0], mark);
    for (let mark = 0; mark < 3; mark++) send(links[1], mark);
    send(links[2], 0);
    const order = taken();
    for (let i = 0; i < 9; i++) {
      queue.completed(Number(order.at(-1)?.split(":")[0]), 1);
      order.push(...taken());
    }
    // The first link had begun, and stood in line again, before the others had anything to send.
    expect(order).toEqual(["1:0", "1:1", "2:0", "3:0", "1:2", "2:1", "1:3", "2:2", "1:4", "1:5"]);
  });

  it.each([1, 2, 3, 5, 8, 15])(
    "get equal shares of %i buffers, while others have nothing to send",
    (packets) => {
      begin(packets);
      const links = [1, 2, 3, 4, 5].map((connectionHandle) => queue.open(connectionHandle));
      const busy = links.slice(0, 3);
      for (let mark = 0; mark < 250; mark++) for (const link of busy) send(link, mark);
      const inController = taken();
      const shares = new Map<number, number>();
      for (let i = 0; i < 300; i++) {
        const from = Number(inController.shift()?.split(":")[0]);
        shares.set(from, (shares.get(from) ?? 0) + 1);
        queue.completed(from, 1);
        inController.push(...taken());
      }
      // The first to come may have filled the controller before there were others.
      for (const link of busy)
        expect(Math.abs(shares.get(link.connectionHandle)! - 100)).toBeLessThanOrEqual(packets);
    },
  );

  it.each([2, 3, 4, 8])("with %i buffers: one that is stalled does not stop another", (packets) => {
    begin(packets);
    const [stalled, other] = [queue.open(1), queue.open(2)];
    for (let mark = 0; mark < 30; mark++) send(stalled, mark);
    taken();
    for (let mark = 0; mark < 20; mark++) {
      send(other, mark);
      expect(taken()).toEqual([`2:${mark}`]);
      queue.completed(2, 1);
    }
  });

  it.each([4, 6, 15])("with %i buffers: two that are stalled do not stop a third", (packets) => {
    begin(packets);
    const [first, second, third] = [queue.open(1), queue.open(2), queue.open(3)];
    for (let mark = 0; mark < 30; mark++) {
      send(first, mark);
      send(second, mark);
    }
    taken();
    for (let mark = 0; mark < 20; mark++) {
      send(third, mark);
      expect(taken()).toEqual([`3:${mark}`]);
      queue.completed(3, 1);
    }
  });

  it("keep at most half of the buffers for those that have nothing to send", () => {
    begin(8);
    const [busy] = Array.from({ length: 20 }, (_, handle) => queue.open(handle + 1));
    for (let mark = 0; mark < 30; mark++) send(busy!, mark);
    expect(taken()).toHaveLength(4);
  });

  it("have all buffers where there is one of them", () => {
    begin(8);
    const [busy, ...others] = Array.from({ length: 5 }, (_, handle) => queue.open(handle + 1));
    for (const other of others) queue.close(other);
    for (let mark = 0; mark < 30; mark++) send(busy!, mark);
    expect(taken()).toHaveLength(8);
  });

  it("send nothing more when they are closed, not even the rest of a PDU", () => {
    const link = queue.open(1);
    send(link, 1, 200);
    taken();
    queue.close(link);
    send(link, 2);
    queue.completed(1, 4);
    expect(taken()).toEqual([]);
    const next = queue.open(1);
    send(next, 3);
    expect(taken()).toEqual(["1:3"]);
  });
});

describe("the PDUs of one link", () => {
  it("go by priority, and in order within it", () => {
    begin(1);
    const link = queue.open(1);
    send(link, 0);
    send(link, 1, 5, Priority.Bulk);
    send(link, 2, 5, Priority.Attribute);
    send(link, 3, 5, Priority.Control);
    send(link, 4, 5, Priority.Bulk);
    send(link, 5, 5, Priority.Control);
    for (let i = 0; i < 6; i++) queue.completed(1, 1);
    expect(taken()).toEqual(["1:0", "1:3", "1:5", "1:2", "1:1", "1:4"]);
  });

  it("are not interrupted by others, not even by more urgent ones (Vol 3, Part A, 7.2.1)", () => {
    begin(1);
    const [link, other] = [queue.open(1), queue.open(2)];
    send(link, 1, 27 * 3, Priority.Bulk);
    send(link, 2, 5, Priority.Control);
    send(other, 9);
    const order = taken();
    for (let i = 0; i < 5; i++) {
      queue.completed(Number(order.at(-1)?.split(":")[0]), 1);
      order.push(...taken());
    }
    expect(order).toEqual(["1:1", "1:+1", "2:9", "1:+1", "1:2"]);
  });
});

describe("room on a link", () => {
  /** Fills the controller, and the line behind it. */
  function full(): AclLink {
    const link = queue.open(1);
    for (let mark = 0; mark < 4 + 32; mark++) send(link, mark);
    return link;
  }

  it("ends when 32 PDUs of a priority wait, of that priority alone", () => {
    const link = queue.open(1);
    for (let mark = 0; mark < 4 + 31; mark++) send(link, mark);
    expect(link.hasRoom(Priority.Attribute)).toBe(true);
    send(link, 36);
    expect(link.hasRoom(Priority.Attribute)).toBe(false);
    expect(link.hasRoom(Priority.Control)).toBe(true);
    expect(link.hasRoom(Priority.Bulk)).toBe(true);
  });

  it("is told once to each who waits, first come first served, one for each PDU that leaves", () => {
    const link = full();
    const told: number[] = [];
    for (let who = 0; who < 5; who++) {
      link.whenRoom(Priority.Attribute, () => {
        told.push(who);
        send(link, 100 + who);
      });
    }
    expect(told).toEqual([]);
    queue.completed(1, 1);
    expect(told).toEqual([0]);
    queue.completed(1, 2);
    expect(told).toEqual([0, 1, 2]);
    queue.completed(1, 4);
    expect(told).toEqual([0, 1, 2, 3, 4]);
    queue.completed(1, 4);
    queue.close(link);
    link.release();
    expect(told).toHaveLength(5);
  });

  it("is not promised to more than there are places, though they fill them only later", () => {
    const link = full();
    let told = 0;
    for (let who = 0; who < 1000; who++) link.whenRoom(Priority.Attribute, () => told++);
    queue.completed(1, 3);
    expect(told).toBe(3);
  });

  it("is told in the end to everyone, though none of them makes use of it", () => {
    const link = full();
    let told = 0;
    for (let who = 0; who < 1000; who++) link.whenRoom(Priority.Attribute, () => told++);
    while (link.inFlight > 0) queue.completed(1, 1);
    expect(told).toBe(1000);
  });

  it("holds no more than 32 PDUs though many wait, of whom only some send, and at once", () => {
    const link = full();
    let told = 0;
    let pushed = 4 + 32;
    let most = 0;
    for (let who = 0; who < 500; who++) {
      link.whenRoom(Priority.Attribute, () => {
        told++;
        if (who < 300) return;
        send(link, who);
        most = Math.max(most, ++pushed - sent.length);
      });
    }
    while (link.inFlight > 0) queue.completed(1, 4);
    expect(told).toBe(500);
    expect(taken()).toHaveLength(4 + 32 + 200);
    expect(most).toBe(32);
  });

  it("belongs to those who wait before it belongs to others", () => {
    const link = full();
    for (let who = 0; who < 3; who++) link.whenRoom(Priority.Attribute, () => undefined);
    queue.completed(1, 1);
    expect(link.hasRoom(Priority.Attribute)).toBe(false);
  });

  it("is told at once where there is some, and on a closed link", () => {
    let told = 0;
    const link = queue.open(1);
    link.whenRoom(Priority.Bulk, () => told++);
    expect(told).toBe(1);
    queue.close(link);
    link.whenRoom(Priority.Bulk, () => told++);
    expect(told).toBe(2);
  });

  it("is told to all when the link was closed, who may ask again without waiting for ever", () => {
    const link = full();
    const told: string[] = [];
    link.whenRoom(Priority.Attribute, () => {
      told.push("first");
      link.whenRoom(Priority.Attribute, () => told.push("again"));
    });
    link.whenRoom(Priority.Attribute, () => told.push("second"));
    queue.close(link);
    link.release();
    link.release();
    expect(told).toEqual(["first", "again", "second"]);
  });

  it("comes too to a link that only sends because another one was closed", () => {
    begin(2);
    const [gone, link] = [queue.open(1), queue.open(2)];
    for (let mark = 0; mark < 5; mark++) send(gone, mark);
    for (let mark = 0; mark < 34; mark++) send(link, mark);
    let told = 0;
    link.whenRoom(Priority.Attribute, () => told++);
    queue.close(gone);
    queue.completed(2, 1);
    expect(told).toBe(1);
  });
});
