import { describe, expect, it } from "vitest";
import { AttBearer } from "../../src/att/att.ts";
import { AttTimeoutError } from "../../src/att/error.ts";
import { AttributeTable } from "../../src/att/attribute-table.ts";
import type { ClientBearer } from "../../src/att/client-bearer.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import type { BleError } from "../../src/common/errors.ts";
import { clockInTurns } from "../../src/common/turn.ts";
import { BearerSet } from "../../src/gatt/bearer-set.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";
import { script, ScriptedServer } from "./scripted-server.ts";
import { errorOf, settle } from "./wire.ts";

/** One more bearer to a scripted server: what is sent on it stands in `channel`. */
class Enhanced {
  readonly channel = new ScriptedChannel();
  readonly bearer: AttBearer<undefined>;

  constructor(server: ScriptedServer, fixedMtu = 64) {
    const { client } = server;
    const user = {
      value: (handle: number, value: Uint8Array) => {
        client.value(handle, value);
      },
      mtuChanged: () => undefined,
      closed: (reason: BleError) => {
        client.closed(reason, this.bearer);
      },
    };
    const clock = clockInTurns(server.clock, server.turn);
    this.bearer = new AttBearer(this.channel, clock, new AttributeTable(), undefined, user, 517, {
      fixedMtu,
    });
    client.addBearer(this.bearer);
  }

  say(pdu: string): void {
    this.bearer.receive(fromHex(pdu));
  }
}

/** Three characteristics of a silent server on a fixed bearer, and two enhanced bearers beside it. */
async function spread() {
  const database = script({
    "06 0100": "07 0100 0700",
    "08 0200 0700 0328": "09 07 0200 1e 0300 372a 0400 1e 0500 382a 0600 1e 0700 392a",
  });
  let discovering = true;
  const server = new ScriptedServer((request) => (discovering ? database(request) : undefined));
  const { characteristics } = await server.until(server.client.service("180d"));
  discovering = false;
  server.requests.length = 0;
  const enhanced = [new Enhanced(server), new Enhanced(server)] as const;
  return { server, enhanced, values: characteristics };
}

describe("several ATT bearers to one server (Vol 3, Part F, 3.2.11 and Part G, 5.3)", () => {
  it("have a request each, as many at once as there are bearers", async () => {
    const { server, enhanced, values } = await spread();
    expect(server.client.bearers).toBe(3);
    const reads = values.map((value) => value.read());
    await settle();
    expect(server.requests).toEqual(["0a0300"]);
    expect(enhanced.map(({ channel }) => channel.take())).toEqual([["0a0500"], ["0a0700"]]);
    enhanced[1].say("0b 07");
    enhanced[0].say("0b 05");
    server.say("0b 03");
    expect((await Promise.all(reads)).map((value) => toHex(value))).toEqual(["03", "05", "07"]);
  });

  it("keep the order of the requests about one attribute", async () => {
    const { server, enhanced, values } = await spread();
    const writes = [1, 2, 3].map((octet) => values[0]!.write(Uint8Array.of(octet)));
    await settle();
    server.say("13");
    server.say("13");
    server.say("13");
    await Promise.all(writes);
    expect(server.requests).toEqual(["12030001", "12030002", "12030003"]);
    expect(enhanced.flatMap(({ channel }) => channel.take())).toEqual([]);
  });

  it("carry a long write on one of them, in parts of its own ATT_MTU", async () => {
    const { server, enhanced, values } = await spread();
    void values[1]!.read(); // the fixed bearer is busy
    await settle();
    const writing = values[0]!.write(new Uint8Array(70));
    await settle();
    const sent = enhanced[0].channel.take();
    expect(sent.map((pdu) => pdu.length / 2)).toEqual([64]);
    enhanced[0].say(`17${sent[0]?.slice(2) ?? ""}`);
    const rest = enhanced[0].channel.take();
    enhanced[0].say(`17${rest[0]?.slice(2) ?? ""}`);
    expect(enhanced[0].channel.take()).toEqual(["1801"]);
    enhanced[0].say("19");
    await writing;
    expect(server.requests).toEqual(["0a0500"]);
  });

  it("leave commands in their order, on the first bearer", async () => {
    const { server, enhanced, values } = await spread();
    for (const octet of [1, 2]) await values[0]!.writeWithoutResponse(Uint8Array.of(octet));
    expect(server.requests).toEqual(["52030001", "52030002"]);
    expect(enhanced.flatMap(({ channel }) => channel.take())).toEqual([]);
  });

  it("give their values to whoever has subscribed", async () => {
    const { server, enhanced } = await spread();
    const seen: string[] = [];
    server.client.core.sinks.add(9, { value: (value) => seen.push(toHex(value)), ended: () => undefined });
    enhanced[0].say("1b 0900 01");
    server.say("1b 0900 02");
    enhanced[1].say("23 0900 0100 03 0900 0200 0405");
    expect(seen).toEqual(["01", "02", "03", "0405"]);
  });

  it("when one closes what waits on it is told, and the others go on", async () => {
    const { server, enhanced, values } = await spread();
    const reads = values.map((value) => value.read());
    const lost = errorOf(reads[1]!);
    await settle();
    const reason = new DisconnectedError(0x16);
    enhanced[0].bearer.closed(reason);
    expect(await lost).toBe(reason);
    expect(server.client.bearers).toBe(2);
    enhanced[1].say("0b 07");
    server.say("0b 03");
    expect(await reads[2]).toEqual(Uint8Array.of(7));
    const again = values[1]!.read();
    await settle();
    server.say("0b 05");
    expect(await again).toEqual(Uint8Array.of(5));
  });

  it("a server silent on one of them for 30 s loses that one only (Vol 3, Part F, 3.3.3)", async () => {
    const { server, enhanced, values } = await spread();
    const [first, second] = [values[0]!.read(), values[1]!.read()];
    await settle();
    server.say("0b 03");
    await first;
    expect(await server.until(errorOf(second))).toBeInstanceOf(AttTimeoutError);
    expect([server.client.bearers, enhanced[0].bearer.open]).toEqual([2, false]);
    const reading = values[1]!.read();
    await settle();
    server.say("0b 05");
    expect(await reading).toEqual(Uint8Array.of(5));
    expect(server.clock.timers).toBe(0);
  });

  it("the fixed one may be the one that falls silent: calls go over the others", async () => {
    const { server, enhanced, values } = await spread();
    expect(await server.until(errorOf(values[0]!.read()))).toBeInstanceOf(AttTimeoutError);
    const reading = values[0]!.read();
    await settle();
    expect(enhanced[0].channel.take()).toEqual(["0a0300"]);
    enhanced[0].say("0b 03");
    expect(await reading).toEqual(Uint8Array.of(3));
    for (const { bearer } of enhanced) bearer.closed(new DisconnectedError(0x13));
    expect(await errorOf(values[0]!.read()), "nothing is left").toBeInstanceOf(DisconnectedError);
    expect(await errorOf(values[0]!.subscribe())).toBeInstanceOf(Error);
  });
});

describe("a bearer that is dead (Vol 3, Part F, 3.3.3)", () => {
  it("rejects later calls at once, with a hint at what to do", async () => {
    const server = new ScriptedServer(() => undefined);
    expect(await server.until(errorOf(server.client.services()))).toBeInstanceOf(AttTimeoutError);
    const at = server.clock.now();
    const error = (await errorOf(server.client.readByUuid("2a00"))) as Error;
    expect(error).toBeInstanceOf(AttTimeoutError);
    expect(error.message).toContain("connect again");
    expect(server.clock.now()).toBe(at);
  });

  it("set of bearers: knows what it has", () => {
    const bearer = (pending: number): ClientBearer => ({ pending }) as ClientBearer;
    const [a, b, c] = [bearer(2), bearer(0), bearer(1)];
    const set = new BearerSet(a);
    expect(set.pick(1)).toBe(a);
    set.add(b);
    set.add(c);
    set.add(b);
    expect(set.size).toBe(3);
    expect([set.pick(0), set.first]).toEqual([b, a]);
    expect([set.remove(a), set.remove(a), set.remove(c), set.remove(b)]).toEqual([false, false, false, true]);
    expect(set.first, "the last stays").toBe(b);
  });
});
