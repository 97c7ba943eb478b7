import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedPduError } from "../../src/common/errors.ts";
import { codecs, decodedUnlessMalformed, roundTrips } from "../../testing/index.ts";
import { runs } from "../support/runs.ts";

describe.each(codecs("ATT"))("$name", (codec) => {
  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(codec.encodable, (pdu) => {
        roundTrips(codec, pdu);
        expect(codec.encode(pdu)[0]).toBe(codec.code);
      }),
      runs,
    );
  });

  it("decodes any octets behind its opcode to what can be sent again, or they are malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        const decoded = decodedUnlessMalformed(codec, Uint8Array.of(codec.code, ...octets));
        if (decoded !== undefined) roundTrips(codec, decoded);
      }),
      runs,
    );
  });

  it("takes octets without its opcode for malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (octets) => {
        fc.pre(octets[0] !== codec.code);
        expect(() => codec.decode(octets)).toThrow(MalformedPduError);
      }),
      runs,
    );
  });
});
