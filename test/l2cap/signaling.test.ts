import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex, u16At } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { FixedCid } from "../../src/l2cap/channel.ts";
import { encodeSignaling, isResponse, SignalingCode } from "../../src/l2cap/signaling-pdu.ts";
import { runs } from "../support/runs.ts";
import { OneLink } from "./one-link.ts";

let one: OneLink;

beforeEach(() => {
  one = new OneLink();
});

describe("the LE signalling channel (Vol 3, Part A, 4)", () => {
  it.each([
    ["an unknown code", "3f 07 0000", "01 07 0200 0000"],
    ["an unknown code with data", "7e ff 0300 010203", "01 ff 0200 0000"],
    ["code 0x00, which is reserved", "00 01 0000", "01 01 0200 0000"],
    ["a request of BR/EDR", "02 01 0400 0100 4100", "01 01 0200 0000"],
    ["an echo request of BR/EDR", "08 02 0000", "01 02 0200 0000"],
    ["a request without its last octet", "14 03 0900 800041004000400005", "01 03 0200 0000"],
    ["a request with an octet too many", "14 03 0b00 8000410040004000050000", "01 03 0200 0000"],
    ["a wish for parameters that is not for this side", "12 03 0800 0600100000006400", "01 03 0200 0000"],
    ["a command without a length", "14 05", "01 05 0200 0000"],
    ["a command with half a length", "14 05 00", "01 05 0200 0000"],
    ["a length beyond the end", "14 01 ff00 80004100", "01 01 0200 0000"],
    ["a length short of the end", "06 01 0300 40004100", "01 01 0200 0000"],
    [
      "a second command behind the first, of which LE has none",
      "06 01 0400 40004100 06 02 0400 40004100",
      "01 01 0200 0000",
    ],
  ])("answers %s with Command Reject, not understood (4.1)", (_, command, answer) => {
    expect(one.signal(fromHex(command))).toEqual([toHex(fromHex(answer))]);
  });

  it("answers a request to disconnect a channel that is not there with both its ends, ours first (4.1, 4.6)", () => {
    expect(one.signal(fromHex("06 09 0400 7f00 4100"))).toEqual(["01090600" + "0200" + "7f004100"]);
  });

  it("answers a command that is longer than MTUsig with that MTU (4.1)", () => {
    expect(one.signal(encodeSignaling(0x14, 1, new Uint8Array(23 - 4)))).toEqual(["010102000000"]);
    expect(one.signal(encodeSignaling(0x14, 2, new Uint8Array(24 - 4)))).toEqual(["0102040001001700"]);
  });

  it.each(Object.entries(SignalingCode).filter(([, code]) => isResponse(code)))(
    "does not answer %s, which is an answer itself, whatever it holds",
    (_, code) => {
      expect(one.signal(encodeSignaling(code, 1, fromHex("0000")))).toEqual([]);
      expect(one.signal(encodeSignaling(code, 1, new Uint8Array(100)))).toEqual([]);
      expect(one.signal(Uint8Array.of(code, 1))).toEqual([]);
    },
  );

  it("does not answer credits for a channel that is not there (4.24)", () => {
    expect(one.signal(fromHex("16 01 0400 7f00 0100"))).toEqual([]);
  });

  it.each([
    ["nothing", ""],
    ["a code without an identifier", "3f"],
    ["identifier 0x00, which is forbidden", "14 00 0a00 80004100400040000500"],
  ])("tells of %s as malformed and does not answer", (_, command) => {
    expect(one.receive(FixedCid.Signaling, fromHex(command))).toBeInstanceOf(MalformedPduError);
    expect(one.sent).toEqual([]);
  });

  it("answers each command once, in order, with its identifier", () => {
    const identifiers = Array.from({ length: 255 }, (_, at) => at + 1);
    const answers = identifiers.flatMap((identifier) =>
      one.signal(encodeSignaling(0x3f, identifier, fromHex(""))),
    );
    expect(answers).toEqual(identifiers.map((identifier) => `01${toHex(Uint8Array.of(identifier))}02000000`));
  });

  it("answers a peer that takes none of the answers no longer than there is room for them", () => {
    one.completes = false;
    for (let i = 0; i < 10_000; i++) one.receive(FixedCid.Signaling, fromHex("3f 01 0000"));
    one.complete();
    expect(one.sent.length).toBeLessThan(100);
    one.sent.splice(0);
    one.completes = true;
    expect(one.signal(fromHex("3f 02 0000"))).toEqual(["010202000000"]);
  });

  it("answers whatever comes once for its identifier with Command Reject or the response to it, or not at all", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (octets, mend) => {
        if (mend && octets.length >= 4) octets.set([octets.length - 4, 0], 2);
        const fresh = new OneLink();
        const [code, identifier] = octets;
        const command = octets.slice();
        const answers = fresh.signal(octets);
        const wanted =
          code !== undefined &&
          !!identifier &&
          !isResponse(code) &&
          code !== SignalingCode.FlowControlCreditIndication;
        expect(answers).toHaveLength(wanted ? 1 : 0);
        for (const answer of answers.map(fromHex)) {
          expect([SignalingCode.CommandReject, code! + 1]).toContain(answer[0]);
          expect(answer[1]).toBe(identifier);
          expect(u16At(answer, 2)).toBe(answer.length - 4);
          if (answer[0] !== SignalingCode.CommandReject) continue;
          expect([2, 4, 6]).toContain(answer.length - 4);
          if (answer.length === 10) expect(answer.subarray(6)).toEqual(command.subarray(4));
        }
      }),
      runs,
    );
  });
});
