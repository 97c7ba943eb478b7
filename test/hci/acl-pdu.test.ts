import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, toHex } from "../../src/common/bytes.ts";
import { AclPdu } from "../../src/hci/acl-pdu.ts";
import { AclView, PacketBoundary } from "../../src/hci/acl-view.ts";
import { runs } from "../support/runs.ts";

function packetsOf(pdu: AclPdu): Uint8Array[] {
  const packets: Uint8Array[] = [];
  while (!pdu.done) packets.push(pdu.next());
  return packets;
}

/** Octets that tell their place. */
const numbered = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, at) => at * 7);

const anyHandle = fc.integer({ min: 0, max: 0x0eff });
const anyPacketOctets = fc.integer({ min: 27, max: 1021 });

describe("a PDU laid out as HCI ACL Data packets (Vol 4, Part E, 5.4.2)", () => {
  it.each([
    ["fits one packet", 3, 27, ["02 40 00 03 00 00 07 0e"]],
    ["is empty", 0, 27, ["02 40 00 00 00"]],
    ["is one octet too long", 4, 3, ["02 40 00 03 00 00 07 0e", "02 40 10 01 00 15"]],
    ["fills two exactly", 6, 3, ["02 40 00 03 00 00 07 0e", "02 40 10 03 00 15 1c 23"]],
  ])("that %s", (_, size, packetOctets, expected) => {
    const pdu = new AclPdu(0x040, size, packetOctets);
    pdu.write(0, numbered(size));
    expect(pdu.packets).toBe(expected.length);
    expect(packetsOf(pdu).map((packet) => toHex(packet, " "))).toEqual(expected);
  });

  it("comes out of its packets again, whatever its size and theirs, and however it was written", () => {
    fc.assert(
      fc.property(
        anyHandle,
        fc.integer({ min: 0, max: 3000 }),
        anyPacketOctets,
        fc.array(fc.nat(), { maxLength: 4 }),
        (handle, size, packetOctets, cuts) => {
          const octets = numbered(size);
          const pdu = new AclPdu(handle, size, packetOctets);
          const places = [0, ...cuts.map((cut) => cut % (size + 1)), size].sort((a, b) => a - b);
          // Alternately by the piece and octet by octet, from the last to the first.
          for (let i = places.length - 1; i > 0; i--) {
            const piece = octets.subarray(places[i - 1], places[i]);
            if (i % 2 === 0) pdu.write(places[i - 1]!, piece);
            else for (const [at, octet] of piece.entries()) pdu.put(places[i - 1]! + at, octet);
          }

          const views = packetsOf(pdu).map((packet) => AclView.over(packet));
          expect(views).toHaveLength(pdu.packets);
          expect(concat(...views.map(({ payload }) => payload))).toEqual(octets);
          for (const [at, view] of views.entries()) {
            expect(view.connectionHandle).toBe(handle);
            expect(view.broadcast).toBe(0);
            expect(view.packetBoundary).toBe(
              at === 0 ? PacketBoundary.FirstNonFlushable : PacketBoundary.Continuing,
            );
            expect(view.payload.length).toBeLessThanOrEqual(packetOctets);
            if (at < views.length - 1) expect(view.payload).toHaveLength(packetOctets);
          }
        },
      ),
      runs,
    );
  });

  it("has no octet of another in it, though they may be neighbours in memory", () => {
    const pdus = Array.from({ length: 600 }, (_, number) => {
      const pdu = new AclPdu(number, 1 + (number % 300), 27);
      pdu.write(0, new Uint8Array(1 + (number % 300)).fill(number));
      return pdu;
    });
    for (const [number, pdu] of pdus.entries()) {
      const views = packetsOf(pdu).map((packet) => AclView.over(packet));
      expect(views.every(({ connectionHandle }) => connectionHandle === number)).toBe(true);
      const payload = concat(...views.map((view) => view.payload));
      expect(payload).toEqual(new Uint8Array(1 + (number % 300)).fill(number));
    }
  });

  it("is done when its last packet was taken, and not before", () => {
    const pdu = new AclPdu(1, 60, 27);
    const states = [pdu.done];
    for (let i = 0; i < 3; i++) {
      pdu.next();
      states.push(pdu.done);
    }
    expect(states).toEqual([false, false, false, true]);
  });
});
