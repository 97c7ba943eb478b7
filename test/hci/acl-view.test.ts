import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { AclView, PacketBoundary } from "../../src/hci/acl-view.ts";
import { runs } from "../support/runs.ts";

describe("AclView (Vol 4, Part E, 5.4.2)", () => {
  it.each([
    [
      "start, not flushable",
      "02 40 00 02 00 aa bb",
      0x040,
      PacketBoundary.FirstNonFlushable,
      false,
      0,
      "aabb",
    ],
    ["continuation", "02 ff 1e 01 00 cc", 0xeff, PacketBoundary.Continuing, true, 0, "cc"],
    [
      "start, flushable, as controllers send it",
      "02 01 20 00 00",
      0x001,
      PacketBoundary.FirstFlushable,
      false,
      0,
      "",
    ],
    ["the reserved boundary, read as a start", "02 00 30 00 00", 0x000, 0b11, false, 0, ""],
    ["both broadcast bits", "02 00 e0 00 00", 0x000, PacketBoundary.FirstFlushable, false, 0b11, ""],
  ])("reads %s", (_, hex, connectionHandle, packetBoundary, continues, broadcast, payload) => {
    const view = AclView.over(fromHex(hex));
    expect(view).toMatchObject({ connectionHandle, packetBoundary, continues, broadcast });
    expect(view.payload).toEqual(fromHex(payload));
  });

  it("shows the payload in place", () => {
    const packet = fromHex("02 40 00 02 00 aa bb");
    expect(AclView.over(packet).payload.buffer).toBe(packet.buffer);
  });

  it.each([
    ["nothing", ""],
    ["half a header", "02 40 00 02"],
    ["an octet less than announced", "02 40 00 02 00 aa"],
    ["an octet more than announced", "02 40 00 01 00 aa bb"],
  ])("refuses %s", (_, hex) => {
    expect(() => AclView.over(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("reads any octets, or refuses them as malformed and in no other way", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.boolean(), (octets, mend) => {
        if (mend && octets.length >= 5) octets.set([octets.length - 5, 0], 3);
        try {
          const view = AclView.over(octets);
          expect(view.payload).toHaveLength(octets.length - 5);
          expect(view.connectionHandle).toBeLessThanOrEqual(0x0fff);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
      }),
      runs,
    );
  });
});
