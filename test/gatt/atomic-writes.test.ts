import { beforeEach, describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import type { LocalCharacteristic } from "../../src/gatt/local-characteristic.ts";
import { characteristic, type CharacteristicOptions, service } from "../../src/gatt/service-builder.ts";
import { type PlayedClient, PlayedSecurity, Served } from "./served.ts";
import { Bench, errorOf, settle } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const refuse = (): never => {
  throw new AttError(ErrorCode.ValueNotAllowed);
};

let served: Served;
let client: PlayedClient;
let offered: LocalCharacteristic[];

/** Characteristics whose values are at handles 3, 5, 7 … */
function offer(...options: CharacteristicOptions[]): void {
  const entries = options.map((each, i) => [`c${i}`, characteristic(0x2a00 + i, each)] as const);
  offered = Object.values(served.server.add(service("180d", Object.fromEntries(entries))));
}

/** Prepares one octet for each handle. */
async function prepare(...writes: (readonly [handle: string, octets: string])[]): Promise<void> {
  for (const [handle, value] of writes) {
    expect(await client.ask(`16 ${handle}00 0000 ${value}`)).toEqual([`17${handle}000000${value}`]);
  }
}

beforeEach(() => {
  served = new Served();
  client = served.connect();
});

describe("ATT_EXECUTE_WRITE_REQ is atomic (Vol 3, Part F, 3.4.6.3)", () => {
  it("keeps none of the values where a handler refuses the second, and names that one", async () => {
    const written: string[] = [];
    const asked: string[] = [];
    offer(
      { write: true, value: octets(1), onWrite: () => void asked.push("first") },
      { write: true, value: octets(2), onWrite: refuse },
      { write: true, value: octets(3), onWrite: () => void asked.push("third") },
    );
    for (const each of offered) each.on("written", () => written.push("written"));
    await prepare(["03", "aa"], ["05", "bb"], ["07", "cc"]);
    expect(await client.ask("18 01")).toEqual(["0118050013"]);
    expect(offered.map(({ value }) => value[0])).toEqual([1, 2, 3]);
    expect(asked, "in their order, and nobody behind who refused").toEqual(["first"]);
    expect(written).toEqual([]);
    expect(await client.ask("18 01"), "the queue is empty").toEqual(["19"]);
    expect(offered.map(({ value }) => value[0])).toEqual([1, 2, 3]);
  });

  it("keeps all of them, and tells of each, when every handler has agreed, however long that takes", async () => {
    let agree: (() => void) | undefined;
    const seen: number[] = [];
    offer(
      { write: true, value: octets(1) },
      { write: true, value: octets(2), onWrite: () => new Promise<void>((resolve) => (agree = resolve)) },
    );
    for (const each of offered) each.on("written", ({ value }) => seen.push(value[0] ?? -1));
    await prepare(["03", "aa"], ["05", "bb"]);
    expect(await client.ask("18 01")).toEqual([]);
    expect(offered.map(({ value }) => value[0])).toEqual([1, 2]);
    agree?.();
    await settle();
    expect(client.channel.take()).toEqual(["19"]);
    expect(offered.map(({ value }) => value[0])).toEqual([0xaa, 0xbb]);
    expect(seen).toEqual([0xaa, 0xbb]);
  });

  it("asks nobody where a length, an offset or a permission is wrong", async () => {
    const asked: unknown[] = [];
    const security = new PlayedSecurity();
    client = served.connect({ security });
    offer(
      { write: true, value: octets(1), onWrite: () => void asked.push(1) },
      { write: true, value: octets(2), maxLength: 1 },
      { write: true, value: octets(3), permissions: { write: "encrypted" } },
    );
    await prepare(["03", "aa"], ["05", "bbbb"]);
    expect(await client.ask("18 01")).toEqual(["011805000d"]);
    await prepare(["03", "aa"]);
    expect(await client.ask("16 0500 0900 bb")).toEqual(["1705000900bb"]);
    expect(await client.ask("18 01")).toEqual(["0118050007"]);
    security.encrypt();
    await prepare(["03", "aa"], ["07", "cc"]);
    security.encrypt({ encrypted: false });
    expect(await client.ask("18 01")).toEqual(["0118070005"]);
    expect(asked).toEqual([]);
    expect(offered.map(({ value }) => value[0])).toEqual([1, 2, 3]);
  });

  it("takes back what it has kept where there is no room to append another after all", async () => {
    offer({ write: true, value: octets(1) }, { write: true, append: true, maxLength: 2 });
    // Each fits by itself, and both together do not: their parts do not follow each other.
    await prepare(["03", "aa"], ["05", "bbbb"]);
    expect(await client.ask("16 0500 0000 cccc")).toEqual(["1705000000cccc"]);
    expect(await client.ask("18 01")).toEqual(["0118050011"]);
    expect(offered.map(({ value }) => [...value])).toEqual([[1], []]);
  });

  it("changes no subscription where another value is refused", async () => {
    offer({ notify: true }, { write: true, onWrite: refuse });
    expect(await client.ask("16 0400 0000 0100")).toEqual(["17040000000100"]);
    expect(await client.ask("16 0600 0000 bb")).toEqual(["1706000000bb"]);
    expect(await client.ask("18 01")).toEqual(["0118060013"]);
    expect(offered[0]!.subscribers).toEqual([]);
    expect(await client.ask("16 0400 0000 0400")).toEqual(["17040000000400"]);
    expect(await client.ask("18 01"), "a bit that it does not offer").toEqual(["01180400fd"]);
    expect(await client.ask("16 0400 0000 0100")).toEqual(["17040000000100"]);
    expect(await client.ask("18 01")).toEqual(["19"]);
    expect(offered[0]!.subscribers).toEqual([client.connection]);
  });

  it("tells Unlikely Error with the handle of the attribute whose handler has failed, and the program of the fault", async () => {
    const fault = new Error("a slip");
    offer(
      { write: true, value: octets(1) },
      { write: true, value: octets(2), onWrite: () => Promise.reject(fault) },
    );
    await prepare(["03", "aa"], ["05", "bb"]);
    expect(await client.ask("18 01")).toEqual(["011805000e"]);
    expect(served.faults).toMatchObject([{ cause: fault }]);
    expect(offered.map(({ value }) => value[0])).toEqual([1, 2]);
  });

  it("a service that is removed while a handler takes its time is Database Out Of Sync, whatever the client supports", async () => {
    let agree: (() => void) | undefined;
    offer({ write: true, value: octets(1) });
    const other = served.server.add(
      service("180f", {
        slow: characteristic("2a19", {
          write: true,
          onWrite: () => new Promise<void>((resolve) => (agree = resolve)),
        }),
      }),
    );
    await prepare(["03", "aa"], ["06", "bb"]);
    expect(await client.ask("18 01")).toEqual([]);
    served.server.remove(other);
    agree?.();
    await settle();
    expect(client.channel.take()).toEqual(["0118060012"]);
    expect(offered[0]!.value).toEqual(octets(1));
  });
});

describe("A reliable write that is refused (Vol 3, Part G, 4.9.5)", () => {
  it("names the characteristic that the server blames, whichever it is", async () => {
    const bench = new Bench();
    const { low, high } = bench.server.add(
      service("180d", {
        low: characteristic("2a37", { write: true, value: octets(1) }),
        high: characteristic("2a38", { write: true, value: octets(2), onWrite: refuse }),
      }),
    );
    const wire = bench.connect();
    const [found] = await bench.until(wire.client.services());
    const values = found!.characteristics.map((each) => [each, octets(9)] as const);
    const error = await bench.until(errorOf(wire.client.reliableWrite(values)));
    expect(error).toMatchObject({ status: ErrorCode.ValueNotAllowed, handle: high.handle });
    expect(String(error)).toContain("characteristic 2a38");
    expect([low.value, high.value]).toEqual([octets(1), octets(2)]);
  });
});
