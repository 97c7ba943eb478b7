import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import {
  type DatabaseCache,
  type DatabaseRecord,
  MemoryDatabaseCache,
  type ServerMemory,
  type ServerRecord,
} from "../../src/gatt/database-cache.ts";
import { StaleAttributeError } from "../../src/gatt/error.ts";
import { GattService } from "../../src/gatt/gatt-service.ts";
import { userDescription } from "../../src/gatt/descriptors.ts";
import { characteristic, descriptor, service } from "../../src/gatt/service-builder.ts";
import { script, ScriptedServer } from "./scripted-server.ts";
import { Bench, errorOf, type Wire } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const level = () => service("180f", { level: characteristic("2a19", { value: octets(7), notify: true }) });
const heart = () => service("180d", { rate: characteristic("2a37", { value: octets(9), notify: true }) });

/** A server with a GATT service of its own, as hosts have. */
class Device extends Bench {
  readonly gatt: GattService;

  constructor() {
    super();
    this.gatt = new GattService(this.server);
    this.changed = (start, end) => {
      void this.gatt.changed(start, end);
    };
  }
}

/** What a host keeps with a bond. */
class Bond implements ServerMemory {
  record: ServerRecord | undefined;

  load(): ServerRecord | undefined {
    return this.record;
  }

  save(record: ServerRecord): void {
    this.record = JSON.parse(JSON.stringify(record)) as ServerRecord;
  }
}

/** The opcodes of what a client has sent since the last time. */
function sent({ requests }: Wire): string[] {
  return requests.splice(0).map((request) => request.slice(0, 2));
}

const discoveries = new Set(["04", "06", "10"]);
const searched = (wire: Wire): boolean => sent(wire).some((opcode) => discoveries.has(opcode));

describe("GATT client: databases by their hash (Vol 3, Part G, 2.5.2.1 and 7.3)", () => {
  it("one database serves all equal devices: only the first is searched", async () => {
    const cache = new MemoryDatabaseCache();
    for (let i = 0; i < 3; i++) {
      const device = new Device();
      device.server.add(level());
      const wire = device.connect(517, { cache });
      const services = await device.until(wire.client.services());
      expect(services.map(({ uuid }) => uuid.toString())).toEqual(["1801", "180f"]);
      expect(await device.until(services[1]!.characteristic("2a19").read())).toEqual(octets(7));
      expect(searched(wire)).toBe(i === 0);
      expect(cache.size).toBe(1);
    }
  });

  it("a device of another hash is searched, and kept beside the first", async () => {
    const cache = new MemoryDatabaseCache();
    for (const more of [level, heart]) {
      const device = new Device();
      device.server.add(more() as ReturnType<typeof level>);
      const wire = device.connect(517, { cache });
      expect(await device.until(wire.client.services())).toHaveLength(2);
      expect(searched(wire)).toBe(true);
    }
    expect(cache.size).toBe(2);
  });

  it("what was found of single services is kept with the bond only: a part cannot show that it has the hash", async () => {
    const cache = new MemoryDatabaseCache();
    const memory = new Bond();
    const device = new Device();
    device.server.add(level());
    device.server.add(heart());
    const first = device.connect(517, { cache, memory });
    await device.until(first.client.characteristic("180f", "2a19"));
    expect(cache.size).toBe(0);
    const second = device.connect(517, { cache, memory });
    await device.until(second.client.characteristic("180f", "2a19"));
    expect(searched(second)).toBe(false);
    await device.until(second.client.characteristic("180d", "2a37"));
    expect(searched(second)).toBe(true);
    const third = device.connect(517, { cache, memory });
    await device.until(third.client.characteristic("180d", "2a37"));
    await device.until(third.client.characteristic("180f", "2a19"));
    expect(searched(third)).toBe(false);
    await device.until(third.client.services());
    expect(searched(third), "the others are not known").toBe(true);
    expect(cache.size).toBe(1);
    const stranger = device.connect(517, { cache });
    await device.until(stranger.client.characteristic("180d", "2a37"));
    expect(searched(stranger)).toBe(false);
  });

  it("a server that claims the hash of another does not spoil what is kept for others (7.3.1)", async () => {
    const cache = new MemoryDatabaseCache();
    const honest = new Device();
    honest.server.add(level());
    const { hash } = honest.server;
    const liar = new Device();
    Object.defineProperty(liar.server, "hash", { get: () => hash });
    liar.server.add(heart());
    await liar.until(liar.connect(517, { cache }).client.services());
    expect(cache.size).toBe(0);
    const wire = honest.connect(517, { cache });
    expect(await honest.until(wire.client.characteristic("180f", "2a19"))).toBeDefined();
    await honest.until(wire.client.services());
    expect(cache.size).toBe(1);
  });

  it.each([23, 517])(
    "the hash is checked with what was discovered, and Extended Properties (7.3.1); ATT_MTU %s",
    async (mtu) => {
      const cache = new MemoryDatabaseCache();
      const device = new Device();
      const inner = device.server.add(service("1815", {}, { secondary: true }));
      const wide = "00112233-4455-6677-8899-aabbccddeeff";
      device.server.add(
        service(
          wide,
          {
            one: characteristic(wide, { value: octets(1), write: true, reliableWrite: true }),
            two: characteristic("2a38", {
              notify: true,
              reliableWrite: true,
              descriptors: [userDescription("two"), descriptor("2aaa", { value: octets(1) })],
            }),
          },
          { includes: [inner] },
        ),
      );
      const wire = device.connect(mtu, { cache });
      await device.until(wire.client.services());
      expect(cache.size).toBe(1);
      expect(wire.requests.filter((request) => request.endsWith("0029")).length).toBeGreaterThan(0);
      const again = device.connect(mtu, { cache });
      await device.until(again.client.services());
      expect(searched(again)).toBe(false);
    },
  );

  it("the server is told of robust caching before the hash is read", async () => {
    const device = new Device();
    const wire = device.connect(517, { cache: new MemoryDatabaseCache() });
    await device.until(wire.client.services());
    const features = wire.requests.findIndex(
      (request) => request.startsWith("08") && request.endsWith("292b"),
    );
    const hash = wire.requests.findIndex((request) => request.startsWith("08") && request.endsWith("2a2b"));
    expect(features).toBeGreaterThan(0);
    expect(wire.requests[features + 1]).toMatch(/^12....05$/);
    expect(hash).toBe(features + 2);
  });

  it('with cache "off" neither hash nor robust caching is asked for', async () => {
    const device = new Device();
    const wire = device.connect();
    await device.until(wire.client.services());
    await device.clock.advance(1);
    expect(wire.requests.some((request) => request.startsWith("08") && request.endsWith("2a2b"))).toBe(false);
    expect(wire.requests.at(-1), "but that it takes several values at once").toMatch(/^12....04$/);
  });

  it("a server without these characteristics is searched as ever, and nothing is kept of it", async () => {
    const cache = new MemoryDatabaseCache();
    const bench = new Bench();
    bench.server.add(level());
    const wire = bench.connect(517, { cache });
    expect(await bench.until(wire.client.services())).toHaveLength(1);
    expect(cache.size).toBe(0);
  });

  it.each<readonly [string, unknown]>([
    ["nothing", { complete: true, searched: [] }],
    ["no handles", { complete: true, searched: [], services: [{ uuid: "180f", start: 0, end: 70_000 }] }],
    ["no UUID", { complete: true, searched: [], services: [{ uuid: "xyz", start: 1, end: 2 }] }],
    ["text", { complete: true, searched: [], services: "?" }],
  ])("an entry that was spoilt, with %s in it, counts for nothing", async (_name, record) => {
    const cache: DatabaseCache = { load: () => record as DatabaseRecord, save: () => undefined };
    const device = new Device();
    device.server.add(level());
    const wire = device.connect(517, { cache });
    expect(await device.until(wire.client.services())).toHaveLength(2);
  });

  it("has room for so many, and forgets the one not used for longest", () => {
    const cache = new MemoryDatabaseCache(2);
    const record: DatabaseRecord = { complete: true, searched: [], services: [] };
    cache.save("a", record);
    cache.save("b", record);
    cache.load("a");
    cache.save("c", record);
    expect(["a", "b", "c"].map((hash) => cache.load(hash) !== undefined)).toEqual([true, false, true]);
  });
});

describe("GATT client: what is kept with a bond (Vol 3, Part G, 2.5.2)", () => {
  it("spares the search also of a server without a hash, as long as nothing has changed", async () => {
    const memory = new Bond();
    const bench = new Bench();
    bench.server.add(level());
    await bench.until(bench.connect(517, { memory }).client.services());
    expect(memory.record?.hash).toBeUndefined();
    const wire = bench.connect(517, { memory });
    const [found] = await bench.until(wire.client.services());
    expect(searched(wire)).toBe(false);
    expect(await bench.until(found!.characteristic("2a19").read())).toEqual(octets(7));
  });

  it("does not hold when the hash is another", async () => {
    const memory = new Bond();
    const device = new Device();
    await device.until(device.connect(517, { memory }).client.services());
    device.server.add(level());
    const wire = device.connect(517, { memory });
    expect(await device.until(wire.client.services())).toHaveLength(2);
    expect(searched(wire)).toBe(true);
    expect(memory.record?.database.services).toHaveLength(2);
  });

  it("does not hold after Service Changed, where there is no hash to tell", async () => {
    const memory = new Bond();
    const database = {
      "10 0100 ffff 0028": "11 06 0100 0400 0118",
      "08 0100 ffff 0328": "09 07 0200 20 0300 052a",
      "04 0400 0400": "05 01 0400 0229",
      "12": "13",
    };
    const server = new ScriptedServer(script(database), 23, { memory });
    await server.until(server.client.services());
    expect(memory.record?.database.services).toHaveLength(1);
    await server.clock.advance(1);
    server.requests.length = 0;
    server.say("1d 0300 0500 ffff");
    await server.until(server.client.services());
    expect(server.requests, "only the range is searched").toContain("100500ffff0028");
    expect(server.requests.some((request) => request.startsWith("100100"))).toBe(false);
  });
});

describe("GATT client: Service Changed (Vol 3, Part G, 7.1)", () => {
  it("is subscribed to where everything was found", async () => {
    const device = new Device();
    const wire = device.connect();
    const services = await device.until(wire.client.services());
    await device.clock.advance(1);
    const { handle } = services[0]!.characteristic("2a05").descriptors[0]!;
    expect(wire.requests).toContain(`12${handle.toString(16).padStart(2, "0")}000200`);
  });

  it("is not what another characteristic indicates by a bond, once its handle is known (7.1)", async () => {
    const database = {
      "10 0100 ffff 0028": "11 06 0100 0400 0118",
      "08 0100 ffff 0328": "09 07 0200 20 0300 052a",
      "04 0400 0400": "05 01 0400 0229",
      "12": "13",
    };
    const server = new ScriptedServer(script(database), 23, {});
    const changes: unknown[] = [];
    server.client.on("servicesChanged", (change) => changes.push(change));
    server.say("1d 0900 01020304");
    await server.clock.advance(1);
    expect(changes, "it may be").toEqual([{ startHandle: 0x0201, endHandle: 0x0403 }]);
    await server.until(server.client.services());
    await server.clock.advance(1);
    server.requests.length = 0;
    server.say("1d 0900 01020304");
    await server.clock.advance(1);
    await server.until(server.client.services());
    expect([changes.length, server.requests.filter((request) => request !== "1e")]).toEqual([1, []]);
    server.say("1d 0300 0100 0400");
    await server.clock.advance(1);
    expect(changes).toHaveLength(2);
  });

  it("makes the next call find what is new, and leaves what has not changed the same objects", async () => {
    const device = new Device();
    device.server.add(level());
    const wire = device.connect();
    const before = await device.until(wire.client.services());
    await device.clock.advance(1);
    device.server.add(heart());
    await device.clock.advance(1);
    const after = await device.until(wire.client.services());
    expect(after).toHaveLength(3);
    expect(after[1]).toBe(before[1]);
    expect(after[1]?.characteristics[0]).toBe(before[1]?.characteristics[0]);
    expect(await device.until(after[2]!.characteristic("2a37").read())).toEqual(octets(9));
  });

  it("what is gone is told with a typed error, and its subscriptions end", async () => {
    const device = new Device();
    const offered = device.server.add(level());
    const kept = device.server.add(heart());
    const wire = device.connect();
    await device.until(wire.client.services());
    const gone = await device.until(wire.client.characteristic("180f", "2a19"));
    const stays = await device.until(wire.client.characteristic("180d", "2a37"));
    const values = (await device.until(gone.subscribe()))[Symbol.asyncIterator]();
    const others = (await device.until(stays.subscribe()))[Symbol.asyncIterator]();
    device.server.remove(offered);
    await device.clock.advance(1);
    const calls = [
      gone.read(),
      gone.write(octets(1)),
      gone.subscribe(),
      gone.descriptors[0]!.read(),
      wire.client.readMultiple([gone, stays]),
      wire.client.reliableWrite([[gone, octets(1)]]),
    ];
    for (const error of await device.until(Promise.all(calls.map(errorOf)))) {
      expect(error).toBeInstanceOf(StaleAttributeError);
    }
    expect(await errorOf(values.next())).toBeInstanceOf(StaleAttributeError);
    expect(await device.until(stays.read())).toEqual(octets(9));
    void kept.rate.notify(octets(1));
    expect(await device.until(others.next())).toEqual({ done: false, value: octets(1) });
    expect(await device.until(wire.client.services())).toHaveLength(2);
  });

  it("an attribute in doubt is looked at before it is used, with one search for all that wait", async () => {
    const device = new Device();
    device.server.add(level());
    const wire = device.connect();
    const [, found] = await device.until(wire.client.services());
    await device.clock.advance(1);
    wire.client.value(found!.handle - 3, octets()); // nobody's value
    const [gatt] = await device.until(wire.client.services());
    sent(wire);
    wire.client.value(gatt!.characteristic("2a05").handle, octets(1, 0, 0xff, 0xff));
    const value = found!.characteristic("2a19");
    await device.until(
      Promise.all([value.read(), value.read(), value.write(octets(1)).catch(() => undefined)]),
    );
    const opcodes = sent(wire);
    expect(opcodes.slice(-3)).toEqual(["0a", "0a", "12"]);
    expect(opcodes.filter((opcode) => opcode === "10")).toHaveLength(1);
  });

  it("that comes again and again while the search goes on ends it with an error", async () => {
    const answers = script({
      "10 0100 ffff 0028": "11 06 0100 0400 0118",
      "08 0100 ffff 0328": "09 07 0200 20 0300 052a",
      "04 0400 0400": "05 01 0400 0229",
      "12": "13",
    });
    let changing = false;
    const server = new ScriptedServer((request) => {
      if (changing && request.startsWith("08")) server.say("1d 0300 0100 ffff");
      return answers(request);
    });
    await server.until(server.client.services());
    await server.clock.advance(1);
    changing = true;
    server.say("1d 0300 0100 ffff");
    server.requests.length = 0;
    expect(await server.until(errorOf(server.client.services()))).toMatchObject({
      status: ErrorCode.DatabaseOutOfSync,
    });
    expect(server.requests.length).toBeLessThan(60);
    changing = false;
    expect(await server.until(server.client.services())).toHaveLength(1);
  });

  it.each(["", "01", "0100ff", "0500 0100", "0000 0000", "0100 ffff 00"])(
    "with the value [%s], which makes no sense, may mean everything",
    async (value) => {
      const answers = {
        "10 0100 ffff 0028": "11 06 0100 0400 0118",
        "08 0100 ffff 0328": "09 07 0200 20 0300 052a",
        "04 0400 0400": "05 01 0400 0229",
        "12": "13",
      };
      const server = new ScriptedServer(script(answers));
      await server.until(server.client.services());
      await server.clock.advance(1);
      server.requests.length = 0;
      server.say(`1d 0300 ${value}`);
      await server.until(server.client.services());
      expect(server.requests).toContain("100100ffff0028");
    },
  );
});

describe("GATT client: error Database Out Of Sync (Vol 3, Part G, 2.5.2.1)", () => {
  it("makes the client look anew, and ask again where the attribute is still there", async () => {
    const device = new Device();
    device.changed = () => undefined; // nobody tells the client
    device.server.add(level());
    const wire = device.connect(517, { cache: new MemoryDatabaseCache() });
    const value = await device.until(wire.client.characteristic("180f", "2a19"));
    device.server.add(heart());
    expect(await device.until(value.read())).toEqual(octets(7));
    expect(await device.until(wire.client.characteristic("180f", "2a19"))).toBe(value);
    expect(await device.until(wire.client.characteristic("180d", "2a37"))).toBeDefined();
  });

  it("where it is not the program is told so, and nothing else is touched", async () => {
    const device = new Device();
    device.changed = () => undefined;
    const offered = device.server.add(level());
    const wire = device.connect(517, { cache: new MemoryDatabaseCache() });
    const value = await device.until(wire.client.characteristic("180f", "2a19"));
    device.server.remove(offered);
    device.server.add(heart());
    expect(await device.until(errorOf(value.read()))).toBeInstanceOf(StaleAttributeError);
    expect(await device.until(errorOf(value.writeWithoutResponse(octets(1))))).toBeInstanceOf(Error);
  });

  it("once: a server that says it again is believed to mean it", async () => {
    const answers = script({
      "06 0100": "07 0100 0300",
      "10 0100 0300 0028": "11 06 0100 0300 0d18",
      "10 0100 ffff 0028": "11 06 0100 0300 0d18",
      "08 0200 0300 0328": "09 07 0200 02 0300 372a",
      "0a": "01 0a 0300 12",
    });
    const server = new ScriptedServer(answers);
    const value = await server.until(server.client.characteristic("180d", "2a37"));
    server.requests.length = 0;
    const error = await server.until(errorOf(value.read()));
    expect(error).toBeInstanceOf(AttError);
    expect(error).toMatchObject({ status: ErrorCode.DatabaseOutOfSync });
    expect(server.requests.filter((request) => request.startsWith("0a"))).toHaveLength(2);
  });

  it("to the subscription to Service Changed does not wait for itself", async () => {
    const answers = script({
      "10 0100 ffff 0028": "11 06 0100 0400 0118",
      "08 0100 ffff 0328": "09 07 0200 20 0300 052a",
      "04 0400 0400": "05 01 0400 0229",
      "12": "13",
    });
    let refused = false;
    const server = new ScriptedServer((request) => {
      if (!request.startsWith("12") || refused) return answers(request);
      refused = true;
      return "01 12 0400 12";
    });
    const subscriptions = (): number => server.requests.filter((request) => request === "1204000200").length;
    const [service] = await server.until(server.client.services());
    expect(subscriptions()).toBe(1);
    expect(await server.until(server.client.services()), "which looks anew").toEqual([service]);
    expect(subscriptions()).toBe(2);
    expect(server.clock.timers).toBe(0);
  });

  it("to every search ends it after a few", async () => {
    const server = new ScriptedServer((request) =>
      request.startsWith("02") ? "03 1700" : `01 ${request.slice(0, 2)} 0000 12`,
    );
    expect(await server.until(errorOf(server.client.services()))).toMatchObject({
      status: ErrorCode.DatabaseOutOfSync,
    });
    expect(server.requests.length).toBeLessThan(10);
  });
});
