import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import {
  agree,
  answersEveryCommandOnce,
  answersEveryRequestOnce,
  answersEverySignalOnce,
  codec,
  decodedUnlessMalformed,
  decodesOrThrowsMalformed,
  FixedCid,
  InvariantError,
  type LinkPdu,
  memoryBounded,
  noHostFaults,
  noKeyInClear,
  nothingPending,
  reencodes,
  roundTrips,
} from "../../testing/index.ts";

const read = codec("ATT_READ_REQ");
const octets = Uint8Array.of(0x0a, 3, 0);

/** A link's PDUs from lines such as `> 0a0300`: from the central to the peripheral. */
function link(cid: number, ...lines: readonly string[]): LinkPdu[] {
  return lines.map((line) => ({
    from: line.startsWith(">") ? ("central" as const) : ("peripheral" as const),
    cid,
    pdu: fromHex(line.slice(1)),
    encrypted: false,
  }));
}

const att = (...lines: readonly string[]): LinkPdu[] => link(FixedCid.Att, ...lines);
const signals = (...lines: readonly string[]): LinkPdu[] => link(FixedCid.Signaling, ...lines);

describe("decodesOrThrowsMalformed", () => {
  it("gives the value, or undefined for what is refused", () => {
    expect(decodedUnlessMalformed(read, octets)).toEqual({ handle: 3 });
    expect(decodedUnlessMalformed(read, octets.subarray(1))).toBeUndefined();
  });

  it("says which octets a decoder fails on, and how", () => {
    const broken = {
      name: "theirs",
      decode(): unknown {
        throw new TypeError("x is undefined");
      },
    };
    expect(() => decodesOrThrowsMalformed(broken, octets)).toThrow(
      "decodesOrThrowsMalformed: theirs does not refuse 0a 03 00 but fails with TypeError: x is undefined",
    );
    const isRefusal = (error: unknown): boolean => error instanceof TypeError;
    expect(decodedUnlessMalformed(broken, octets, { isRefusal })).toBeUndefined();
  });
});

describe("roundTrips and reencodes", () => {
  const forgetful = { ...read, name: "theirs", decode: () => ({ handle: 0 }) };

  it("hold for a codec that is right", () => {
    const returned = (roundTrips as (...given: readonly unknown[]) => unknown)(read, { handle: 3 });
    expect(returned, "which fast-check takes for a success").toBeUndefined();
    reencodes(read, octets);
  });

  it("take objects without a prototype and buffers for what they hold", () => {
    const value = Object.assign(Object.create(null) as object, { handle: 3 });
    expect(() => roundTrips(read, value)).not.toThrow();
    const pdu = Object.assign(Object.create(null) as object, { value: Buffer.of(1, 2) });
    expect(() => roundTrips(codec("ATT_READ_RSP"), pdu)).not.toThrow();
    const nested = { entries: [Object.assign(Object.create(null) as object, { handle: 1, value: octets })] };
    const list = {
      name: "a list",
      encode: () => octets,
      decode: () => ({ entries: [{ handle: 1, value: octets.slice() }] }),
    };
    expect(() => roundTrips(list, nested)).not.toThrow();
    expect(() =>
      roundTrips({ ...list, decode: () => ({ entries: [{ handle: 2, value: octets }] }) }, nested),
    ).toThrow(InvariantError);
  });

  it("say what a codec has made of a value, and of octets", () => {
    expect(() => roundTrips(forgetful, { handle: 3 })).toThrow("theirs reads 0a 03 00 as another value");
    expect(() => reencodes(forgetful, octets)).toThrow("theirs writes 0a 03 00 as 0a 00 00");
    expect(() => reencodes(read, octets.subarray(0, 2))).toThrow("ATT_READ_REQ does not take 0a 03");
  });
});

describe("agree", () => {
  it("says who takes what the other refuses", () => {
    const lenient = { name: "theirs", decode: (octets: Uint8Array) => octets };
    agree(read, lenient, octets);
    expect(() => agree(read, lenient, new Uint8Array(0))).toThrow(
      "agree: theirs takes no octets, ATT_READ_REQ refuses it",
    );
    const strict = {
      name: "theirs",
      decode(): unknown {
        throw new RangeError("no");
      },
    };
    const isRefusal = (error: unknown): boolean => error instanceof RangeError;
    expect(() => agree(read, strict, octets, { isRefusal })).toThrow("ATT_READ_REQ takes 0a 03 00, theirs");
  });
});

describe("answersEveryRequestOnce", () => {
  it.each<[string, readonly string[]]>([
    ["a response", [">0a0300", "<0b2a"]],
    ["an error", [">0a0300", "<010a030002"]],
    ["a confirmation, with a request between", [">0a0300", "<1d030001", ">1e", "<0b2a"]],
    ["both sides are servers", [">0a0300", "<0a0300", ">0b01", "<0b02"]],
    ["commands and notifications have no answer", [">52030001", "<1b030001"]],
    ["a second request too early may be left out", [">0a0300", ">080100ffff0328", "<0b2a"]],
    ["a second request too early may be answered", [">0a0300", ">0c03000000", "<0b2a", "<0d"]],
    ["an opcode that nobody knows may be refused", [">7f", ">2f", "<012f000006"]],
  ])("is content with %s", (_, lines) => {
    answersEveryRequestOnce(att(...lines));
  });

  it.each<[string, readonly string[], string]>([
    ["no answer", [">0a0300"], "the peripheral never answers ATT_READ_REQ: 0a 03 00"],
    [
      "two answers",
      [">0a0300", "<0b2a", "<0b2a"],
      "the peripheral answers what nobody has asked: ATT_READ_REQ",
    ],
    ["another answer", [">0a0300", "<13"], "what nobody has asked: ATT_WRITE_REQ, with 13"],
    ["no confirmation", ["<1d030001"], "the central never answers ATT_HANDLE_VALUE_IND"],
    [
      "an answer out of turn",
      [">0a0300", ">0c03000000", "<0d", "<0b"],
      "answers ATT_READ_BLOB_REQ, with 0d before",
    ],
  ])("is not content with %s", (_, lines, said) => {
    expect(() => answersEveryRequestOnce(att(...lines))).toThrow(said);
    expect(() => answersEveryRequestOnce(att(...lines))).toThrow(InvariantError);
  });

  it("forgives who was cut off, and looks at one side alone if wished", () => {
    answersEveryRequestOnce(att(">0a0300"), { ended: true });
    answersEveryRequestOnce(att(">0a0300"), { answering: "central" });
    expect(() => answersEveryRequestOnce(att("<0b"), { ended: true })).toThrow(InvariantError);
  });
});

describe("answersEverySignalOnce", () => {
  it("matches answers by identifier, whatever their order", () => {
    answersEverySignalOnce(
      signals(">060104004000 4100", ">060204004000 4100", "<070204004000 4100", "<010102000000"),
    );
    // no identifier, and a length that is wrong: nobody has to answer that
    answersEverySignalOnce(signals(">0600040040004100", ">060104004000"));
    answersEverySignalOnce(signals(">16010400 40000100"));
  });

  it("says what is wrong", () => {
    expect(() => answersEverySignalOnce(signals(">0601040040004100"))).toThrow(
      "the peripheral never answers L2CAP_DISCONNECTION_REQ: 06 01 04 00 40 00 41 00",
    );
    expect(() => answersEverySignalOnce(signals("<010102000000"))).toThrow(
      "of the peripheral, L2CAP_COMMAND_REJECT_RSP answers a request that nobody has made",
    );
  });
});

describe("answersEveryCommandOnce", () => {
  const host = (hex: string) => ({ from: "host" as const, packet: fromHex(hex) });
  const controller = (hex: string) => ({ from: "controller" as const, packet: fromHex(hex) });

  it("takes Command Complete and Command Status for answers", () => {
    answersEveryCommandOnce([host("01030c00"), controller("040e0401030c00"), controller("040e03010000")]);
    answersEveryCommandOnce([host("01060403400013"), controller("040f0400010604")]);
    answersEveryCommandOnce([host("01350c0101400001 00")]);
  });

  it("says which command has none, or too many", () => {
    expect(() => answersEveryCommandOnce([host("01030c00")])).toThrow("command 0x0c03 is never answered");
    expect(() => answersEveryCommandOnce([controller("040e0401030c00")])).toThrow(
      "nobody has sent command 0x0c03",
    );
  });
});

describe("noKeyInClear", () => {
  const key = fromHex("000102030405060708090a0b0c0d0e0f");

  it("finds a key in either order, within whatever", () => {
    expect(() => noKeyInClear(att(">0a0300", "<0b ff 000102030405060708090a0b0c0d0e0f"), [key])).toThrow(
      "noKeyInClear: key 0 can be read in PDU 1 of the peripheral on channel 0x0004: 0b ff 00",
    );
    expect(() => noKeyInClear(att(">0b 0f0e0d0c0b0a09080706050403020100"), [key])).toThrow(InvariantError);
  });

  it("does not mind where the link is encrypted, or where there is none", () => {
    noKeyInClear(att(">0b 000102030405060708090a0b0c0d0e"), [key]);
    const [pdu] = att(">0b 000102030405060708090a0b0c0d0e0f");
    noKeyInClear([{ ...pdu!, encrypted: true }], [key]);
  });
});

describe("noHostFaults and nothingPending", () => {
  it("say what the host did wrong, but for what is forgiven", () => {
    const faults = [{ kind: "aclCredit", message: "one too many", at: 5 }];
    expect(() => noHostFaults({ faults })).toThrow("noHostFaults: at 5 ms aclCredit: one too many");
    noHostFaults({ faults }, { except: ["aclCredit"] });
    noHostFaults({ faults: [] });
  });

  it("say what is left", async () => {
    const clock = new VirtualClock();
    const timer = clock.after(1, () => undefined);
    const never = new Promise(() => undefined);
    await expect(
      nothingPending({ clock, promises: { reading: never }, controller: { connections: 2 } }),
    ).rejects.toThrow('nothingPending: 1 timers, 2 links, the promise "reading" are left');
    timer[Symbol.dispose]();
    const rejected = Promise.reject(new MalformedPduError("x", "y"));
    await nothingPending({ clock, promises: { rejected, resolved: Promise.resolve() } });
  });
});

describe("memoryBounded", () => {
  it("says by how much something grows", async () => {
    const kept: Uint8Array[] = [];
    const leak = (): void => {
      kept.push(new Uint8Array(64 * 1024));
    };
    await expect(memoryBounded(leak, { rounds: 50 })).rejects.toThrow(
      /^memoryBounded: \d+ octets more after 50 rounds/,
    );
    await memoryBounded(() => kept.splice(0).forEach((octets) => octets.fill(1)), { rounds: 50 });
  });
});
