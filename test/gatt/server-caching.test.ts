import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { AttTimeoutError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { type AwareClient, Awareness } from "../../src/gatt/awareness.ts";
import { GattService } from "../../src/gatt/gatt-service.ts";
import type { LocalCharacteristic } from "../../src/gatt/local-characteristic.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { runs } from "../support/runs.ts";
import { type PlayedClient, PlayedMemory, PlayedSecurity, Served } from "./served.ts";
import { errorOf, settle } from "./wire.ts";

// The GATT service: 1 declaration, 3 Service Changed and 4 its configuration, 6 Client Supported Features, 8 Database
// Hash, and where it is offered 10 Server Supported Features.
const subscribe = "12 0400 0200";
const confirm = "1e";
const robust = "12 0600 01";
const readHash = "08 0100 ffff 2a2b";
const readByHandle = "0a 0600";
const outOfSync = "010a060012";
const battery = service("180f", {
  level: characteristic("2a19", { value: Uint8Array.of(93), notify: true, indicate: true, write: true }),
});

let served: Served;
let gatt: GattService;
let client: PlayedClient;

function open(enhancedBearers = false): void {
  served = new Served();
  gatt = new GattService(served.server, { enhancedBearers });
  client = served.connect();
}

beforeEach(() => {
  open();
});

const hashOf = (): string => `09120800${served.hash}`;

describe("The GATT service (Vol 3, Part G, 7)", () => {
  it("has what its options say, with the properties of the specification", async () => {
    expect(await client.ask("08 0100 ffff 0328"), "Service Changed, 7.1").toEqual([
      "0907" + "0200200300052a" + "05000a0600292b" + "0700020800" + "2a2b",
    ]);
    open(true);
    expect(await client.ask("0a 0a00"), "7.4: bit 0 is EATT Supported").toEqual(["0b01"]);
    expect(await client.ask("0a 0300"), "7.1: not readable").toEqual(["010a030002"]);
  });

  it("Client Supported Features are each client's own, all 0 at first (7.2)", async () => {
    const other = served.connect();
    expect(await client.ask(readByHandle)).toEqual(["0b00"]);
    expect(await client.ask("12 0600 05")).toEqual(["13"]);
    expect(await client.ask(readByHandle)).toEqual(["0b05"]);
    expect(await other.ask(readByHandle)).toEqual(["0b00"]);
    expect(client.client.robustCaching).toBe(true);
  });

  it.each(["04", "00", "", "0a"])(
    'Client Supported Features of 01 cannot become "%s": Value Not Allowed (7.2)',
    async (value) => {
      await client.ask(robust);
      expect(await client.ask(`12 0600 ${value}`)).toEqual(["0112060013"]);
      expect(await client.ask(readByHandle)).toEqual(["0b01"]);
      expect(await client.ask("12 0600 0300"), "more octets than there are features").toEqual(["13"]);
    },
  );

  it("the Database Hash is read by its type, and is the one of that moment (7.3)", async () => {
    const before = hashOf();
    expect(await client.ask(readHash)).toEqual([before]);
    served.server.add(battery);
    expect(hashOf()).not.toBe(before);
    expect(await client.ask(readHash)).toEqual([hashOf()]);
  });
});

describe("Service Changed (Vol 3, Part G, 7.1)", () => {
  it("tells those who subscribed a range that takes in the GATT service, whose hash is another too", async () => {
    const other = served.connect();
    await client.ask(subscribe);
    const { level } = served.server.add(battery);
    const told = gatt.changed(level.handle - 2, level.handle + 1);
    expect(client.channel.take()).toEqual(["1d0300" + "01000c00"]);
    expect(other.channel.take()).toEqual([]);
    client.send(confirm);
    await told;
    expect(served.clock.timers).toBe(0);
  });

  it("tells what changes meanwhile afterwards, as one range", async () => {
    await client.ask(subscribe);
    void gatt.changed(0x20, 0x21);
    void gatt.changed(0x40, 0x41);
    const last = gatt.changed(0x30, 0x31);
    expect(client.channel.take()).toEqual(["1d0300" + "01002100"]);
    await last;
    expect(await client.ask(confirm)).toEqual(["1d0300" + "01004100"]);
    expect(await client.ask(confirm)).toEqual([]);
    expect(served.clock.timers).toBe(0);
  });

  it("does not wait for one client to tell another", async () => {
    const other = served.connect();
    await client.ask(subscribe);
    await other.ask(subscribe);
    void gatt.changed(0x20, 0x21);
    other.send(confirm);
    other.channel.take();
    void gatt.changed(0x30, 0x31);
    await settle();
    expect(other.channel.take()).toEqual(["1d0300" + "01003100"]);
    other.send(confirm);
    client.send(confirm);
    await settle();
  });

  it("is no failure when the client goes, but one when it does not confirm in 30 s", async () => {
    await client.ask(subscribe);
    const going = gatt.changed(0x20, 0x21);
    client.leave();
    await going;
    const silent = served.connect();
    await silent.ask(subscribe);
    expect(await served.clock.until(errorOf(gatt.changed(0x20, 0x21)))).toBeInstanceOf(AttTimeoutError);
    expect(served.clock.timers).toBe(0);
  });
});

describe("Robust caching (Vol 3, Part G, 2.5.2.1)", () => {
  /** Changes the database while the client looks on. */
  function change() {
    return served.server.add(battery);
  }

  it("a client that does not take part is served as always", async () => {
    change();
    expect(await client.ask(readByHandle)).toEqual(["0b00"]);
    expect(await client.ask("52 0b00 07")).toEqual([]);
  });

  it.each([
    ["Read", readByHandle, outOfSync],
    ["Read Blob", "0c 0600 0000", "010c060012"],
    ["Read Multiple", "0e 0600 0600", "010e060012"],
    ["Read Multiple Variable", "20 0600 0600", "0120060012"],
    ["Write", "12 0600 07", "0112060012"],
    ["Prepare Write", "16 0600 0000 07", "0116060012"],
    ["Read By Type of a part", "08 0100 fffe 2a2b", "0108010012"],
  ])(
    "%s is refused once after a change, and carried out when it comes again",
    async (_name, request, refusal) => {
      await client.ask(robust);
      change();
      expect(await client.ask(request)).toEqual([refusal]);
      const [answer = ""] = await client.ask(request);
      expect(answer.startsWith("01")).toBe(false);
      expect(client.client.gate.aware).toBe(true);
    },
  );

  it.each([
    ["Find Information", "04 0100 0100", "0501" + "01000028"],
    ["Find By Type Value", "06 0100 0900 0028 0118", "07" + "01000800"],
    ["Read By Group Type", "10 0100 0800 0028", "1106" + "010008000118"],
    ["Read By Type of «Characteristic»", "08 0100 0200 0328", "0907" + "0200200300052a"],
    ["Read By Type of «Include»", "08 0100 0200 0228", "010801000a"],
    ["Exchange MTU", "02 1700", "030502"],
    ["Execute Write", "18 00", "19"],
    ["a request nobody knows", "3f 0600", "013f000006"],
  ])("%s is answered all the same, and changes nothing", async (_name, request, answer) => {
    await client.ask(robust);
    change();
    expect(await client.ask(request)).toEqual([answer]);
    expect(await client.ask(readByHandle)).toEqual([outOfSync]);
  });

  it("commands are ignored until the client knows of the change", async () => {
    await client.ask(robust);
    const { level } = served.server.add(
      service("180f", {
        level: characteristic("2a19", { value: Uint8Array.of(1), writeWithoutResponse: true }),
      }),
    );
    await client.ask("52 0b00 07");
    expect(level.value).toEqual(Uint8Array.of(1));
    await client.ask(readHash);
    await client.ask("52 0b00 07");
    expect(level.value, "reading the hash alone is not enough").toEqual(Uint8Array.of(1));
    await client.ask("0a 0100");
    await client.ask("52 0b00 07");
    expect(level.value).toEqual(Uint8Array.of(7));
  });

  it("no values are sent until the client knows of the change, but Service Changed is", async () => {
    const { level } = change();
    await client.ask(readHash);
    await client.ask(robust);
    await client.ask(subscribe);
    await client.ask("12 0c00 0300");
    expect(level.subscribers).toHaveLength(1);
    change();
    const told = gatt.changed(0x20, 0x21);
    expect(await level.notify(Uint8Array.of(1))).toBe(0);
    expect(await level.indicate(Uint8Array.of(1))).toBe(0);
    expect(await level.notify(Uint8Array.of(1), { force: true })).toBe(0);
    expect(await served.server.notifyMultiple([[level, Uint8Array.of(1)]])).toBe(0);
    expect(client.channel.take()).toEqual(["1d030001002100"]);
    client.send(confirm);
    await told;
    expect(await level.notify(Uint8Array.of(1))).toBe(1);
  });

  it("the client that confirms Service Changed knows of the change, unless another has come since (Figure 2.6)", async () => {
    await client.ask(robust);
    await client.ask(subscribe);
    change();
    void gatt.changed(0x20, 0x21);
    change();
    void gatt.changed(0x20, 0x21);
    expect(await client.ask(confirm)).toHaveLength(2);
    expect(client.client.gate.aware).toBe(false);
    await client.ask(confirm);
    expect(client.client.gate.aware).toBe(true);
    expect(await client.ask(readByHandle)).toEqual(["0b01"]);
  });

  it("the client that reads the hash and then asks anything knows of the change (Figure 2.7)", async () => {
    await client.ask(robust);
    change();
    expect(await client.ask(readHash)).toEqual([hashOf()]);
    expect(client.client.gate.aware).toBe(false);
    expect(await client.ask(readByHandle)).toEqual(["0b01"]);
    change();
    await client.ask(readHash);
    change();
    expect(await client.ask(readByHandle), "it has read the hash of another database").toEqual([outOfSync]);
  });

  it("with several bearers each is refused once, and only the hash makes the client know", async () => {
    const second = client.more();
    await client.ask(robust);
    await client.ask(subscribe);
    change();
    void gatt.changed(0x20, 0x21);
    const bearerOfIndication = client.channel.take().length === 1 ? client : second;
    bearerOfIndication.channel.take();
    await bearerOfIndication.ask(confirm);
    expect(client.client.gate.aware, "confirming is not enough").toBe(false);
    expect(await client.ask(readByHandle)).toEqual([outOfSync]);
    expect(await second.ask(readByHandle)).toEqual([outOfSync]);
    expect(await client.ask(readByHandle)).toEqual(["0b01"]);
    expect(client.client.gate.aware, "nor is asking again").toBe(false);
    await second.ask(readHash);
    await client.ask(readByHandle);
    expect(client.client.gate.aware).toBe(true);
  });

  it("follows the diagram of the specification, whatever comes in which order", () => {
    // Figures 2.6 and 2.7, for one bearer: where each step leads from each state.
    const diagram = {
      aware: { change: "unaware", read: "aware", discover: "aware", hash: "aware", confirm: "aware" },
      unaware: { change: "unaware", read: "refused", discover: "unaware", hash: "told", confirm: "aware" },
      refused: { change: "unaware", read: "aware", discover: "aware", hash: "aware", confirm: "aware" },
      told: { change: "unaware", read: "aware", discover: "aware", hash: "aware", confirm: "aware" },
    } as const;
    const requests = { read: "0a 0100", discover: "04 0100 ffff", hash: "08 0100 ffff 2a2b" } as const;
    const step = fc.constantFrom("change", "read", "read", "discover", "hash", "confirm" as const);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), (steps, robustCaching) => {
        const told: AwareClient = { robustCaching, bearerCount: 1, becameAware: () => undefined };
        const awareness = new Awareness(told);
        const bearer = {};
        let state: keyof typeof diagram = "aware";
        for (const each of steps) {
          let next: keyof typeof diagram = diagram[state][each];
          if (next === "refused" && !robustCaching) next = "unaware";
          if (each === "change") awareness.changed();
          else if (each === "confirm") awareness.confirmed();
          else {
            const answer = awareness.request(fromHex(requests[each]), bearer);
            expect(answer).toBe(next === "refused" ? ErrorCode.DatabaseOutOfSync : undefined);
            if (each === "hash") awareness.hashRead();
          }
          state = next;
          expect(awareness.aware).toBe(state === "aware");
          expect(awareness.takesCommands).toBe(state === "aware" || !robustCaching);
        }
      }),
      runs,
    );
  });
});

/** A link that is encrypted with the key of the bond. */
function proved(): PlayedSecurity {
  const security = new PlayedSecurity();
  security.hasKey = true;
  return security.encrypt();
}

describe("What is remembered of a bonded client (Vol 3, Part G, 3.3.3.3, 7.2 and 2.5.2.1)", () => {
  let memory: PlayedMemory;
  /** At handle 11; its configuration is behind it. */
  let level: LocalCharacteristic;

  beforeEach(() => {
    memory = new PlayedMemory();
    level = served.server.add(battery).level;
    client = served.connect({ memory });
  });

  it("is plain data: subscriptions, features, and the hash of the database it knows", async () => {
    await client.ask("12 0c00 0100");
    await client.ask("12 0600 05");
    const databaseHash = served.hash;
    expect(memory.load()).toEqual({
      configurations: [{ handle: 11, uuid: "2a19", bits: 1 }],
      features: 5,
      databaseHash,
    });
    served.server.add(battery);
    expect(memory.load()?.databaseHash, "it does not know the new one yet").toBe(databaseHash);
    await client.ask(readHash);
    await client.ask("0a 0100");
    expect(memory.load()?.databaseHash).toBe(served.hash);
    expect(served.hash).not.toBe(databaseHash);
  });

  it("is there again before the first request, when the client comes back", async () => {
    await client.ask("12 0c00 0100");
    await client.ask("12 0600 05");
    const before = memory.kept;
    client.leave();
    expect(memory.kept, "going is no unsubscribing").toBe(before);
    expect(level.subscribers).toEqual([]);
    const seen: unknown[] = [];
    level.on("subscribed", (connection) => seen.push(connection));
    const again = served.connect({ memory, security: proved() });
    expect(level.subscribers).toEqual([again.connection]);
    expect(seen).toEqual([again.connection]);
    expect(await level.notify(Uint8Array.of(9))).toBe(1);
    expect(again.channel.take()).toEqual(["1b0b0009"]);
    expect(await again.ask("0a 0c00")).toEqual(["0b0100"]);
    expect(await again.ask(readByHandle)).toEqual(["0b05"]);
  });

  it("begins when the client bonds in the middle of a connection", async () => {
    const fresh = served.connect();
    await fresh.ask("12 0c00 0100");
    memory = new PlayedMemory();
    fresh.client.remember(memory);
    expect(memory.load()?.configurations).toEqual([{ handle: 11, uuid: "2a19", bits: 1 }]);
    await fresh.ask("12 0c00 0000");
    expect(memory.load()?.configurations).toEqual([]);
  });

  it("is nothing for a client that has not bonded", async () => {
    const stranger = served.connect();
    await stranger.ask("12 0c00 0100");
    stranger.leave();
    expect(await served.connect().ask("0a 0c00")).toEqual(["0b0000"]);
  });

  it("is not mistaken for another characteristic that has got the handle", async () => {
    await client.ask("12 0c00 0100");
    client.leave();
    const other = new Served();
    const service1801 = new GattService(other.server);
    expect(service1801).toBeInstanceOf(GattService);
    other.server.add(service("180d", { beat: characteristic("2a37", { notify: true }) }));
    const again = other.connect({ memory, security: proved() });
    expect(await again.ask("04 0b00 0c00")).toEqual(["0501" + "0b00372a" + "0c000229"]);
    expect(await again.ask("0a 0c00")).toEqual(["0b0000"]);
  });

  it.each<[string, string]>([
    [
      "bits that are no longer offered",
      '{"configurations":[{"handle":11,"uuid":"2a19","bits":4}],"features":0}',
    ],
    [
      "handles that are no longer there",
      '{"configurations":[{"handle":99,"uuid":"2a19","bits":1}],"features":0}',
    ],
  ])("counts for nothing where it has %s", (_name, kept) => {
    memory.kept = kept;
    const again = served.connect({ memory, security: proved() });
    expect(again.client.configuration(11)).toBe(0);
    expect(again.client.configuration(99)).toBe(0);
  });

  it("makes the client that comes back change-unaware, and tells it that everything has changed", async () => {
    await client.ask(robust);
    await client.ask(subscribe);
    client.leave();
    served.server.add(battery);
    const again = served.connect({ memory, security: proved() });
    expect(again.channel.take()).toEqual(["1d0300" + "0100ffff"]);
    expect(await again.ask(readByHandle)).toEqual([outOfSync]);
    expect(await again.ask(confirm)).toEqual([]);
    expect(again.client.gate.aware).toBe(true);
    again.leave();
    const third = served.connect({ memory, security: proved() });
    expect(third.channel.take(), "it knows now").toEqual([]);
    expect(await third.ask(readByHandle)).toEqual(["0b01"]);
    expect(served.clock.timers).toBe(0);
  });

  it("lets the client come back unnoticed when the database is again as it was", async () => {
    await client.ask(robust);
    await client.ask(subscribe);
    const added = served.server.add(battery);
    client.leave();
    served.server.remove(added);
    const again = served.connect({ memory, security: proved() });
    expect(again.channel.take()).toEqual([]);
    expect(await again.ask(readByHandle)).toEqual(["0b01"]);
  });

  it("waits for encryption before it tells a client that has keys what has changed", async () => {
    await client.ask(subscribe);
    client.leave();
    served.server.add(battery);
    const security = new PlayedSecurity();
    security.hasKey = true;
    const again = served.connect({ memory, security });
    await settle();
    expect(again.channel.take()).toEqual([]);
    security.encrypt();
    expect(again.channel.take()).toEqual(["1d0300" + "0100ffff"]);
    security.encrypt();
    expect(again.channel.take(), "once").toEqual([]);
    again.leave();
    await settle();
    expect(served.faults).toEqual([]);
  });

  it("that a returning client does not confirm is a fault", async () => {
    await client.ask(subscribe);
    client.leave();
    served.server.add(battery);
    served.connect({ memory, security: proved() });
    await served.clock.advance(30_000);
    await settle();
    expect(served.faults).toMatchObject([{ code: "ATT_TIMEOUT" }]);
    expect(served.clock.timers).toBe(0);
  });

  it("survives whatever is subscribed, added and removed in which order", async () => {
    const step = fc.constantFrom("subscribe", "unsubscribe", "add", "remove", "return" as const);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const bench = new Served();
        const kept = new PlayedMemory();
        const offered = [bench.server.add(battery)];
        const subscribed = new Set<number>();
        let one = bench.connect({ memory: kept, security: proved() });
        const configure = async (bits: string): Promise<number> => {
          const handle = offered.at(-1)?.level.handle ?? 0;
          const configuration = toHex(Uint8Array.of(handle + 1, (handle + 1) >> 8));
          if (handle > 0) expect(await one.ask(`12 ${configuration} ${bits}`)).toEqual(["13"]);
          return handle;
        };
        const act = {
          subscribe: async () => {
            const handle = await configure("0100");
            if (handle > 0) subscribed.add(handle);
          },
          unsubscribe: async () => {
            subscribed.delete(await configure("0000"));
          },
          add: () => {
            offered.push(bench.server.add(battery));
          },
          remove: () => {
            const last = offered.pop();
            if (!last) return;
            bench.server.remove(last);
            subscribed.delete(last.level.handle);
          },
          return: () => {
            one.leave();
            one = bench.connect({ memory: kept, security: proved() });
          },
        };
        for (const each of steps) {
          await act[each]();
          for (const { level: local } of offered) {
            expect(local.subscribers).toEqual(subscribed.has(local.handle) ? [one.connection] : []);
          }
          expect(new Set(kept.load()?.configurations.map(({ handle }) => handle))).toEqual(subscribed);
        }
      }),
      runs,
    );
  });
});
