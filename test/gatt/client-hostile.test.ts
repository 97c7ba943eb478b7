import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { BleError, MalformedPduError } from "../../src/common/errors.ts";
import { MemoryDatabaseCache } from "../../src/gatt/database-cache.ts";
import { runs } from "../support/runs.ts";
import { notFound, script, ScriptedServer } from "./scripted-server.ts";
import { errorOf, settle } from "./wire.ts";

/** The same as `script`, of a server with an ATT_MTU of 517, which is asked for the types of all attributes first. */
const wideScript = (answers: Readonly<Record<string, string>>) => {
  const narrow = script(answers);
  return (request: string) => (request.startsWith("02") ? "03 0502" : narrow(request));
};

/** A database of one service, one characteristic with all properties and a configuration: handles 1 to 4. */
const database = {
  "04 0100 ffff": "05 01 0100 0028 0200 0328 0300 372a 0400 0229",
  "10 0100": "11 06 0100 0400 0d18",
  "08 0100 ffff 0328": "09 07 0200 3e 0300 372a",
};

describe("GATT client: servers whose responses make no sense, at a wide ATT_MTU", () => {
  it("finds what is there (so that the rest of this is about the differences)", async () => {
    const server = new ScriptedServer(wideScript(database));
    const [service] = await server.until(server.client.services());
    expect(service?.characteristics[0]?.descriptors).toHaveLength(1);
    expect(server.requests.map((request) => request.slice(0, 2))).toEqual(["02", "04", "04", "10", "08"]);
  });

  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ["types out of order", { "04 0100": "05 01 0200 0328 0100 0028" }],
    ["the same type again and again", { "04": "05 01 0100 0028" }],
    ["types at handle 0", { "04 0100": "05 01 0000 0028" }],
    ["types cut off", { "04 0100": "05 01 0100 00" }],
    ["no types in a response", { "04 0100": "05 01" }],
    ["types in an unknown format", { "04 0100": "05 03 0100 0028" }],
    ["the response to something else", { "04 0100": "0b 00" }],
    ["a service that ends before it starts", { ...database, "10 0100": "11 06 0100 0000 0d18" }],
    ["services out of order", { ...database, "10 0100": "11 06 0300 0400 0d18 0100 0200 0d18" }],
    ["a declaration of 6 octets", { ...database, "08 0100 ffff 0328": "09 08 0200 3e 0300 372a00" }],
    ["a value in front of its declaration", { ...database, "08 0100 ffff 0328": "09 07 0200 3e 0100 372a" }],
  ])("does not survive %s", async (_name, answers) => {
    const server = new ScriptedServer(wideScript(answers));
    expect(await server.until(errorOf(server.client.services()))).toBeInstanceOf(MalformedPduError);
    expect(server.requests.length).toBeLessThan(10);
    expect(server.clock.timers).toBe(0);
  });

  it.each<readonly [string, Readonly<Record<string, string>>, number]>([
    ["types of services it does not show", { ...database, "10 0100": "01 10 0100 0a" }, 0],
    ["types of characteristics it does not show", { ...database, "08 0100 ffff 0328": "01 08 0100 0a" }, 1],
    ["no types of what it does show", { ...database, "04 0100 ffff": "05 01 0100 0028" }, 1],
  ])("takes %s for what it shows", async (_name, answers, services) => {
    const server = new ScriptedServer(wideScript(answers));
    const found = await server.until(server.client.services());
    expect(found).toHaveLength(services);
    expect(found.flatMap(({ characteristics }) => characteristics)).toEqual([]);
  });

  it("an include of a service that is not there, or of itself, leads nowhere and does not go on for ever", async () => {
    const server = new ScriptedServer(
      script({
        "06 0100": "07 0100 0400",
        "08 0200 0400 0228": "09 08 0200 9000 9100 0a18 0300 0100 0400 0d18",
        "10 9000": "01 10 9000 0a",
      }),
    );
    const service = await server.until(server.client.service("180d"));
    expect(service.includedHandles).toEqual([0x90, 1]);
    expect(service.includes).toEqual([service]);
    expect(server.requests.length).toBeLessThan(12);
  });

  it("services that include each other in a ring are found once each", async () => {
    const answers: Record<string, string> = { "06 0100": "07 0100 0200" };
    for (let i = 0; i < 50; i++) {
      const [start, next] = [1 + 2 * i, 1 + 2 * ((i + 1) % 50)].map((handle) =>
        toHex(Uint8Array.of(handle, 0)),
      );
      const end = toHex(Uint8Array.of(2 + 2 * i, 0));
      answers[`08 ${end} ${end} 0228`] = `09 06 ${end} ${next ?? ""} ${end}`;
      answers[`10 ${start ?? ""} ${start ?? ""} 0128`] = `11 06 ${start ?? ""} ${end} 0d18`;
    }
    const server = new ScriptedServer(script(answers));
    const service = await server.until(server.client.service("180d"));
    let at = service;
    for (let i = 0; i < 50; i++) at = at.includes[0]!;
    expect(at).toBe(service);
    expect(server.requests.length).toBeLessThan(50 * 6);
  });
});

describe("GATT client: PDUs nobody asked for (Vol 3, Part F, 3.3)", () => {
  it("responses to nothing are dropped, and what comes next is answered as ever", async () => {
    const server = new ScriptedServer(wideScript(database));
    const [service] = await server.until(server.client.services());
    await server.clock.advance(1);
    for (const pdu of ["0b 01", "13", "01 0a 0300 05", "17 0300 0000 01", "19", "21 0000", "09 03 0300 01"]) {
      server.say(pdu);
    }
    expect(server.faults).toEqual([]);
    const reading = service!.characteristics[0]!.read();
    await settle();
    server.say("0b 07");
    expect(await server.until(reading)).toEqual(Uint8Array.of(7));
  });

  it("a response of another kind ends the request with a typed error, and the bearer goes on", async () => {
    const server = new ScriptedServer((request) =>
      request.startsWith("0a") ? "13" : request.startsWith("12") ? "13" : wideScript(database)(request),
    );
    const [service] = await server.until(server.client.services());
    const value = service!.characteristics[0]!;
    expect(await server.until(errorOf(value.read()))).toBeInstanceOf(MalformedPduError);
    await server.until(value.write(Uint8Array.of(1)));
  });

  it("a value that comes twice as often as one looks is counted when it is lost", async () => {
    const server = new ScriptedServer((request) =>
      request.startsWith("12") ? "13" : wideScript(database)(request),
    );
    const [service] = await server.until(server.client.services());
    const subscription = await server.until(service!.characteristics[0]!.subscribe({ capacity: 1 }));
    server.say("1b 0300 01");
    server.say("23 0300 0100 02 0300 0100 03");
    expect(subscription.dropped).toBeGreaterThan(0);

    const values = service!.characteristics[0]!.notifications({ capacity: 1 });
    expect(values.dropped).toBe(0);
    const first = values.next();
    await server.clock.advance(1);
    server.say("1b 0300 01");
    expect(await first).toEqual({ done: false, value: Uint8Array.of(1) });
    server.say("23 0300 0100 02 0300 0100 03");
    expect(values.dropped).toBeGreaterThan(0);
    await server.until(values.return());
  });
});

describe("GATT client: any octets", () => {
  it("into any call end in a value or a typed error, and leave no timer", async () => {
    const response = fc.tuple(
      fc.constantFrom(
        "01",
        "03",
        "05",
        "07",
        "09",
        "0b",
        "0d",
        "0f",
        "11",
        "13",
        "17",
        "19",
        "21",
        "1b",
        "1d",
        "23",
      ),
      fc.uint8Array({ maxLength: 30 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(response, { maxLength: 20 }), fc.boolean(), async (responses, wide) => {
        const left = responses.map(([opcode, rest]) => opcode + toHex(rest));
        const answers = wide ? wideScript(database) : script({ ...database, "04": "05 01 0400 0229" });
        let found = false;
        const server = new ScriptedServer(
          (request) => {
            if (request === "1e") return undefined;
            if (!found) return answers(request);
            return left.shift() ?? notFound(request);
          },
          517,
          { cache: new MemoryDatabaseCache() },
        );
        const [service] = await server.until(server.client.services());
        found = true;
        const value = service!.characteristics[0]!;
        const calls: Promise<unknown>[] = [
          value.read(),
          value.write(new Uint8Array(600 - 100)),
          server.client.readMultiple([value, ...value.descriptors]),
          server.client.readMultiple([value, ...value.descriptors], { lengths: [1, 2] }),
          server.client.reliableWrite([[value, new Uint8Array(3)]]),
          server.client.readByUuid("2a37"),
          server.client.services({ uuid: "180f" }),
          value.subscribe(),
        ];
        const first = Promise.allSettled(calls);
        await server.clock.advance(1);
        server.client.core.catalogue.invalidate({ start: 1, end: 0xffff });
        const second = Promise.allSettled([server.client.services(), value.read()]);
        await server.clock.advance(120_000);
        for (const outcome of [...(await server.until(first)), ...(await server.until(second))]) {
          if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(BleError);
        }
        for (const fault of server.faults) expect(fault).toBeInstanceOf(MalformedPduError);
        expect(server.clock.timers).toBe(0);
      }),
      runs,
    );
  });
});

describe("GATT client: a server that changes and does not take back who had subscribed", () => {
  /** Service Changed at handle 3 with its configuration at 4, and a characteristic at 7 with its own at 8. */
  const changing = {
    "10 0100 ffff 0028": "11 06 0100 0400 0118 0500 0800 0d18",
    "10 0900 ffff 0028": "01 10 0900 0a",
    "08 0100 ffff 0328": "09 07 0200 20 0300 052a 0600 10 0700 372a",
    "04 0100 ffff": "05 01 0100 0028 0200 0328 0300 052a 0400 0229 0500 0028 0600 0328 0700 372a 0800 0229",
    "04 0900 ffff": "01 04 0900 0a",
    "12 0400 0200": "13",
  };

  it.each([
    ["refuses", "01 12 0800 03"],
    ["is never in step", "01 12 0800 12"],
    ["gives no sense", "13 00"],
  ])("ends them where it %s, and is not asked for ever", async (_name, second) => {
    let first = true;
    const answers = wideScript(changing);
    const server = new ScriptedServer((request) => {
      if (!request.startsWith("120800")) return answers(request);
      if (!first) return second;
      first = false;
      return "13";
    });
    const services = await server.until(server.client.services());
    const ticks = services[1]?.characteristics[0];
    const subscription = await server.until(ticks?.subscribe() ?? Promise.reject(new Error("not found")));
    const next = errorOf(subscription[Symbol.asyncIterator]().next());
    const before = server.requests.length;
    server.say("1d 0300 0100 ffff");
    expect(await server.until(next)).toBeInstanceOf(BleError);
    await server.clock.advance(1000);
    const asked = server.requests.slice(before);
    expect(asked.filter((request) => request === toHex(fromHex("12 0800 0100")))).toHaveLength(1);
    expect(asked.length).toBeLessThan(30);
    expect(server.clock.timers).toBe(0);
  });

  it("however often it says so while it answers nothing, it is asked once", async () => {
    let silent = false;
    const answers = wideScript({ ...changing, "12 0800 0100": "13" });
    const server = new ScriptedServer((request) => (silent ? undefined : answers(request)));
    const services = await server.until(server.client.services());
    await server.until(Promise.resolve(services[1]?.characteristics[0]?.subscribe()));
    const before = server.requests.length;
    silent = true;
    for (let n = 0; n < 100; n++) server.say("1d 0300 0100 ffff");
    await server.clock.advance(29_000);
    expect(server.requests.slice(before).filter((request) => request !== "1e")).toHaveLength(1);
    await server.clock.advance(2000);
    expect(server.clock.timers).toBe(0);
  });
});
