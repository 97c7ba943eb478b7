import { beforeEach, describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import {
  characteristic,
  type CharacteristicOptions,
  service,
  type WriteEvent,
} from "../../src/gatt/service-builder.ts";
import { type PlayedClient, Served } from "./served.ts";
import { settle } from "./wire.ts";

let served: Served;
let client: PlayedClient;

beforeEach(() => {
  served = new Served();
  client = served.connect();
});

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** The value is at handle 3. */
function offer(options: CharacteristicOptions) {
  return served.server.add(service("180d", { it: characteristic("2a37", options) })).it;
}

describe("A value of variable length (Vol 3, Part F, 3.4.5.1)", () => {
  it("becomes what is written, longer or shorter, up to maxLength", async () => {
    const value = offer({ value: octets(1, 2, 3), write: true, maxLength: 4 });
    expect(await client.ask("12 0300 aa")).toEqual(["13"]);
    expect(value.value).toEqual(octets(0xaa));
    expect(await client.ask("12 0300 aabbccdd")).toEqual(["13"]);
    expect(await client.ask("12 0300 aabbccddee")).toEqual(["011203000d"]);
    expect(toHex(value.value)).toBe("aabbccdd");
    expect(await client.ask("12 0300")).toEqual(["13"]);
    expect(value.value).toEqual(octets());
  });

  it("becomes what long writes make of it, and is refused where they make it too long (3.4.6.3)", async () => {
    const value = offer({ value: octets(1, 2, 3), write: true, maxLength: 4 });
    await client.ask("16 0300 0000 aabb");
    await client.ask("16 0300 0200 ccdd");
    expect(await client.ask("18 01")).toEqual(["19"]);
    expect(toHex(value.value)).toBe("aabbccdd");
    await client.ask("16 0300 0300 1122");
    expect(await client.ask("18 01")).toEqual(["011803000d"]);
    await client.ask("16 0300 0500 11");
    expect(await client.ask("18 01")).toEqual(["0118030007"]);
    await client.ask("16 0300 0100 11");
    expect(await client.ask("18 01")).toEqual(["19"]);
    expect(toHex(value.value)).toBe("aa11ccdd");
  });

  it("stays as it was for who holds it, whatever is written with or without a handler (3.4.5.1)", async () => {
    const value = offer({ value: octets(1, 2), write: true, onWrite: () => undefined });
    const held = value.value;
    await client.ask("12 0300 0304");
    const next = value.value;
    await client.ask("12 0300 0506");
    await client.ask("12 0300 0708");
    expect([held, next, value.value]).toEqual([octets(1, 2), octets(3, 4), octets(7, 8)]);
  });

  it("goes out as it was when it is notified, though it waits for room and is written meanwhile", async () => {
    const value = offer({ value: octets(1, 2), write: true, notify: true, onWrite: () => undefined });
    await client.ask("12 0400 0100");
    client.channel.room = 0;
    const told = value.notify(value.value);
    client.send("12 0300 0304");
    client.channel.room = 10;
    client.channel.take();
    expect(await told).toBe(1);
    expect(client.channel.take()).toEqual(["1b03000102"]);
    expect(value.value).toEqual(octets(3, 4));
  });

  it("takes 512 octets at ATT_MTU 23 (Vol 3, Part G, 4.9.4)", async () => {
    const value = offer({ write: true });
    const long = Uint8Array.from({ length: 512 }, (_, i) => i);
    for (let at = 0; at < 512; at += 18) {
      const offset = toHex(octets(at, at >> 8));
      await client.ask(`16 0300 ${offset} ${toHex(long.subarray(at, at + 18))}`);
    }
    expect(await client.ask("18 01")).toEqual(["19"]);
    expect(value.value).toEqual(long);
  });
});

describe("A value of fixed length (Vol 3, Part F, 3.4.5.1)", () => {
  it("keeps the octets that are not written, and takes none beyond its end", async () => {
    const value = offer({ value: octets(1, 2, 3, 4), write: true, fixedLength: true });
    expect(await client.ask("12 0300 aabb")).toEqual(["13"]);
    expect(toHex(value.value)).toBe("aabb0304");
    expect(await client.ask("12 0300")).toEqual(["13"]);
    expect(await client.ask("12 0300 0102030405")).toEqual(["011203000d"]);
    await client.ask("16 0300 0200 cc");
    expect(await client.ask("18 01")).toEqual(["19"]);
    await client.ask("16 0300 0300 1122");
    expect(await client.ask("18 01")).toEqual(["011803000d"]);
    await client.ask("16 0300 0500 11");
    expect(await client.ask("18 01")).toEqual(["0118030007"]);
    expect(toHex(value.value)).toBe("aabbcc04");
  });

  it("has that length for the program too", () => {
    const value = offer({ value: octets(1, 2), fixedLength: true });
    expect(() => {
      value.value = octets(1);
    }).toThrow(RangeError);
    value.value = octets(3, 4);
    expect(value.take()).toEqual(octets(3, 4));
    expect(value.value).toEqual(octets(0, 0));
  });
});

describe("A value that clients append to", () => {
  it("grows until it is full, and is taken by the program", async () => {
    const value = offer({ append: true, writeWithoutResponse: true, write: true, maxLength: 5 });
    await client.ask("52 0300 0102");
    expect(await client.ask("12 0300 03")).toEqual(["13"]);
    expect(await client.ask("12 0300 040506"), "all or nothing").toEqual(["0112000011"]);
    await client.ask("52 0300 040506");
    expect(value.take()).toEqual(octets(1, 2, 3));
    expect(value.value).toEqual(octets());
    await client.ask("16 0300 0000 0405");
    await client.ask("16 0300 0200 06");
    expect(await client.ask("18 01")).toEqual(["19"]);
    expect(value.take()).toEqual(octets(4, 5, 6));
  });

  it("shows a handler what is to be appended, and does not grow beyond its end while that takes its time", async () => {
    const release: (() => void)[] = [];
    const seen: string[] = [];
    const value = offer({
      append: true,
      maxLength: 3,
      onWrite: ({ value: written }) => {
        seen.push(toHex(written));
        return new Promise((resolve) => release.push(resolve));
      },
    });
    const other = served.connect();
    client.send("12 0300 0102");
    other.send("12 0300 0304");
    await settle();
    for (const each of release) each();
    await settle();
    expect(client.channel.take()).toEqual(["13"]);
    expect(other.channel.take(), "the first left no room").toEqual(["0112000011"]);
    expect(seen).toEqual(["0102", "0304"]);
    expect(value.value).toEqual(octets(1, 2));
  });
});

describe("Options of a value", () => {
  it.each<readonly [string, CharacteristicOptions, ErrorConstructor]>([
    ["a maxLength beyond 512 octets", { maxLength: 513 }, RangeError],
    ["a maxLength below 0", { maxLength: -1 }, RangeError],
    ["a maxLength that is no whole number", { maxLength: 1.5 }, RangeError],
    ["a value longer than maxLength", { value: octets(1, 2), maxLength: 1 }, RangeError],
    ["a fixed length without a value", { fixedLength: true }, TypeError],
    ["a fixed length that grows", { value: octets(1), fixedLength: true, append: true }, TypeError],
  ])("%s is a mistake told at once", (_name, options, error) => {
    expect(() => characteristic("2a37", options)).toThrow(error);
  });

  it("hold for the program: a value longer than maxLength is refused", () => {
    const value = offer({ value: octets(1), maxLength: 2 });
    expect(() => {
      value.value = octets(1, 2, 3);
    }).toThrow(/at most 2 octets/);
  });
});

describe("Events of a characteristic", () => {
  it("tell what was written and kept, with octets of the listener's own", async () => {
    const value = offer({ write: true, writeWithoutResponse: true });
    const seen: WriteEvent[] = [];
    value.on("written", (event) => seen.push(event));
    await client.ask("12 0300 0102");
    await client.ask("52 0300 03");
    expect(seen.map(({ value: written, acknowledged }) => [toHex(written), acknowledged])).toEqual([
      ["0102", true],
      ["03", false],
    ]);
    expect(seen[0]?.connection).toBe(client.connection);
    seen[1]?.value.fill(0);
    expect(value.value).toEqual(octets(3));
  });

  it("are none for a write that was refused", async () => {
    const value = offer({ onWrite: () => Promise.reject(new Error("no")) });
    let told = 0;
    value.on("written", () => told++);
    await client.ask("12 0300 01");
    expect(told).toBe(0);
  });

  it("come when the stack is at rest, so that a listener may notify at once", async () => {
    const value = offer({ write: true, notify: true });
    await client.ask("12 0400 0100");
    value.on("written", ({ value: written }) => value.tryNotify(written));
    expect(await client.ask("12 0300 07")).toEqual(["13", "1b030007"]);
  });

  it("tell who subscribes and how, and who does no more", async () => {
    const value = offer({ notify: true, indicate: true });
    const seen: string[] = [];
    value.on("subscribed", (connection, { notifications, indications }) =>
      seen.push(
        `${String(connection === client.connection)} ${String(notifications)} ${String(indications)}`,
      ),
    );
    value.on("unsubscribed", (connection) => seen.push(`gone ${String(connection === client.connection)}`));
    await client.ask("12 0400 0100");
    await client.ask("12 0400 0100");
    await client.ask("12 0400 0200");
    await client.ask("12 0400 0000");
    expect(seen).toEqual(["true true false", "true false true", "gone true"]);
    await client.ask("12 0400 0100");
    client.leave();
    expect(seen.slice(3)).toEqual(["true true false", "gone true"]);
    client.leave();
    const again = served.connect();
    await again.ask("12 0400 0100");
    await again.ask("12 0400 0000");
    again.leave();
    expect(seen.slice(5), "who is not subscribed does not unsubscribe by going").toEqual([
      "false true false",
      "gone false",
    ]);
  });
});

describe("A characteristic with a codec", () => {
  it("has values in place of octets", async () => {
    const level = characteristic("2a19", {
      codec: { encode: (percent: number) => octets(percent), decode: ([percent = 0]: Uint8Array) => percent },
      value: 93,
      write: true,
    });
    const local = served.server.add(service("180f", { level })).level;
    expect(await client.ask("0a 0300")).toEqual(["0b5d"]);
    expect(local.value).toBe(93);
    await client.ask("12 0300 07");
    expect(local.value).toBe(7);
  });
});
