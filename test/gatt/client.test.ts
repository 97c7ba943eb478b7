import { describe, expect, it } from "vitest";
import { AttError, AttTimeoutError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { QueueOverflowError } from "../../src/common/async-queue.ts";
import { toHex } from "../../src/common/bytes.ts";
import { BackPressureError, MalformedPduError } from "../../src/common/errors.ts";
import { NotFoundError } from "../../src/gatt/error.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { characteristic, type CharacteristicOptions, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { type Answer, script, ScriptedServer } from "./scripted-server.ts";
import { Bench, errorOf, settle } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i);

/** A characteristic of a jelling server, seen from a client that has found it. */
async function found(options: CharacteristicOptions, mtu = 23) {
  const bench = new Bench();
  const local = bench.server.add(service("180d", { it: characteristic("2a37", options) })).it;
  const wire = bench.connect(mtu);
  const remote = await bench.until(wire.client.characteristic("180d", "2a37"));
  wire.requests.length = 0;
  return { bench, local, wire, remote };
}

/** The same of a server that is a function: value at 3, Client Characteristic Configuration at 4. */
async function scripted(answer: Answer, mtu = 23) {
  const database = script({
    "06 0100": "07 0100 0400",
    "08 0200 0400 0328": "09 07 0200 3e 0300 372a",
    "04 0400 0400": "05 01 0400 0229",
  });
  let discovering = true;
  const server = new ScriptedServer((request) => (discovering ? database(request) : answer(request)), mtu);
  const remote: RemoteCharacteristic = await server.until(server.client.characteristic("180d", "2a37"));
  discovering = false;
  server.requests.length = 0;
  return { server, remote };
}

describe("GATT client: reading (Vol 3, Part G, 4.8)", () => {
  it.each([0, 1, 21, 22, 23, 43, 44, 45, 511, 512])(
    "gives a value of %s octets whole (4.8.1 and 4.8.3)",
    async (size) => {
      const { bench, remote, wire } = await found({ value: counting(size) });
      expect(await bench.until(remote.read())).toEqual(counting(size));
      expect(wire.requests).toHaveLength(1 + Math.floor(size / 22));
    },
  );

  it.each([ErrorCode.InvalidOffset, ErrorCode.AttributeNotLong])(
    "takes error 0x%s behind a full response for the end of the value (4.8.3)",
    async (error) => {
      const { server, remote } = await scripted((request) =>
        request.startsWith("0a") ? `0b${toHex(counting(22))}` : `01 0c 0300 ${toHex(octets(error))}`,
      );
      expect(await server.until(remote.read())).toEqual(counting(22));
    },
  );

  it("tells any other error in the middle of a long value (4.8.3)", async () => {
    const { server, remote } = await scripted((request) =>
      request.startsWith("0a") ? `0b${toHex(counting(22))}` : "01 0c 0300 0f",
    );
    expect(await server.until(errorOf(remote.read()))).toMatchObject({
      status: ErrorCode.InsufficientEncryption,
    });
  });

  it("of a server whose value has no end, ends where offsets do", async () => {
    const { server, remote } = await scripted((request) => {
      if (request.startsWith("03")) return undefined;
      return (request.startsWith("0a") ? "0b" : "0d") + "07".repeat(516);
    }, 517);
    // The server of this script leaves the MTU at 23; it is raised by asking us.
    server.say("02 0502");
    const value = await server.until(remote.read());
    expect(value.length).toBeGreaterThan(0xffff);
    expect(server.requests.length).toBeLessThan(130);
  });

  it("does not take a response for the last when ATT_MTU has grown since it was asked for", async () => {
    const { server, remote } = await scripted((request) => {
      if (request === "0a0300") {
        server.say("02 6400"); // the peer's own exchange comes in between, but its answer was made before
        return `0b${toHex(counting(22))}`;
      }
      return request === "0c03001600" ? "0d16" : undefined;
    }, 100);
    expect(await server.until(remote.read())).toEqual(counting(23));
  });

  it("nor a later part, when it grows in between (4.8.3)", async () => {
    const { server, remote } = await scripted((request) => {
      if (request === "0a0300") return `0b${toHex(counting(22))}`;
      if (request === "0c03001600") {
        server.say("02 6400");
        return `0d${toHex(counting(44).subarray(22))}`;
      }
      return request === "0c03002c00" ? "0d2c" : undefined;
    }, 100);
    expect(await server.until(remote.read())).toEqual(counting(45));
  });

  it("gives octets that are the program's own, also where packets come in a Buffer", async () => {
    const { server, remote } = await scripted(() => undefined);
    const reading = remote.read();
    await settle();
    const packet = Buffer.of(0x0b, 1, 2, 3);
    server.bearer.receive(packet);
    packet.fill(0);
    const value = await reading;
    expect(value).toEqual(octets(1, 2, 3));
  });

  it("may be aborted: at once, before it is sent, and while the MTU is being agreed", async () => {
    const reason = new Error("enough");
    const { server, remote } = await scripted(() => undefined);
    const abort = new AbortController();
    const first = errorOf(remote.read({ signal: abort.signal }));
    const second = errorOf(remote.write(octets(1), { signal: abort.signal }));
    const third = remote.read();
    await settle();
    abort.abort(reason);
    expect(await Promise.all([first, second])).toEqual([reason, reason]);
    expect(await errorOf(remote.read({ signal: abort.signal }))).toBe(reason);
    server.say("0b");
    await settle();
    expect(server.requests, "the write that waited was never sent").toEqual(["0a0300", "0a0300"]);
    server.say("0b 07");
    expect(await third).toEqual(octets(7));

    const silent = new ScriptedServer(() => undefined);
    const discovering = new AbortController();
    const pending = errorOf(silent.client.services({ signal: discovering.signal }));
    discovering.abort(reason);
    expect(await pending).toBe(reason);
  });
});

describe("GATT client: ATT_MTU (Vol 3, Part G, 4.3.1)", () => {
  it("is exchanged once, before the first request, whatever is asked at once", async () => {
    const bench = new Bench();
    bench.server.add(service("180d", { it: characteristic("2a37", { value: octets(1) }) }));
    const wire = bench.connect(100);
    await bench.until(Promise.all([wire.client.services(), wire.client.service("180d")]));
    expect(wire.requests.filter((request) => request.startsWith("02"))).toEqual(["026400"]);
    expect(wire.requests[0]).toBe("026400");
    expect([wire.client.mtu, wire.serverBearer.mtu]).toEqual([100, 100]);
  });

  it.each([
    ["does not know the request", "01 02 0000 06"],
    ["answers something malformed", "03 17"],
    ["answers something else", "13"],
  ])("stays at 23 where the server %s, and all goes on", async (_name, response) => {
    const server = new ScriptedServer((request) =>
      request.startsWith("02") ? response : script({})(request),
    );
    expect(await server.until(server.client.services())).toEqual([]);
    expect(server.client.mtu).toBe(23);
  });
});

describe("GATT client: writing (Vol 3, Part G, 4.9)", () => {
  it("writes what fits one request, and says how much that is (4.9.3)", async () => {
    const { bench, local, remote } = await found(
      { value: octets(), write: true, writeWithoutResponse: true },
      50,
    );
    expect(remote.maxWriteLength).toBe(47);
    const mine = Buffer.alloc(47, 7);
    const writing = remote.write(mine);
    mine.fill(0);
    await bench.until(writing);
    expect(local.value).toEqual(new Uint8Array(47).fill(7));
    expect(await errorOf(remote.writeWithoutResponse(new Uint8Array(48)))).toBeInstanceOf(RangeError);
  });

  it("never writes more than 512 octets (Vol 3, Part F, 3.2.9)", async () => {
    const { bench, local, remote } = await found({ value: octets(), write: true }, 517);
    expect(remote.maxWriteLength).toBe(512);
    expect(await errorOf(remote.write(new Uint8Array(513)))).toBeInstanceOf(RangeError);
    await bench.until(remote.write(counting(512)));
    expect(local.value).toEqual(counting(512));
  });

  it("tells a refusal, and a response that is more than its opcode", async () => {
    const { bench, remote } = await found({ value: octets(1) });
    expect(await bench.until(errorOf(remote.write(octets(1))))).toMatchObject({
      status: ErrorCode.WriteNotPermitted,
      handle: 3,
    });
    const other = await scripted(() => "13 00");
    expect(await other.server.until(errorOf(other.remote.write(octets(1))))).toBeInstanceOf(
      MalformedPduError,
    );
  });

  it("without response waits for room, in the order of the calls (4.9.1)", async () => {
    const { wire, remote } = await found({ writeWithoutResponse: true, write: true });
    wire.stallClient(2);
    const writes = Array.from({ length: 4 }, (_, i) => remote.writeWithoutResponse(octets(i)));
    expect(wire.toServer.waiting).toBe(2);
    const sent = wire.toServer.take();
    const late = remote.writeWithoutResponse(octets(9));
    sent.push(...wire.toServer.take(), ...wire.toServer.take());
    await Promise.all([...writes, late]);
    expect(sent).toEqual(["52030000", "52030001", "52030002", "52030003", "52030009"]);
  });

  it("without response is refused when 1024 wait, and fails when the link is lost", async () => {
    const { wire, remote } = await found({ writeWithoutResponse: true, write: true });
    wire.stallClient(0);
    const writes = Array.from({ length: 1024 }, () => errorOf(remote.writeWithoutResponse(octets(1))));
    expect(await errorOf(remote.writeWithoutResponse(octets(1)))).toBeInstanceOf(BackPressureError);
    wire.lose();
    for (const error of await Promise.all(writes)) expect(error).toBeInstanceOf(DisconnectedError);
    expect(wire.toServer.take()).toEqual([]);
    expect(await errorOf(remote.writeWithoutResponse(octets(1)))).toBeInstanceOf(DisconnectedError);
  });

  it("without response that was aborted while it waited is not sent", async () => {
    const { wire, remote } = await found({ writeWithoutResponse: true, write: true });
    wire.stallClient(0);
    const abort = new AbortController();
    const reason = new Error("enough");
    const aborted = errorOf(remote.writeWithoutResponse(octets(1), { signal: abort.signal }));
    const kept = remote.writeWithoutResponse(octets(2));
    abort.abort(reason);
    wire.toServer.room = 5;
    wire.toServer.take();
    await kept;
    expect(await aborted).toBe(reason);
    expect(wire.toServer.take()).toEqual(["52030002"]);
  });
});

describe("GATT client: subscribing (Vol 3, Part G, 4.10 and 4.11)", () => {
  const both: CharacteristicOptions = { notify: true, indicate: true };

  it("gets a value that the server sends before it has answered the subscription", async () => {
    const { server, remote } = await scripted((request) => {
      if (!request.startsWith("120400")) return undefined;
      server.say("1b 0300 01");
      return "13";
    });
    const seen: string[] = [];
    await server.until(remote.subscribe({ onValue: (value) => seen.push(toHex(value)) }));
    server.say("1b 0300 02");
    expect(seen).toEqual(["01", "02"]);
  });

  it("prefers notifications, and takes indications where asked for or where there is nothing else", async () => {
    const { bench, wire, remote } = await found(both);
    await bench.until(remote.subscribe());
    await bench.until(remote.subscribe({ indicate: true }));
    expect(wire.requests).toEqual(["1204000100", "1204000300"]);
    const only = await found({ indicate: true });
    await only.bench.until(only.remote.subscribe());
    expect(only.wire.requests).toEqual(["1204000200"]);
  });

  it("of several to one characteristic writes the configuration once, and 0 when the last has gone", async () => {
    const { bench, wire, remote, local } = await found({ notify: true });
    const seen: string[] = [];
    const [a, b] = await bench.until(
      Promise.all(
        ["a", "b"].map((name) => remote.subscribe({ onValue: (value) => seen.push(name + toHex(value)) })),
      ),
    );
    expect(wire.requests).toEqual(["1204000100"]);
    await local.notify(octets(1));
    await bench.clock.advance(1);
    await bench.until(a![Symbol.asyncDispose]());
    await local.notify(octets(2));
    await bench.clock.advance(1);
    expect(wire.requests).toEqual(["1204000100"]);
    await bench.until(b![Symbol.asyncDispose]());
    await b![Symbol.asyncDispose]();
    expect(wire.requests).toEqual(["1204000100", "1204000000"]);
    expect(seen).toEqual(["a01", "b01", "b02"]);
    expect(await local.notify(octets(3))).toBe(0);
  });

  it("made again while the last is ending ends up subscribed", async () => {
    const { bench, wire, remote, local } = await found({ notify: true });
    const first = await bench.until(remote.subscribe());
    const ending = first[Symbol.asyncDispose]();
    const again = remote.subscribe();
    await bench.until(Promise.all([ending, again]));
    expect(wire.requests).toEqual(["1204000100", "1204000000", "1204000100"]);
    expect(await local.notify(octets(1))).toBe(1);
  });

  it("confirms indications, also those nobody wants, and drops values of unknown handles (4.11)", async () => {
    const { bench, local, remote, wire } = await found({ indicate: true });
    const seen: string[] = [];
    await bench.until(remote.subscribe({ onValue: (value) => seen.push(toHex(value)) }));
    expect(await bench.until(local.indicate(octets(5)))).toBe(1);
    expect(seen).toEqual(["05"]);
    wire.clientBearer.receive(octets(0x1b, 0x99, 0, 1));
    wire.clientBearer.receive(octets(0x1d, 0x99, 0, 1));
    expect(wire.requests.slice(-2)).toEqual(["1e", "1e"]);
    expect(seen).toEqual(["05"]);
  });

  it("shows onValue the received octets themselves, without a copy", async () => {
    const { server, remote } = await scripted(() => "13");
    let seen: Uint8Array | undefined;
    await server.until(remote.subscribe({ onValue: (value) => (seen = value) }));
    const packet = octets(0x1b, 3, 0, 7);
    server.turn.run(() => {
      server.bearer.receive(packet);
      expect(seen, "it is called when the turn is over").toBeUndefined();
    });
    expect(seen?.buffer).toBe(packet.buffer);
    expect(seen).toEqual(octets(7));
  });

  it("iterates over values that are the program's own, and unsubscribes when the loop is left", async () => {
    const { bench, wire, remote, local } = await found({ notify: true });
    const values: string[] = [];
    const loop = (async () => {
      for await (const value of remote.notifications()) if (values.push(toHex(value)) === 2) break;
    })();
    await bench.clock.advance(1);
    for (let i = 1; i <= 3; i++) await local.notify(octets(i));
    await bench.until(loop);
    expect(values).toEqual(["01", "02"]);
    expect(wire.requests).toEqual(["1204000100", "1204000000"]);
  });

  it("an iteration that is too slow fails rather than to lose values in silence", async () => {
    const { server, remote } = await scripted(() => "13");
    const subscription = await server.until(remote.subscribe({ capacity: 2 }));
    for (let i = 1; i <= 4; i++) server.say(`1b 0300 0${i}`);
    const values: string[] = [];
    const loop = (async () => {
      for await (const value of subscription) values.push(toHex(value));
    })();
    expect(await server.until(errorOf(loop))).toBeInstanceOf(QueueOverflowError);
    expect(values).toEqual(["01", "02"]);
    expect(subscription.dropped).toBeGreaterThan(0);
    expect(server.requests).toEqual(["1204000100", "1204000000"]);
  });

  it("an abort ends the iteration at once, even where the server answers nothing more", async () => {
    let answering = true;
    const { server, remote } = await scripted(() => (answering ? "13" : undefined));
    const abort = new AbortController();
    const reason = new Error("enough");
    const next = remote.notifications({ signal: abort.signal }).next();
    await server.clock.advance(1);
    answering = false;
    abort.abort(reason);
    expect(await errorOf(next)).toBe(reason);
    expect(server.clock.now()).toBe(1);
    expect(server.requests).toEqual(["1204000100", "1204000000"]);
  });

  it("an abort while subscribing tells the server that nothing is wanted after all", async () => {
    const { server, remote } = await scripted(() => undefined);
    const abort = new AbortController();
    const reason = new Error("enough");
    const subscribing = errorOf(remote.subscribe({ signal: abort.signal }));
    await settle();
    abort.abort(reason);
    expect(await subscribing).toBe(reason);
    server.say("13");
    expect(server.requests).toEqual(["1204000100", "1204000000"]);
    expect(await errorOf(remote.subscribe({ signal: abort.signal }))).toBe(reason);
  });

  it("a refusal is told, and leaves nothing behind", async () => {
    let refuse = true;
    const { server, remote } = await scripted(() => (refuse ? "01 12 0400 03" : "13"));
    const seen: string[] = [];
    const onValue = (value: Uint8Array): unknown => seen.push(toHex(value));
    expect(await server.until(errorOf(remote.subscribe({ onValue })))).toBeInstanceOf(AttError);
    server.say("1b 0300 01");
    expect(seen).toEqual([]);
    expect(server.requests, "there is nothing to take back").toEqual(["1204000100"]);
    refuse = false;
    await server.until(remote.subscribe({ onValue }));
    server.say("1b 0300 02");
    expect(seen).toEqual(["02"]);
  });

  it("that was answered with nonsense is taken back, since nobody knows what the server has made of it", async () => {
    const { server, remote } = await scripted((request) => (request === "1204000100" ? "0b" : "13"));
    expect(await server.until(errorOf(remote.subscribe()))).toBeInstanceOf(MalformedPduError);
    await server.clock.advance(1);
    expect(server.requests).toEqual(["1204000100", "1204000000"]);
  });

  it("that ends within onValue shows no more values, not even of the same turn", async () => {
    const { server, remote } = await scripted(() => "13");
    const seen: string[] = [];
    const subscription = await server.until(
      remote.subscribe({
        onValue: (value) => {
          seen.push(toHex(value));
          void subscription[Symbol.asyncDispose]();
        },
      }),
    );
    server.turn.run(() => {
      for (const octet of [1, 2]) server.bearer.receive(octets(0x1b, 3, 0, octet));
    });
    expect(seen).toEqual(["01"]);
  });

  it("is refused where the characteristic offers neither, or has no configuration", async () => {
    const { remote } = await found({ value: octets(1) });
    expect(await errorOf(remote.subscribe())).toBeInstanceOf(NotFoundError);
    const notify = await found({ notify: true });
    expect(await errorOf(notify.remote.subscribe({ indicate: true }))).toBeInstanceOf(NotFoundError);
    const without = new ScriptedServer(
      script({ "06 0100": "07 0100 0300", "08 0200 0300 0328": "09 07 0200 10 0300 372a" }),
    );
    const bare = await without.until(without.client.characteristic("180d", "2a37"));
    expect(await errorOf(bare.subscribe())).toBeInstanceOf(NotFoundError);
  });

  it("the loss of the link ends iterations with its reason, after the values that came before", async () => {
    const { bench, wire, remote, local } = await found({ notify: true });
    const subscription = await bench.until(remote.subscribe());
    await local.notify(octets(1));
    await bench.clock.advance(1);
    const reason = new DisconnectedError(0x13);
    wire.lose(reason);
    const values = subscription[Symbol.asyncIterator]();
    expect(await values.next()).toEqual({ done: false, value: octets(1) });
    expect(await errorOf(values.next())).toBe(reason);
    for (const late of [
      remote.read(),
      remote.write(octets(1)),
      remote.subscribe(),
      wire.client.service("180f"),
    ]) {
      expect(await errorOf(late)).toBe(reason);
    }
    expect(bench.clock.timers).toBe(0);
  });

  it("the loss of the link while subscribing fails the subscription", async () => {
    const { server, remote } = await scripted(() => undefined);
    const subscribing = errorOf(remote.subscribe());
    expect(await server.until(subscribing)).toBeInstanceOf(AttTimeoutError);
    expect(server.clock.timers).toBe(0);
  });
});
