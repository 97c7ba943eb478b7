import { describe, expect, it } from "vitest";
import { AttBearer, type AttUser } from "../../src/att/att.ts";
import { type Attribute, AttributeTable, type ReadResult } from "../../src/att/attribute-table.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ScriptedChannel } from "./scripted-channel.ts";

const nobody: AttUser = {
  value: () => undefined,
  mtuChanged: () => undefined,
  closed: () => undefined,
};

/** The one client of these tests. */
const peer = "client";

type Row = Omit<Partial<Attribute<string>>, "type"> & { readonly handle: number; readonly type: string };

const constant = (octets: string): Pick<Attribute<string>, "constant" | "read"> => {
  const value = fromHex(octets);
  return {
    constant: value,
    read: (_peer, _offset, done) => {
      done(value);
    },
  };
};
const holding = (value: Uint8Array): Pick<Attribute<string>, "read"> => ({
  read: (_peer, _offset, done) => {
    done(value);
  },
});
const refusing = (error: number): Pick<Attribute<string>, "read" | "write"> => ({
  read: (_peer, _offset, done) => {
    done(error);
  },
  write: (_peer, _write, done) => {
    done(error);
  },
});

function tableOf(rows: readonly Row[]): AttributeTable<string> {
  const table = new AttributeTable<string>();
  for (const { type, ...row } of rows) table.add({ groupEnd: row.handle, ...row, type: Uuid.from(type) });
  return table;
}

function serve(rows: readonly Row[], mtu = 23) {
  const channel = new ScriptedChannel();
  const clock = new VirtualClock();
  const bearer = new AttBearer<string>(channel, clock, tableOf(rows), peer, nobody, 517);
  if (mtu !== 23) {
    bearer.receive(Uint8Array.of(0x02, mtu, mtu >> 8));
    channel.take();
  }
  const ask = (request: string): string[] => {
    bearer.receive(fromHex(request));
    return channel.take();
  };
  return { ask, bearer, channel, clock };
}

const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i);
const counted = (from: number, size: number): string => toHex(counting(600).subarray(from, from + size));
const wideUuid = "00112233-4455-6677-8899-aabbccddeeff";
const wideOnAir = "ffeeddccbbaa99887766554433221100";

/** 1800: 1-3; 180f: 5-9 (a gap in front), with a 128-bit type among its attributes. */
const written: string[] = [];
const database: readonly Row[] = [
  { handle: 1, type: "2800", groupEnd: 3, ...constant("0018") },
  { handle: 2, type: "2803", ...constant("02 0300 002a") },
  { handle: 3, type: "2a00", ...holding(counting(40)) },
  { handle: 5, type: "2800", groupEnd: 9, ...constant("0f18") },
  { handle: 6, type: "2803", ...constant("0a 0700 192a") },
  {
    handle: 7,
    type: "2a19",
    ...holding(Uint8Array.of(93)),
    write: (_peer, { value, acknowledged }, done) => {
      written.push(`${toHex(value)} ${acknowledged ? "request" : "command"}`);
      done(undefined);
    },
  },
  { handle: 8, type: wideUuid, ...holding(Uint8Array.of(1, 2)) },
  { handle: 9, type: "2902", write: (_peer, _write, done) => done(undefined) },
];

type Exchange = readonly [name: string, request: string, response: string];

const answers: readonly Exchange[] = [
  [
    "Find Information stops where the width of the UUID changes (3.4.3.1)",
    "04 0500 ffff",
    "05 01 05000028 06000328 0700192a",
  ],
  ["Find Information gives 128-bit UUIDs in format 0x02 (3.4.3.2)", "04 0800 ffff", `05 02 0800${wideOnAir}`],
  [
    "Find Information gives no more than fits ATT_MTU (3.4.3.2)",
    "04 0100 ffff",
    "05 01 01000028 02000328 0300002a 05000028 06000328",
  ],
  ["Find Information begins behind a gap (3.4.3.1)", "04 0400 0500", "05 01 05000028"],
  ["Find By Type Value gives the range of the service (3.4.3.3)", "06 0100 ffff 0028 0f18", "07 05000900"],
  [
    "Read By Type gives values of the first one's length (3.4.4.1)",
    "08 0100 ffff 0328",
    "09 07 0200020300002a 06000a0700192a",
  ],
  ["Read By Type with a 128-bit type (3.4.4.1)", `08 0100 ffff ${wideOnAir}`, "09 04 08000102"],
  [
    "Read By Type cuts a long value to ATT_MTU - 4 (3.4.4.2)",
    "08 0100 ffff 002a",
    `09 15 0300${counted(0, 19)}`,
  ],
  [
    "Read By Group Type gives primary services (3.4.4.9)",
    "10 0100 ffff 0028",
    "11 06 010003000018 050009000f18",
  ],
  [
    "Read By Group Type takes the type in 128 bits as well (3.4.4.9)",
    "10 0100 ffff fb349b5f8000008000100000 00280000",
    "11 06 010003000018 050009000f18",
  ],
  ["Read gives at most ATT_MTU - 1 octets (3.4.4.3)", "0a 0300", `0b ${counted(0, 22)}`],
  ["Read Blob goes on at the offset (3.4.4.5)", "0c 0300 1600", `0d ${counted(22, 18)}`],
  ["Read Blob at the end of the value is empty, not an error (3.4.4.5)", "0c 0300 2800", "0d"],
  ["Read Blob from offset 0 (3.4.4.5)", "0c 0700 0000", "0d 5d"],
  ["Write is answered (3.4.5.1)", "12 0700 aabb", "13"],
  [
    "Read Multiple gives values one behind the other, in the order asked for (3.4.4.8)",
    "0e 0800 0700 0100",
    "0f 0102 5d 0018",
  ],
  [
    "Read Multiple gives ATT_MTU - 1 octets and no more (3.4.4.8)",
    "0e 0700 0300 0800",
    `0f 5d ${counted(0, 21)}`,
  ],
  [
    "Read Multiple Variable gives lengths too (3.4.4.12)",
    "20 0800 0700 0700",
    "21 0200 0102 0100 5d 0100 5d",
  ],
  [
    "Read Multiple Variable cuts the last value and tells its whole length (3.4.4.12)",
    "20 0700 0300 0800",
    `21 0100 5d 2800 ${counted(0, 17)}`,
  ],
  ["Prepare Write tells what it has taken (3.4.6.2)", "16 0700 0500 0102", "17 0700 0500 0102"],
  ["Execute Write of nothing (3.4.6.3)", "18 01", "19"],
  ["Execute Write that cancels nothing (3.4.6.3)", "18 00", "19"],
  ["Exchange MTU tells what this side receives (3.4.2.1)", "02 6400", "03 0502"],
];

const errors: readonly Exchange[] = [
  ["Find Information from handle 0 is an Invalid Handle (3.4.3.1)", "04 0000 ffff", "01 04 0000 01"],
  [
    "Find Information with the range reversed is an Invalid Handle, the start's (3.4.3.1)",
    "04 0700 0600",
    "01 04 0700 01",
  ],
  ["Find Information behind the last attribute finds none (3.4.3.1)", "04 0a00 ffff", "01 04 0a00 0a"],
  ["Find Information in a gap finds none (3.4.3.1)", "04 0400 0400", "01 04 0400 0a"],
  ["Find By Type Value from handle 0 (3.4.3.3)", "06 0000 ffff 0028 0f18", "01 06 0000 01"],
  ["Find By Type Value with the range reversed (3.4.3.3)", "06 0200 0100 0028 0f18", "01 06 0200 01"],
  ["Find By Type Value of another value finds none (3.4.3.3)", "06 0100 ffff 0028 0f19", "01 06 0100 0a"],
  [
    "Find By Type Value of the beginning of a value finds none (3.4.3.3)",
    "06 0100 ffff 0028 0f",
    "01 06 0100 0a",
  ],
  ["Read By Type from handle 0 (3.4.4.1)", "08 0000 ffff 0328", "01 08 0000 01"],
  ["Read By Type with the range reversed (3.4.4.1)", "08 ffff 0100 0328", "01 08 ffff 01"],
  ["Read By Type of a type nobody has (3.4.4.1)", "08 0100 ffff 0a2a", "01 08 0100 0a"],
  [
    "Read By Type of what cannot be read blames that attribute (3.4.4.1)",
    "08 0100 ffff 0229",
    "01 08 0900 02",
  ],
  ["Read By Group Type from handle 0 (3.4.4.9)", "10 0000 ffff 0028", "01 10 0000 01"],
  ["Read By Group Type with the range reversed (3.4.4.9)", "10 0400 0300 0028", "01 10 0400 01"],
  ["Read By Group Type of what is no group (3.4.4.9)", "10 0100 ffff 0328", "01 10 0100 10"],
  ["Read By Group Type where none begins (3.4.4.9)", "10 0600 ffff 0028", "01 10 0600 0a"],
  [
    "Read By Group Type of secondary services that are not there (3.4.4.9)",
    "10 0100 ffff 0128",
    "01 10 0100 0a",
  ],
  ["Read of handle 0 (3.4.4.3)", "0a 0000", "01 0a 0000 01"],
  ["Read of a handle in a gap (3.4.4.3)", "0a 0400", "01 0a 0400 01"],
  ["Read of a handle behind all (3.4.4.3)", "0a ffff", "01 0a ffff 01"],
  ["Read of what may not be read (3.4.4.3)", "0a 0900", "01 0a 0900 02"],
  ["Read Blob of a handle that is not there (3.4.4.5)", "0c 0400 0000", "01 0c 0400 01"],
  ["Read Blob of what may not be read, whatever the offset (3.4.4.5)", "0c 0900 ffff", "01 0c 0900 02"],
  ["Read Blob behind the end of the value (3.4.4.5)", "0c 0300 2900", "01 0c 0300 07"],
  ["Write to a handle that is not there (3.4.5.1)", "12 0400 01", "01 12 0400 01"],
  ["Write to what may not be written (3.4.5.1)", "12 0300 01", "01 12 0300 03"],
  ["Exchange MTU of 2 octets (3.4.1.1)", "02 17", "01 02 0000 04"],
  ["Exchange MTU of 4 octets (3.4.1.1)", "02 1700 00", "01 02 0000 04"],
  ["Find Information without an end (3.4.1.1)", "04 0100", "01 04 0000 04"],
  ["Find Information with an octet too many (3.4.1.1)", "04 0100 ffff 00", "01 04 0000 04"],
  ["Find By Type Value without a whole type (3.4.1.1)", "06 0100 ffff 00", "01 06 0000 04"],
  ["Read By Type with a UUID of 4 octets (3.4.1.1)", "08 0100 ffff 00280000", "01 08 0000 04"],
  ["Read By Type without a type (3.4.1.1)", "08 0100 ffff", "01 08 0000 04"],
  ["Read By Group Type with a UUID of 3 octets (3.4.1.1)", "10 0100 ffff 002800", "01 10 0000 04"],
  ["Read with half a handle (3.4.1.1)", "0a 01", "01 0a 0000 04"],
  ["Read with an octet too many (3.4.1.1)", "0a 0100 00", "01 0a 0000 04"],
  ["Read Blob without an offset (3.4.1.1)", "0c 0100", "01 0c 0000 04"],
  ["Write without a handle (3.4.1.1)", "12 07", "01 12 0000 04"],
  ["a request of one octet (3.4.1.1)", "0a", "01 0a 0000 04"],
  ["Read Multiple of a single handle (3.4.1.1)", "0e 0100", "01 0e 0000 04"],
  ["Read Multiple of one and a half (3.4.1.1)", "0e 0100 02", "01 0e 0000 04"],
  ["Read Multiple Variable of a single handle (3.4.1.1)", "20 0100", "01 20 0000 04"],
  ["Read Multiple with a handle that is not there blames it (3.4.4.7)", "0e 0100 0400 0900", "01 0e 0400 01"],
  [
    "Read Multiple of what may not be read, though it would not fit (3.4.4.7)",
    "0e 0300 0900",
    "01 0e 0900 02",
  ],
  [
    "Read Multiple Variable blames the first that cannot be read (3.4.4.11)",
    "20 0700 0900 0400",
    "01 20 0900 02",
  ],
  ["Prepare Write without a whole offset (3.4.1.1)", "16 0700 00", "01 16 0000 04"],
  ["Prepare Write to a handle that is not there (3.4.6.1)", "16 0400 0000 01", "01 16 0400 01"],
  ["Prepare Write to what may not be written (3.4.6.1)", "16 0300 0000 01", "01 16 0300 03"],
  ["Execute Write without flags (3.4.1.1)", "18", "01 18 0000 04"],
  ["Execute Write with flags that mean nothing (3.4.6.3)", "18 02", "01 18 0000 04"],
  ["an opcode nobody has defined (3.4.1.1)", "3f", "01 3f 0000 06"],
  ["an opcode nobody has defined, with the authentication bit (3.4.1.1)", "bf 00", "01 bf 0000 06"],
  ["opcode 0 (3.4.1.1)", "00", "01 00 0000 06"],
];

describe("ATT server: answers (Vol 3, Part F, 3.4)", () => {
  it.each(answers)("%s", (_name, request, response) => {
    expect(serve(database).ask(request)).toEqual([toHex(fromHex(response))]);
  });
});

describe("ATT server: errors (Vol 3, Part F, 3.4.1.1)", () => {
  it.each(errors)("%s", (_name, request, response) => {
    expect(serve(database).ask(request)).toEqual([toHex(fromHex(response))]);
  });
});

describe("ATT server: commands (Vol 3, Part F, 3.3)", () => {
  it("writes what a Write Command carries and does not answer (3.4.5.3)", () => {
    written.length = 0;
    expect(serve(database).ask("52 0700 c0ffee")).toEqual([]);
    expect(written).toEqual(["c0ffee command"]);
  });

  it.each([
    ["a Write Command to a handle that is not there", "52 0400 01"],
    ["a Write Command to what may not be written", "52 0300 01"],
    ["a Signed Write Command where signatures cannot be checked", "d2 0700 01 000000000000000000000000"],
    ["a command nobody has defined (bit 6)", "7f 0700"],
    ["a command nobody has defined, with the authentication bit", "ff 00"],
  ])("ignores %s (3.3.1)", (_name, command) => {
    written.length = 0;
    expect(serve(database).ask(command)).toEqual([]);
    expect(written).toEqual([]);
  });

  it("does not answer a Write Command that is malformed, but tells (3.3.1)", () => {
    const { bearer, channel, ask } = serve(database);
    expect(() => bearer.receive(fromHex("52 07"))).toThrow(MalformedPduError);
    expect(channel.take()).toEqual([]);
    expect(ask("0a 0700")).toEqual(["0b5d"]);
  });

  it("takes commands while a request is being answered (3.3.2)", () => {
    written.length = 0;
    const { ask } = serve([...database, { handle: 10, type: "2a01", read: () => undefined }]);
    expect(ask("0a 0a00")).toEqual([]);
    expect(ask("52 0700 01")).toEqual([]);
    expect(written).toEqual(["01 command"]);
  });
});

describe("ATT server: what fits (Vol 3, Part F, 3.4.4)", () => {
  const long = (handle: number, size: number, type = "2a00"): Row => ({
    handle,
    type,
    ...holding(counting(size)),
  });

  it("Read By Type cuts a value to 253 octets whatever ATT_MTU is (3.4.4.2)", () => {
    expect(serve([long(1, 300)], 517).ask("08 0100 ffff 002a")).toEqual([`09ff0100${counted(0, 253)}`]);
  });

  it("Read By Group Type cuts a value to 251 octets whatever ATT_MTU is (3.4.4.10)", () => {
    const row: Row = { handle: 1, type: "2800", ...constant(counted(0, 300)) };
    expect(serve([row], 517).ask("10 0100 ffff 0028")).toEqual([`11ff01000100${counted(0, 251)}`]);
  });

  it("two values that are cut to one length share a response (3.4.4.2)", () => {
    const [response] = serve([long(1, 300), long(2, 400)], 517).ask("08 0100 ffff 002a");
    expect(response).toBe(`09ff0100${counted(0, 253)}0200${counted(0, 253)}`);
  });

  it("Read gives 516 octets at the largest ATT_MTU (3.4.4.4)", () => {
    const [response] = serve([long(1, 512)], 517).ask("0a 0100");
    expect(response).toBe(`0b${counted(0, 512)}`);
  });

  it("a value of exactly ATT_MTU - 1 fills the response, and the blob behind it is empty (3.4.4.5)", () => {
    const { ask } = serve([long(1, 22)]);
    expect(ask("0a 0100")).toEqual([`0b${counted(0, 22)}`]);
    expect(ask("0c 0100 1600")).toEqual(["0d"]);
    expect(ask("0c 0100 1700")).toEqual(["010c010007"]);
  });

  it("reads 512 octets in blobs of 22 (3.4.4.5)", () => {
    const { ask } = serve([long(1, 512)]);
    let value = (ask("0a 0100")[0] ?? "").slice(2);
    while (value.length < 1024) {
      const offset = toHex(Uint8Array.of(value.length / 2, (value.length / 2) >> 8));
      const [blob = ""] = ask(`0c 0100 ${offset}`);
      expect(blob.length).toBeGreaterThan(2);
      value += blob.slice(2);
    }
    expect(value).toBe(counted(0, 512));
  });

  it("a value that has shrunk since the last blob gives Invalid Offset (3.4.4.5)", () => {
    let value = counting(40);
    const read: Attribute<string>["read"] = (_peer, _offset, done) => {
      done(value);
    };
    const { ask } = serve([{ handle: 1, type: "2a00", read }]);
    expect(ask("0a 0100")).toEqual([`0b${counted(0, 22)}`]);
    value = counting(10);
    expect(ask("0c 0100 1600")).toEqual(["010c010007"]);
  });

  it("Read By Type stops before a value of another length, and before one that cannot be read (3.4.4.1)", () => {
    const rows = [long(1, 2), long(2, 2), long(3, 3), long(4, 2)];
    expect(serve(rows).ask("08 0100 ffff 002a")).toEqual(["090401000001" + "02000001"]);
    const guarded: Row = { handle: 3, type: "2a00", ...refusing(ErrorCode.InsufficientEncryption) };
    const some = [long(1, 2), long(2, 2), guarded];
    expect(serve(some).ask("08 0100 ffff 002a")).toEqual(["090401000001" + "02000001"]);
    expect(serve(some).ask("08 0300 ffff 002a")).toEqual(["010803000f"]);
  });

  it("Read By Type gives values of no octets (3.4.4.2)", () => {
    expect(serve([long(1, 0), long(2, 0)]).ask("08 0100 ffff 002a")).toEqual(["090201000200"]);
  });

  it("Find By Type Value gives no more ranges than fit, and the rest on the next request (3.4.3.4)", () => {
    const rows = Array.from({ length: 7 }, (_, i): Row => ({
      handle: i + 1,
      type: "2800",
      ...constant("0018"),
    }));
    const { ask } = serve(rows);
    const range = (handle: number): string => `0${handle}000${handle}00`;
    expect(ask("06 0100 ffff 0028 0018")).toEqual([`07${[1, 2, 3, 4, 5].map(range).join("")}`]);
    expect(ask("06 0600 ffff 0028 0018")).toEqual([`07${[6, 7].map(range).join("")}`]);
  });

  it("Read By Group Type keeps 16-bit and 128-bit services apart (3.4.4.9)", () => {
    const rows: Row[] = [
      { handle: 1, type: "2800", groupEnd: 1, ...constant("0018") },
      { handle: 2, type: "2800", groupEnd: 2, ...constant(wideOnAir) },
      { handle: 3, type: "2800", groupEnd: 0xffff, ...constant("0f18") },
    ];
    const { ask } = serve(rows);
    expect(ask("10 0100 ffff 0028")).toEqual(["1106" + "010001000018"]);
    expect(ask("10 0200 ffff 0028")).toEqual([`111402000200${wideOnAir}`]);
    expect(ask("10 0300 ffff 0028")).toEqual(["1106" + "0300ffff0f18"]);
  });
});

describe("ATT server: one request at a time (Vol 3, Part F, 3.3.2)", () => {
  it("answers late where reading takes time, and drops a second request meanwhile", () => {
    let answer: ((result: ReadResult) => void) | undefined;
    const read: Attribute<string>["read"] = (_peer, _offset, done) => {
      answer = done;
    };
    const { ask, channel } = serve([...database, { handle: 10, type: "2a01", read }]);
    expect(ask("0a 0a00")).toEqual([]);
    expect(ask("0a 0700")).toEqual([]);
    answer?.(Uint8Array.of(7));
    expect(channel.take()).toEqual(["0b07"]);
    expect(ask("0a 0700")).toEqual(["0b5d"]);
  });

  it("names the request that is answered late, not one that came in between (3.4.1.1)", () => {
    let answer: ((result: ReadResult) => void) | undefined;
    const read: Attribute<string>["read"] = (_peer, _offset, done) => {
      answer = done;
    };
    const { ask, channel } = serve([{ handle: 1, type: "2a01", read }]);
    ask("0c 0100 0000");
    ask("12 0100 00");
    answer?.(0x80);
    expect(channel.take()).toEqual(["010c010080"]);
  });

  it.each([
    ["Unlikely Error", ErrorCode.UnlikelyError, "010a00000e"],
    ["Insufficient Resources", ErrorCode.InsufficientResources, "010a000011"],
  ])("%s is about no attribute, so the handle is 0 (3.3)", (_name, error, response) => {
    expect(serve([{ handle: 1, type: "2a01", ...refusing(error) }]).ask("0a 0100")).toEqual([response]);
  });

  it("sends nothing when the answer comes after the link is gone", () => {
    let answer: ((result: ReadResult) => void) | undefined;
    const read: Attribute<string>["read"] = (_peer, _offset, done) => {
      answer = done;
    };
    const { ask, bearer, channel } = serve([{ handle: 1, type: "2a01", read }]);
    ask("0a 0100");
    bearer.closed(new DisconnectedError(0x08));
    answer?.(Uint8Array.of(1));
    expect(channel.take()).toEqual([]);
  });

  it("a client that asks on while the link takes no answers fills no memory", () => {
    const { bearer, channel } = serve(database);
    channel.room = 4;
    for (let i = 0; i < 1000; i++) bearer.receive(fromHex("0a 0700"));
    expect(channel.take()).toEqual(["0b5d", "0b5d", "0b5d", "0b5d"]);
    bearer.receive(fromHex("0a 0700"));
    expect(channel.take(), "and is served again when it takes them").toEqual(["0b5d"]);
  });
});
