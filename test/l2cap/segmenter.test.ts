import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, toHex } from "../../src/common/bytes.ts";
import { AclView } from "../../src/hci/acl-view.ts";
import { Reassembler } from "../../src/l2cap/reassembler.ts";
import { segment } from "../../src/l2cap/segmenter.ts";
import { runs } from "../support/runs.ts";
import { basicFrame } from "./fragments.ts";

describe("the segmenter (Vol 3, Part A, 7.2.1)", () => {
  it("puts the Basic header in front (3.1)", () => {
    const pdu = segment(0x0040, 27, 0x0004, Uint8Array.of(0x0a, 0x03, 0x00));
    expect(toHex(pdu.next(), " ")).toBe("02 40 00 07 00 03 00 04 00 0a 03 00");
    expect(pdu.done).toBe(true);
  });

  it("writes a frame of two octets' length and channel", () => {
    const pdu = segment(0x0eff, 1021, 0x1234, new Uint8Array(0x0102));
    expect(toHex(pdu.next().subarray(0, 9), " ")).toBe("02 ff 0e 06 01 02 01 34 12");
  });

  it("gives packets that a reassembler makes the frame of again, wherever head and body part", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 27, max: 1021 }),
        fc.nat({ max: 0xffff }),
        fc.uint8Array({ maxLength: 1500, size: "max" }),
        fc.nat({ max: 1500 }),
        (packetOctets, cid, sdu, cut) => {
          const [head, body] = [sdu.subarray(0, cut), sdu.subarray(cut)];
          const pdu = segment(0x0001, packetOctets, cid, head, body.length > 0 ? body : undefined);
          const reassembler = new Reassembler();
          const expected = basicFrame(cid, concat(head, body));
          expect(pdu.packets).toBe(Math.ceil(expected.length / packetOctets));
          let received: Uint8Array | undefined;
          while (!pdu.done) {
            expect(received).toBeUndefined();
            const { continues, payload } = AclView.over(pdu.next());
            received = reassembler.push(continues, payload);
          }
          expect(received).toEqual(expected);
        },
      ),
      runs,
    );
  });
});
