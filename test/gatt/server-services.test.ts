import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import {
  aggregateFormat,
  presentationFormat,
  serverConfiguration,
  userDescription,
} from "../../src/gatt/descriptors.ts";
import { characteristic, descriptor, service } from "../../src/gatt/service-builder.ts";
import { type PlayedClient, Served } from "./served.ts";

let served: Served;
let client: PlayedClient;

beforeEach(() => {
  served = new Served();
  client = served.connect({}, 517);
});

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const value = { value: octets(7) };
const battery = service("180f", { level: characteristic("2a19", value) });

/** All attributes, as handle and type. */
async function attributes(): Promise<string[]> {
  const found: string[] = [];
  for (const { handle, type } of served.server.table.between(1, 0xffff))
    found.push(`${handle} ${type.toString()}`);
  return Promise.resolve(found);
}

describe("Services (Vol 3, Part G, 3.1 and 3.2)", () => {
  it("may be secondary, and included by others with or without a short UUID", async () => {
    const wide = "00112233-4455-6677-8899-aabbccddeeff";
    const short = served.server.add(
      service("180a", { name: characteristic("2a29", value) }, { secondary: true }),
    );
    const long = served.server.add(service(wide, { it: characteristic("2a29", value) }));
    const { beat } = served.server.add(
      service("180d", { beat: characteristic("2a37", value) }, { includes: [short, long] }),
    );
    expect(beat.handle).toBe(11);
    expect(await client.ask("10 0100 ffff 0128")).toEqual(["1106" + "010003000a18"]);
    expect(await client.ask("08 0100 ffff 0228")).toEqual(["0908" + "0800" + "010003000a18"]);
    expect(await client.ask("08 0900 ffff 0228")).toEqual(["0906" + "0900" + "04000600"]);
    expect(await client.ask("10 0700 ffff 0028")).toEqual(["1106" + "07000b000d18"]);
  });

  it("may include one by its handles, which need not be there yet", async () => {
    const includes = [{ startHandle: 0x20, endHandle: 0x2f, uuid: "180f" }];
    served.server.add(service("180d", {}, { includes }));
    expect(await client.ask("0a 0200")).toEqual(["0b" + "20002f000f18"]);
  });

  it("do not include what is no service of this host", () => {
    const other = new Served().server.add(battery);
    expect(() => served.server.add(service("180d", {}, { includes: [other] }))).toThrow(TypeError);
    expect(served.server.table.end).toBe(1);
  });

  it("that are none, or ask for what is no handle, are refused with the option's name", () => {
    const add = (definition: unknown) => () => served.server.add(definition as typeof battery);
    expect(add(undefined)).toThrow(/^add: give what service\(\) makes/);
    expect(add({ uuid: "180f" })).toThrow(/^add: /);
    expect(add(service("180f", {}, { handle: Number.NaN }))).toThrow(/^handle: NaN/);
    expect(add(service("180f", {}, { includes: [null as never] }))).toThrow(/^includes: /);
    for (const [startHandle, endHandle] of [
      [0, 1],
      [2, 1],
      [1, 0x10000],
      [1.5, 2],
    ] as const) {
      const includes = [{ startHandle, endHandle, uuid: "180f" }];
      expect(add(service("180f", {}, { includes }))).toThrow(RangeError);
    }
    expect(() => service("180f", {}, null as never)).toThrow(TypeError);
  });

  it("may have the handles they ask for, with gaps (Vol 3, Part F, 3.2.2)", async () => {
    served.server.add(
      service(
        "180d",
        {
          beat: characteristic("2a37", { ...value, handle: 0x0110 }),
          place: characteristic("2a38", {
            ...value,
            notify: true,
            descriptors: [descriptor("2901", { ...value, handle: 0x0120 })],
          }),
        },
        { handle: 0x0100, endHandle: 0x01ff },
      ),
    );
    expect(await attributes()).toEqual([
      "256 180d".replace("180d", "2800"),
      "272 2803",
      "273 2a37",
      "274 2803",
      "275 2a38",
      "276 2902",
      "288 2901",
    ]);
    expect(await client.ask("10 0100 ffff 0028")).toEqual(["1106" + "0001ff010d18"]);
    expect(served.server.add(battery).level.handle, "the next service is behind what it keeps").toBe(0x0202);
    expect(served.changes).toEqual([
      [0x0100, 0x01ff],
      [0x0200, 0x0202],
    ]);
  });

  it.each([
    ["a handle that another service has", { handle: 3 }, {}],
    ["a handle within what another keeps", { handle: 9 }, {}],
    ["handle 0", { handle: 0 }, {}],
    ["a handle that is none", { handle: 0x1_0000 }, {}],
    ["no room to its end", { handle: 0x20, endHandle: 0x21 }, {}],
    ["an end that is none", { endHandle: 0x1_0000 }, {}],
    ["a characteristic in front of the service", { handle: 0x20 }, { handle: 0x10 }],
    ["a characteristic at the service's own handle", { handle: 0x20 }, { handle: 0x20 }],
  ])("that ask for %s are refused, and nothing is added", (_name, options, of) => {
    served.server.add(
      service("180f", { level: characteristic("2a19", value) }, { handle: 1, endHandle: 10 }),
    );
    const { end } = served.server.table;
    const wanted = service("180d", { it: characteristic("2a37", { ...value, ...of }) }, options);
    expect(() => served.server.add(wanted)).toThrow(RangeError);
    expect(served.server.table.end).toBe(end);
    expect(served.changes).toHaveLength(1);
  });

  it("take handles in a gap once there are none behind all others", () => {
    const first = served.server.add(battery);
    served.server.add(battery);
    served.server.add(service("180f", {}, { handle: 0xffff }));
    served.server.remove(first);
    expect(served.server.add(battery).level.handle).toBe(3);
    expect(served.server.add(battery).level.handle).toBe(9);
    expect(() =>
      served.server.add(service("180d", { it: characteristic("2a37", value) }, { endHandle: 0xfffe })),
    ).toThrow(/left/);
  });
});

describe("Services removed (Vol 3, Part G, 2.5.2)", () => {
  it("are gone with all their attributes, and nobody is told of their values any more", async () => {
    const heart = served.server.add(
      service("180d", { beat: characteristic("2a37", { ...value, notify: true }) }),
    );
    served.server.add(battery);
    await client.ask("12 0400 0100");
    expect(heart.beat.subscribers).toHaveLength(1);
    served.server.remove(heart);
    expect(await client.ask("0a 0300")).toEqual(["010a030001"]);
    expect(await client.ask("10 0100 ffff 0028")).toEqual(["1106" + "050007000f18"]);
    expect(await heart.beat.notify(octets(1))).toBe(0);
    expect(heart.beat.tryNotify(octets(1))).toBe(true);
    expect(heart.beat.subscribers).toEqual([]);
    expect(client.channel.take()).toEqual([]);
    expect(served.changes.at(-1)).toEqual([1, 4]);
    served.server.remove(heart);
    expect(served.changes, "only once").toHaveLength(3);
  });

  it("have no part in a service that takes their handles (Vol 3, Part F, 3.2.2)", async () => {
    const definition = service(
      "180d",
      { beat: characteristic("2a37", { ...value, notify: true, indicate: true }) },
      { handle: 0x20 },
    );
    const before = served.server.add(definition);
    served.server.remove(before);
    expect(await before.beat.notify(octets(1), { force: true })).toBe(0);
    expect(client.channel.take()).toEqual([]);
    const after = served.server.add(definition);
    await client.ask("12 2300 0300");
    expect([before.beat.subscribers, after.beat.subscribers]).toEqual([[], [client.connection]]);
    expect(await before.beat.notify(octets(1))).toBe(0);
    expect(await before.beat.indicate(octets(1), { force: true })).toBe(0);
    expect(before.beat.tryNotify(octets(1))).toBe(true);
    expect(client.channel.take()).toEqual([]);
    expect(await after.beat.notify(octets(2))).toBe(1);
    expect(client.channel.take()).toEqual(["1b220002"]);
  });

  it("are services of this host, or a mistake", () => {
    const other = new Served().server.add(battery);
    expect(() => {
      served.server.remove(other);
    }).toThrow(TypeError);
    expect(() => {
      served.server.remove({});
    }).toThrow(TypeError);
  });

  it("do not leave their handles to the next service", () => {
    const first = served.server.add(battery);
    served.server.remove(first);
    expect(served.server.add(battery).level.handle).toBe(6);
  });

  it("take with them what is prepared for them, and values that wait for room", async () => {
    const local = served.server.add(
      service("180d", { beat: characteristic("2a37", { ...value, write: true, notify: true }) }),
    );
    await client.ask("12 0400 0100");
    await client.ask("16 0300 0000 01");
    client.channel.room = 0;
    const told = local.beat.notify(octets(1));
    served.server.remove(local);
    client.channel.room = 10;
    client.channel.take();
    expect(await told).toBe(0);
    expect(client.channel.take()).toEqual([]);
    expect(await client.ask("18 01")).toEqual(["0118030012"]);
  });

  it("are not while another service includes them", () => {
    const level = served.server.add(battery);
    const heart = served.server.add(service("180d", {}, { includes: [level] }));
    expect(() => {
      served.server.remove(level);
    }).toThrow(/180d includes it/);
    served.server.remove(heart);
    served.server.remove(level);
    expect([...served.server.table.between(1, 0xffff)]).toEqual([]);
  });

  it("may be removed by whoever reads them, in the middle of the answer", async () => {
    const local = served.server.add(
      service("180d", {
        beat: characteristic("2a37", {
          onRead: () => {
            served.server.remove(local);
            return octets(1);
          },
        }),
      }),
    );
    expect(await client.ask("0a 0300")).toEqual(["0b01"]);
    expect(await client.ask("0a 0300")).toEqual(["010a030001"]);
  });
});

describe("Descriptors by helper (Vol 3, Part G, 3.3.3)", () => {
  it("have the values of the specification", async () => {
    const celsius = presentationFormat({ format: 0x0e, exponent: -2, unit: 0x272f });
    const percent = presentationFormat({ format: 0x04, unit: "27ad", namespace: 0, description: 0x0102 });
    served.server.add(
      service("181a", {
        temperature: characteristic("2a6e", { ...value, descriptors: [userDescription("warm ☀"), celsius] }),
        humidity: characteristic("2a6f", { ...value, descriptors: [percent] }),
        both: characteristic("2aff", { ...value, descriptors: [aggregateFormat([percent, celsius])] }),
      }),
    );
    expect(await attributes()).toEqual([
      "1 2800",
      "2 2803",
      "3 2a6e",
      "4 2901",
      "5 2904",
      "6 2803",
      "7 2a6f",
      "8 2904",
      "9 2803",
      "10 2aff",
      "11 2905",
    ]);
    const read = async (handle: string): Promise<string> =>
      ((await client.ask(`0a ${handle}`))[0] ?? "").slice(2);
    expect(await read("0400")).toBe(toHex(new TextEncoder().encode("warm ☀")));
    expect(await read("0500")).toBe("0efe2f27010000");
    expect(await read("0800")).toBe("0400ad27000201");
    expect(await read("0b00")).toBe("08000500");
    expect(await client.ask("12 0400 00"), "it was not to be written").toEqual(["0112040003"]);
  });

  it("Extended Properties are there where they say something (3.3.3.1)", async () => {
    served.server.add(
      service("180d", {
        plain: characteristic("2a37", value),
        reliable: characteristic("2a38", { ...value, write: true, reliableWrite: true }),
        described: characteristic("2a39", { ...value, descriptors: [userDescription("x", { write: true })] }),
      }),
    );
    expect(await attributes()).toEqual([
      "1 2800",
      "2 2803",
      "3 2a37",
      "4 2803",
      "5 2a38",
      "6 2900",
      "7 2803",
      "8 2a39",
      "9 2900",
      "10 2901",
    ]);
    expect(await client.ask("0a 0400")).toEqual(["0b" + "8a0500382a"]);
    expect(await client.ask("0a 0600")).toEqual(["0b0100"]);
    expect(await client.ask("0a 0900")).toEqual(["0b0200"]);
    expect(await client.ask("12 0a00 79")).toEqual(["13"]);
    expect(await client.ask("0a 0a00")).toEqual(["0b79"]);
  });

  it("Server Configuration is one for all clients, of two octets (3.3.3.4)", async () => {
    const written: string[] = [];
    const configuration = serverConfiguration({
      onWrite: ({ value: bits }) => void written.push(toHex(bits)),
    });
    served.server.add(
      service("180d", {
        it: characteristic("2a37", {
          ...value,
          broadcast: true,
          signedWrite: true,
          descriptors: [configuration],
        }),
      }),
    );
    expect(await client.ask("0a 0200"), "read, broadcast, signed write").toEqual(["0b" + "430300372a"]);
    expect(await client.ask("12 0400 0100")).toEqual(["13"]);
    expect(await served.connect().ask("0a 0400")).toEqual(["0b0100"]);
    expect(await client.ask("12 0400 000000")).toEqual(["011204000d"]);
    expect(written).toEqual(["0100"]);
  });

  it.each([
    ["a format of more than an octet", () => presentationFormat({ format: 256 })],
    ["an exponent of more than an octet", () => presentationFormat({ format: 4, exponent: 128 })],
    ["a unit that has no 16 bits", () => presentationFormat({ format: 4, unit: 0x1_0000 })],
    ["a description of more than two octets", () => presentationFormat({ format: 4, description: 65_536 })],
  ])("%s is out of range", (_name, make) => {
    expect(make).toThrow(RangeError);
  });

  it("an aggregate of formats that are elsewhere is a mistake, and nothing is added", () => {
    const descriptors = [aggregateFormat([presentationFormat({ format: 4 })])];
    expect(() =>
      served.server.add(service("180d", { it: characteristic("2a37", { ...value, descriptors }) })),
    ).toThrow(TypeError);
    expect(served.server.table.end).toBe(1);
  });
});

describe("Database Hash (Vol 3, Part G, 7.3.1)", () => {
  it("is that of the specification's example (Appendix B), little-endian", () => {
    // The example's database, declared as a program does.
    const { server } = served;
    const nothing = { value: octets() };
    server.add(
      service("1800", {
        name: characteristic("2a00", { ...nothing, write: true }),
        appearance: characteristic("2a01", nothing),
      }),
    );
    server.add(
      service("1801", {
        changed: characteristic("2a05", { indicate: true }),
        features: characteristic("2b29", { ...nothing, write: true }),
        hash: characteristic("2b2a", nothing),
      }),
    );
    const includes = [{ startHandle: 0x14, endHandle: 0x16, uuid: "180f" }];
    server.add(
      service(
        "1808",
        {
          // Extended Properties whose value is 0 must be declared by hand.
          glucose: characteristic("2a18", {
            ...nothing,
            indicate: true,
            descriptors: [descriptor("2900", { value: octets(0, 0) })],
          }),
        },
        { includes },
      ),
    );
    server.add(service("180f", { level: characteristic("2a19", nothing) }, { secondary: true }));
    // The example's declaration has the bit of Extended Properties, which ours has only where they say something.
    const declaration = server.table.at(0x10);
    server.table.remove(0x10, 0x10);
    server.table.add({ ...declaration!, constant: fromHex("a21100182a") });
    expect(toHex(server.hash)).toBe(toHex(fromHex("f1ca2d48ecf58bac8a8830bbb9fba990").reverse()));
  });

  it("is another when a service is added or removed, and the same again when all is as it was", () => {
    const hashes = [served.hash];
    const level = served.server.add(battery);
    hashes.push(served.hash);
    level.level.value = octets(1);
    hashes.push(served.hash);
    served.server.remove(level);
    hashes.push(served.hash);
    const [empty, added] = hashes;
    expect(added).not.toBe(empty);
    expect(hashes).toEqual([empty, added, added, empty]);
  });
});
