import { beforeEach, describe, expect, it } from "vitest";
import type { AttBearer } from "../../src/att/att.ts";
import { toHex } from "../../src/common/bytes.ts";
import { BackPressureError, type BleError } from "../../src/common/errors.ts";
import { openEnhancedBearer } from "../../src/gatt/att-bearers.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";
import { type PlayedClient, Served } from "./served.ts";
import { errorOf, settle } from "./wire.ts";

let served: Served;
let client: PlayedClient;

beforeEach(() => {
  served = new Served();
  client = served.connect();
});

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Three characteristics: values at 3, 6 and 9, configurations behind each. */
function offer() {
  const notified = { notify: true, indicate: true };
  return served.server.add(
    service("180d", {
      a: characteristic("2a37", notified),
      b: characteristic("2a38", notified),
      c: characteristic("2a39", notified),
    }),
  );
}

async function subscribeToAll(bits = "0100"): Promise<void> {
  for (const handle of ["0400", "0700", "0a00"]) await client.ask(`12 ${handle} ${bits}`);
}

describe("Notifications to who has not subscribed", () => {
  it("are sent when they are forced, to one or to all", async () => {
    const { a } = offer();
    const other = served.connect();
    expect(await a.notify(octets(1))).toBe(0);
    expect(await a.notify(octets(1), { force: true, to: client.connection })).toBe(1);
    expect(a.tryNotify(octets(2), { force: true })).toBe(true);
    const indicated = a.indicate(octets(3), { force: true, to: other.connection });
    expect(client.channel.take()).toEqual(["1b030001", "1b030002"]);
    expect(other.channel.take()).toEqual(["1b030002", "1d030003"]);
    other.send("1e");
    expect(await indicated).toBe(1);
    await client.ask("12 0400 0200");
    expect(
      await a.notify(octets(4), { force: true, to: client.connection }),
      "also who asked for indications",
    ).toBe(1);
  });

  it("wait for room like any other", async () => {
    const { a } = offer();
    client.channel.room = 0;
    const told = a.notify(octets(1), { force: true });
    client.channel.room = 1;
    client.channel.take();
    expect(await told).toBe(1);
    expect(client.channel.take()).toEqual(["1b030001"]);
  });
});

describe("Indications that wait in line (Vol 3, Part F, 3.3.2)", () => {
  it("are not sent to who has unsubscribed meanwhile, or does not know of a change (Vol 3, Part G, 2.5.2.1)", async () => {
    const { a, b } = offer();
    await subscribeToAll("0200");
    const first = a.indicate(octets(1));
    const second = a.indicate(octets(2));
    const third = b.indicate(octets(3));
    expect(client.channel.take()).toEqual(["1d030001"]);
    expect(await client.ask("12 0400 0000")).toEqual(["13"]);
    expect(await client.ask("1e")).toEqual(["1d060003"]);
    const fourth = b.indicate(octets(4));
    client.client.features = 0x01;
    served.server.add(service("180f", {}));
    expect(await client.ask("1e")).toEqual([]);
    expect(await Promise.all([first, second, third, fourth])).toEqual([1, 0, 1, 0]);
  });

  it("are not of a service that was removed meanwhile, whose handle may be another's", async () => {
    const offered = offer();
    await subscribeToAll("0200");
    const told = [offered.a.indicate(octets(1)), offered.b.indicate(octets(2))];
    served.server.remove(offered);
    expect(await client.ask("1e")).toEqual(["1d030001"]);
    expect(await Promise.all(told)).toEqual([1, 0]);
  });
});

describe("Several values at once (Vol 3, Part G, 4.10.2)", () => {
  const multiple = "04"; // the bit of Client Supported Features

  beforeEach(() => {
    client.client.features = Number(`0x${multiple}`);
  });

  it("go in one PDU to a client that can take it", async () => {
    const { a, b, c } = offer();
    await subscribeToAll();
    expect(
      await served.server.notifyMultiple([
        [c, octets(3)],
        [a, octets()],
        [b, octets(1, 2)],
      ]),
    ).toBe(1);
    expect(client.channel.take()).toEqual(["23" + "09000100" + "03" + "03000000" + "06000200" + "0102"]);
  });

  it("go one by one to a client that cannot, or has subscribed to one of them only", async () => {
    const { a, b } = offer();
    await subscribeToAll();
    const plain = served.connect();
    await plain.ask("12 0400 0100");
    await plain.ask("12 0700 0100");
    const partly = served.connect();
    partly.client.features = 4;
    await partly.ask("12 0700 0100");
    const none = served.connect();
    expect(
      await served.server.notifyMultiple([
        [a, octets(1)],
        [b, octets(2)],
      ]),
    ).toBe(3);
    expect(client.channel.take()).toEqual(["2303000100010600010002"]);
    expect(plain.channel.take()).toEqual(["1b030001", "1b060002"]);
    expect(partly.channel.take()).toEqual(["1b060002"]);
    expect(none.channel.take()).toEqual([]);
  });

  it("are never cut: what does not fit goes in another PDU, and what fits nowhere alone and cut", async () => {
    const { a, b, c } = offer();
    await subscribeToAll();
    const long = octets(...new Array<number>(30).fill(9));
    const values = [
      [a, octets(1, 2, 3, 4, 5)],
      [b, octets(1, 2, 3, 4, 5, 6, 7, 8, 9)],
      [c, octets(1)],
      [a, long],
      [b, octets(2)],
      [c, octets(3)],
    ] as const;
    expect(await served.server.notifyMultiple(values)).toBe(1);
    expect(client.channel.take()).toEqual([
      "23" + "03000500" + "0102030405" + "06000900" + "010203040506070809",
      "1b0900" + "01",
      "1b0300" + "09".repeat(20),
      "23" + "06000100" + "02" + "09000100" + "03",
    ]);
  });

  it("wait for room, and are not sent when they are aborted or the client goes", async () => {
    const { a, b } = offer();
    await subscribeToAll();
    client.channel.room = 0;
    const abort = new AbortController();
    const values = [
      [a, octets(1)],
      [b, octets(2)],
    ] as const;
    const kept = served.server.notifyMultiple(values);
    const aborted = errorOf(served.server.notifyMultiple(values, { signal: abort.signal }));
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await aborted).toBe(reason);
    client.channel.room = 10;
    client.channel.take();
    expect(await kept).toBe(1);
    expect(client.channel.take()).toHaveLength(1);
    client.channel.room = 0;
    const lost = served.server.notifyMultiple(values);
    client.channel.room = 10;
    client.leave();
    expect(await lost).toBe(0);
  });

  it("that waited for room go only as far as the client has not left meanwhile", async () => {
    const { a, b } = offer();
    await subscribeToAll();
    client.channel.room = 0;
    const values = [
      [a, octets(1)],
      [b, octets(2)],
    ] as const;
    const first = served.server.notifyMultiple(values);
    client.send("12 0400 0000");
    await settle();
    client.channel.room = 10;
    client.channel.take();
    expect(await first).toBe(1);
    expect(client.channel.take()).toEqual(["1b060002"]);
    await expect(served.server.notifyMultiple([[a, new Uint8Array(513)]])).rejects.toThrow(RangeError);
  });

  it("are refused where 1024 wait, where they are no octets, and where notifying was not offered", async () => {
    const { a, b } = offer();
    const plain = served.server.add(service("180f", { level: characteristic("2a19", { value: octets(1) }) }));
    await expect(served.server.notifyMultiple([[plain.level, octets(1)]])).rejects.toThrow(TypeError);
    await expect(served.server.notifyMultiple([[a, "1" as never]])).rejects.toThrow(TypeError);
    expect(await served.server.notifyMultiple([])).toBe(0);
    await subscribeToAll();
    client.channel.room = 0;
    const values = [
      [a, octets(1)],
      [b, octets(2)],
    ] as const;
    const told = Array.from({ length: 1024 }, () => served.server.notifyMultiple(values));
    expect(await errorOf(served.server.notifyMultiple(values))).toBeInstanceOf(BackPressureError);
    client.channel.room = 2000;
    client.channel.take();
    expect(new Set(await Promise.all(told))).toEqual(new Set([1]));
  });
});

describe("Several bearers to one client (Vol 3, Part F, 3.2.11)", () => {
  it("share what the client subscribed to, has prepared, and supports", async () => {
    const { a } = offer();
    const second = client.more();
    await client.ask("12 0400 0100");
    expect(await second.ask("0a 0400")).toEqual(["0b0100"]);
    expect(a.subscribers).toEqual([client.connection]);
  });

  it("keep the values of one characteristic in order on one, and spread characteristics over all", async () => {
    const { a, b, c } = offer();
    const bearers = [client, client.more(), client.more()];
    await subscribeToAll();
    for (let i = 0; i < 5; i++) for (const each of [a, b, c]) expect(await each.notify(octets(i))).toBe(1);
    const sent = bearers.map(({ channel }) => channel.take());
    expect(sent.map((pdus) => pdus.length)).toEqual([5, 5, 5]);
    for (const pdus of sent) {
      expect(new Set(pdus.map((pdu) => pdu.slice(0, 6))).size).toBe(1);
      expect(pdus.map((pdu) => pdu.slice(6))).toEqual(["00", "01", "02", "03", "04"]);
    }
  });

  it("send a value that waits on one that closes over another", async () => {
    const { a } = offer();
    const second = client.more();
    await client.ask("12 0400 0100");
    await a.notify(octets(0));
    const [used, other] = client.channel.take().length === 1 ? [client, second] : [second, client];
    used.channel.room = 0;
    const told = a.notify(octets(1));
    other.channel.room = 0;
    used.close();
    used.channel.room = 10;
    used.channel.take();
    await settle();
    expect(other.channel.waiting).toBe(1);
    other.channel.room = 10;
    other.channel.take();
    expect(await told).toBe(1);
    expect(other.channel.take()).toEqual(["1b030001"]);
    expect(a.subscribers, "the client is not gone").toEqual([client.connection]);
    other.close();
    expect(a.subscribers).toEqual([]);
  });

  it("have one indication on the air each (3.3.2)", async () => {
    const { a, b } = offer();
    const second = client.more();
    await subscribeToAll("0200");
    const told = [a.indicate(octets(1)), b.indicate(octets(2)), a.indicate(octets(3))];
    const sent = [client.channel.take(), second.channel.take()];
    expect(sent.flat()).toHaveLength(2);
    expect(sent.map((pdus) => pdus.length)).toEqual([1, 1]);
    client.send("1e");
    second.send("1e");
    await settle();
    expect([...client.channel.take(), ...second.channel.take()]).toEqual(["1d030003"]);
    client.send("1e");
    second.send("1e");
    expect(await Promise.all(told)).toEqual([1, 1, 1]);
  });

  it("send several values at once on one, and those values alone on the same from then on", async () => {
    const { a, b } = offer();
    const second = client.more();
    client.client.features = 4;
    await subscribeToAll();
    await a.notify(octets(1));
    await b.notify(octets(1));
    client.channel.take();
    second.channel.take();
    await served.server.notifyMultiple([
      [a, octets(2)],
      [b, octets(2)],
    ]);
    await a.notify(octets(3));
    await b.notify(octets(3));
    const sent = [client.channel.take(), second.channel.take()];
    expect(sent.map((pdus) => pdus.length).sort()).toEqual([0, 3]);
  });
});

describe("An enhanced bearer (Vol 3, Part G, 5.3)", () => {
  function openOne(mtu = 100, peerMtu = 80) {
    const seen: string[] = [];
    const channel = Object.assign(new ScriptedChannel(), { mtu, peerMtu });
    const bearer: AttBearer<unknown> = openEnhancedBearer(
      channel,
      {
        clock: served.clock,
        table: served.server.table,
        served: client.client,
        client: {
          addBearer: () => seen.push("added"),
          value: (handle, value) => seen.push(`${handle} ${toHex(value)}`),
          closed: (reason: BleError, closed) => seen.push(`${reason.code} ${String(closed === bearer)}`),
        },
      },
      () => seen.push("close"),
    );
    return { bearer, channel, seen };
  }

  it("serves both sides with the smaller MTU of the channel (5.3.1)", async () => {
    const { a } = offer();
    const { bearer, channel, seen } = openOne();
    expect(bearer.mtu).toBe(80);
    bearer.receive(octets(0x0a, 4, 0));
    expect(channel.take()).toEqual(["0b0000"]);
    bearer.receive(octets(0x1b, 7, 0, 1));
    expect(seen).toEqual(["added", "7 01"]);
    expect(client.client.bearerCount).toBe(2);
    expect(await a.notify(octets(1))).toBe(0);
  });

  it("closes its channel when an indication is not confirmed, while the other bearers go on (Vol 3, Part F, 3.3.3)", async () => {
    const { a, b } = offer();
    const { channel, seen } = openOne();
    await subscribeToAll("0200");
    const told = Promise.allSettled([a.indicate(octets(1)), b.indicate(octets(1))]);
    expect(channel.take()).toHaveLength(1);
    client.send("1e");
    await served.clock.advance(30_000);
    expect((await told).map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(seen).toEqual(["added", "ATT_TIMEOUT true", "close"]);
    expect(client.client.bearerCount).toBe(1);
    expect(a.subscribers).toEqual([client.connection]);
    expect(served.clock.timers).toBe(0);
  });

  it("is no more when its channel has closed", () => {
    const { bearer, seen } = openOne();
    bearer.closed(new DisconnectedError(0x08));
    bearer.closed(new DisconnectedError(0x08));
    expect(seen).toEqual(["added", "DISCONNECTED true", "close"]);
    expect(client.client.bearerCount).toBe(1);
  });
});
