import { beforeEach, describe, expect, it } from "vitest";
import { AttError, AttTimeoutError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { BackPressureError } from "../../src/common/errors.ts";
import {
  characteristic,
  type CharacteristicOptions,
  descriptor,
  service,
} from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { Bench, errorOf, settle, type Wire } from "./wire.ts";

let bench: Bench;
let wire: Wire;

beforeEach(() => {
  bench = new Bench();
  wire = bench.connect();
});

/** The only characteristic of the only service: declarations at 1 and 2, the value at 3, the rest behind. */
function offer(options: CharacteristicOptions) {
  return bench.server.add(service("180d", { it: characteristic("2a37", options) })).it;
}

/** Lets the client's peer ask, and gives what the server has answered by then. */
async function ask(request: string, of: Wire = wire): Promise<string[]> {
  of.toClient.deliver = undefined;
  bench.turn.run(() => {
    of.serverBearer.receive(fromHex(request));
  });
  await settle();
  return of.toClient.take();
}

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("GATT server: what is offered (Vol 3, Part G, 3)", () => {
  it("has declaration, value, configuration and descriptors at consecutive handles", async () => {
    offer({ notify: true, value: octets(1), descriptors: [descriptor("2901", { value: octets(0x61) })] });
    expect(await ask("10 0100 ffff 0028")).toEqual(["1106010005000d18"]);
    expect(await ask("04 0100 ffff")).toEqual([
      "0501" + "01000028" + "02000328" + "0300372a" + "04000229" + "05000129",
    ]);
    expect(await ask("08 0100 ffff 0328")).toEqual(["0907" + "0200" + "12" + "0300" + "372a"]);
  });

  it("puts every service behind the last, and keeps one of 128 bits whole", async () => {
    offer({ value: octets(1) });
    const wide = "00112233-4455-6677-8899-aabbccddeeff";
    const { it: value } = bench.server.add(
      service(wide, { it: characteristic(0x12345678, { onRead: () => octets() }) }),
    );
    expect(value.handle).toBe(6);
    expect(await ask("10 0400 ffff 0028")).toEqual([
      "1114" + "04000600" + "ffeeddccbbaa99887766554433221100",
    ]);
    expect(await ask("08 0500 0500 0328")).toEqual([
      "0915" + "0500" + "02" + "0600" + "fb349b5f8000008000100000" + "78563412",
    ]);
  });

  it("refuses a service for which no handles are left, and adds none of it", () => {
    for (let i = 0; i < 0x5554; i++) offer({ value: octets() });
    expect(bench.server.table.end).toBe(0xfffd);
    expect(() => offer({ value: octets(), notify: true })).toThrow(RangeError);
    expect(bench.server.table.end).toBe(0xfffd);
    expect(offer({ value: octets() }).handle).toBe(0xffff);
  });

  it("takes no value of more than 512 octets (Vol 3, Part F, 3.2.9)", async () => {
    expect(() => characteristic("2a37", { value: new Uint8Array(513) })).toThrow(RangeError);
    const value = offer({ value: new Uint8Array(512), write: true });
    expect(() => {
      value.value = new Uint8Array(513);
    }).toThrow(RangeError);
    expect(await ask(`12 0300 ${"00".repeat(513)}`)).toEqual(["011203000d"]);
    expect(value.value).toHaveLength(512);
  });

  it("keeps copies, also of a Buffer, whose slice() is none", async () => {
    const mine = Buffer.of(1, 2, 3);
    const value = offer({ value: mine, write: true });
    mine.fill(9);
    expect(await ask("0a 0300")).toEqual(["0b010203"]);
    value.value = mine;
    mine.fill(0);
    expect(await ask("0a 0300")).toEqual(["0b090909"]);
    const request = Buffer.from("120300c0ffee", "hex");
    wire.serverBearer.receive(request);
    request.fill(0);
    expect(toHex(value.value)).toBe("c0ffee");
  });
});

describe("GATT server: handlers", () => {
  it("run when the turn is over, so that they may call back into the stack", () => {
    const order: string[] = [];
    offer({
      onRead: () => {
        order.push("handler");
        return octets(1);
      },
    });
    bench.turn.run(() => {
      wire.serverBearer.receive(fromHex("0a 0300"));
      order.push("turn");
    });
    expect(order).toEqual(["turn", "handler"]);
  });

  it("learn the connection and the offset, and give the whole value each time", async () => {
    const seen: unknown[] = [];
    offer({
      onRead: ({ connection, offset }) => {
        seen.push(connection === wire.connection, offset);
        return Uint8Array.from({ length: 30 }, (_, i) => i);
      },
    });
    expect(await ask("0c 0300 1c00")).toEqual(["0d1c1d"]);
    expect(seen).toEqual([true, 28]);
  });

  it("may take their time, in reading and in writing", async () => {
    const release: (() => void)[] = [];
    const later = (): Promise<void> => new Promise((resolve) => release.push(resolve));
    const value = offer({ onRead: () => later().then(() => octets(7)), onWrite: later });
    expect(await ask("0a 0300")).toEqual([]);
    expect(await ask("0a 0300"), "a second request meanwhile breaks the protocol").toEqual([]);
    release.shift()?.();
    await settle();
    expect(wire.toClient.take()).toEqual(["0b07"]);
    expect(await ask("12 0300 aa")).toEqual([]);
    expect(value.value).toEqual(octets());
    release.shift()?.();
    await settle();
    expect(wire.toClient.take()).toEqual(["13"]);
    expect(value.value).toEqual(octets(0xaa));
    expect(release).toEqual([]);
  });

  it.each([
    [
      "at once",
      () => {
        throw new AttError(0x80, 0);
      },
    ],
    ["later", () => Promise.reject(new AttError(0x80, 0))],
  ])("refuse with the error they throw %s; the value stays", async (_name, refuse) => {
    const value = offer({ value: octets(1), onRead: refuse, onWrite: refuse });
    expect(await ask("0a 0300")).toEqual(["010a030080"]);
    expect(await ask("12 0300 02")).toEqual(["0112030080"]);
    expect(await ask("08 0100 ffff 372a")).toEqual(["0108030080"]);
    expect(value.value).toEqual(octets(1));
    expect(bench.faults).toEqual([]);
  });

  const fault = new Error("a mistake");
  it.each([
    [
      "throw",
      () => {
        throw fault;
      },
    ],
    ["reject", () => Promise.reject(fault)],
  ])("that %s anything else answer Unlikely Error, and the program is told", async (_name, fail) => {
    offer({ onRead: fail, onWrite: fail });
    expect(await ask("0a 0300")).toEqual(["010a00000e"]);
    expect(await ask("12 0300 02")).toEqual(["011200000e"]);
    expect(await ask("52 0300 02"), "and a command is not answered").toEqual([]);
    expect(bench.faults).toMatchObject([
      { message: "onRead of characteristic 2a37: a mistake", cause: fault },
      { message: "onWrite of characteristic 2a37: a mistake", cause: fault },
    ]);
  });

  it.each<readonly [string, unknown]>([
    ["nothing", undefined],
    ["null", null],
    ["text", "93"],
    ["513 octets", new Uint8Array(513)],
    ["nothing, later", Promise.resolve(undefined)],
  ])("that give %s answer Unlikely Error, and the program is told", async (_name, given) => {
    offer({ onRead: () => given as Uint8Array });
    expect(await ask("0a 0300")).toEqual(["010a00000e"]);
    expect(bench.faults).toHaveLength(1);
    expect(await ask("02 1700"), "the server goes on").toEqual(["030502"]);
  });

  it("that refuse with a code no octet can hold answer Unlikely Error", async () => {
    offer({
      onRead: () => {
        throw new AttError(0x1ff, 3);
      },
    });
    expect(await ask("0a 0300")).toEqual(["010a00000e"]);
    expect((bench.faults[0] as Error).cause).toBeInstanceOf(RangeError);
  });

  it("that never answer hold up nobody but their client, and nothing once it is gone", async () => {
    const release: (() => void)[] = [];
    offer({
      onRead: () =>
        new Promise((resolve) =>
          release.push(() => {
            resolve(octets(1));
          }),
        ),
    });
    const other = bench.connect();
    expect(await ask("0a 0300")).toEqual([]);
    expect(await ask("02 1700", other)).toEqual(["030502"]);
    wire.lose();
    release[0]?.();
    await settle();
    expect(wire.toClient.take()).toEqual([]);
    expect(bench.clock.timers).toBe(0);
  });

  it("of commands learn that nobody hears what becomes of them", async () => {
    const seen: string[] = [];
    offer({
      writeWithoutResponse: true,
      onWrite: ({ value, acknowledged }) => {
        seen.push(`${toHex(value)} ${String(acknowledged)}`);
        value.fill(0); // it is theirs
      },
    });
    await ask("52 0300 01");
    await ask("12 0300 02");
    expect(seen).toEqual(["01 false", "02 true"]);
    expect(await ask("0a 0300"), "reading was not offered").toEqual(["010a030002"]);
  });

  it("a command where only requests are offered is ignored, and the other way round refused", async () => {
    const only = offer({ value: octets(1), write: true });
    await ask("52 0300 02");
    expect(only.value).toEqual(octets(1));
    offer({ value: octets(1), writeWithoutResponse: true });
    expect(await ask("12 0600 02")).toEqual(["0112060003"]);
  });
});

describe("GATT server: Client Characteristic Configuration (Vol 3, Part G, 3.3.3.3)", () => {
  it("is 0 at first, keeps what is written, and is another for each client", async () => {
    const value = offer({ notify: true, indicate: true });
    const other = bench.connect();
    expect(await ask("0a 0400")).toEqual(["0b0000"]);
    expect(await ask("12 0400 0300")).toEqual(["13"]);
    expect(await ask("0a 0400")).toEqual(["0b0300"]);
    expect(await ask("0a 0400", other)).toEqual(["0b0000"]);
    expect(value.subscribers).toEqual([wire.connection]);
  });

  it.each([
    ["three octets", "010000", ErrorCode.InvalidAttributeValueLength],
    ["a bit that the properties do not allow", "0200", ErrorCode.CccdImproperlyConfigured],
    ["a reserved bit", "0400", ErrorCode.CccdImproperlyConfigured],
    ["a reserved bit beside a good one", "0180", ErrorCode.CccdImproperlyConfigured],
  ])("does not take %s, and stays what it was", async (_name, value, error) => {
    offer({ notify: true });
    await ask("12 0400 0100");
    expect(await ask(`12 0400 ${value}`)).toEqual([`01120400${toHex(octets(error))}`]);
    expect(await ask("0a 0400")).toEqual(["0b0100"]);
  });

  it("has a fixed length, so fewer octets leave the others as they are (Vol 3, Part F, 3.4.5.1)", async () => {
    offer({ notify: true, indicate: true });
    expect(await ask("12 0400 02")).toEqual(["13"]);
    expect(await ask("0a 0400")).toEqual(["0b0200"]);
    expect(await ask("12 0400")).toEqual(["13"]);
    expect(await ask("16 0400 0000 01")).toEqual(["170400000001"]);
    expect(await ask("18 01")).toEqual(["19"]);
    expect(await ask("0a 0400")).toEqual(["0b0100"]);
    await ask("16 0400 0100 0000");
    expect(await ask("18 01")).toEqual(["011804000d"]);
    await ask("16 0400 0300 00");
    expect(await ask("18 01")).toEqual(["0118040007"]);
    await ask("16 0400 0000 04");
    expect(await ask("18 01"), "and its bits count then").toEqual(["01180400fd"]);
  });

  it("begins at 0 again when the client comes back", async () => {
    const value = offer({ notify: true });
    await ask("12 0400 0100");
    wire.lose();
    expect(value.subscribers).toEqual([]);
    const again = bench.connect();
    expect(await ask("0a 0400", again)).toEqual(["0b0000"]);
    expect(await value.notify(octets(1))).toBe(0);
  });
});

describe("GATT server: notifications (Vol 3, Part G, 4.10)", () => {
  /** A characteristic at handle 3 to which the client has subscribed. */
  async function subscribed(bits = "0100", of: Wire = wire) {
    const value = offer({ notify: true, indicate: true });
    await ask(`12 0400 ${bits}`, of);
    return value;
  }

  it("reach those who subscribed, and nobody else", async () => {
    const value = await subscribed();
    const other = bench.connect();
    other.toClient.deliver = undefined;
    expect(await value.notify(octets(1, 2))).toBe(1);
    expect(wire.toClient.take()).toEqual(["1b03000102"]);
    expect(other.toClient.take()).toEqual([]);
    expect(await value.notify(octets(1), { to: other.connection })).toBe(0);
    await ask("12 0400 0000");
    expect(await value.notify(octets(1))).toBe(0);
    expect(value.tryNotify(octets(1))).toBe(true);
    expect(wire.toClient.take()).toEqual([]);
  });

  it("are not sent to those who asked for indications, nor the other way round", async () => {
    const value = await subscribed("0200");
    expect(await value.notify(octets(1))).toBe(0);
    await ask("12 0400 0100");
    expect(await value.indicate(octets(1))).toBe(0);
    expect(wire.toClient.take()).toEqual([]);
  });

  it("wait for room, and go out in the order of the calls, also of calls made when there is room again", async () => {
    const value = await subscribed();
    wire.stallServer(2);
    const told = Array.from({ length: 5 }, (_, i) => value.notify(octets(i)));
    expect(wire.toClient.waiting).toBe(3);
    let late: Promise<number> | undefined;
    bench.turn.defer(() => undefined);
    const sent: string[] = [];
    bench.turn.run(() => {
      sent.push(...wire.toClient.take()); // two of those that wait take the room at once
      late = value.notify(octets(99));
    });
    for (let i = 0; i < 3; i++) sent.push(...wire.toClient.take());
    expect(sent.map((pdu) => pdu.slice(6))).toEqual(["00", "01", "02", "03", "04", "63"]);
    expect(await Promise.all([...told, late])).toEqual([1, 1, 1, 1, 1, 1]);
  });

  it("tryNotify tells that there is no room, and sends to nobody then", async () => {
    const value = await subscribed();
    const other = bench.connect();
    await ask("12 0400 0100", other);
    wire.stallServer(1);
    expect(value.tryNotify(octets(1))).toBe(true);
    other.toClient.take();
    expect(value.tryNotify(octets(2))).toBe(false);
    expect(other.toClient.take()).toEqual([]);
  });

  it("a client whose link is stalled does not hold up the others' values", async () => {
    const value = await subscribed();
    const other = bench.connect();
    await ask("12 0400 0100", other);
    wire.stallServer(0);
    const told = [value.notify(octets(1)), value.notify(octets(2))];
    expect(other.toClient.take()).toEqual(["1b030001", "1b030002"]);
    wire.lose();
    expect(await Promise.all(told), "and those who wait for it learn that only one got them").toEqual([1, 1]);
  });

  it("are refused when 1024 wait for a client already", async () => {
    const value = await subscribed();
    wire.stallServer(1);
    const told = Array.from({ length: 1025 }, () => value.notify(octets(1)));
    expect(await errorOf(value.notify(octets(2)))).toBeInstanceOf(BackPressureError);
    wire.toClient.room = 2000;
    wire.toClient.take();
    expect(new Set(await Promise.all(told))).toEqual(new Set([1]));
  });

  it("that were aborted while they waited are not sent, but keep their place among the 1024", async () => {
    const value = await subscribed();
    wire.stallServer(0);
    const reason = new Error("enough");
    const abort = new AbortController();
    const aborted = errorOf(value.notify(octets(1), { signal: abort.signal }));
    const kept = value.notify(octets(2));
    abort.abort(reason);
    expect(await aborted).toBe(reason);
    expect(await errorOf(value.notify(octets(3), { signal: abort.signal }))).toBe(reason);
    expect(wire.toClient.waiting).toBe(2);
    wire.toClient.room = 10;
    wire.toClient.take();
    expect(await kept).toBe(1);
    expect(wire.toClient.take()).toEqual(["1b030002"]);
  });

  it("are not sent to a client that unsubscribed while they waited", async () => {
    const value = await subscribed();
    wire.stallServer(0);
    const told = value.notify(octets(1));
    wire.serverBearer.receive(fromHex("12 0400 0000"));
    wire.toClient.room = 10;
    expect(wire.toClient.take()).toEqual(["13"]);
    expect(await told).toBe(0);
    expect(wire.toClient.take()).toEqual([]);
  });

  it("an indication is done when every subscriber has confirmed (4.11)", async () => {
    const value = await subscribed("0200");
    const other = bench.connect();
    await ask("12 0400 0200", other);
    const mine = Buffer.of(7);
    let done = false;
    const first = value.indicate(mine).then((count) => ((done = true), count));
    const second = value.indicate(octets(8));
    mine.fill(0);
    expect(wire.toClient.take(), "one at a time").toEqual(["1d030007"]);
    wire.serverBearer.receive(fromHex("1e"));
    await settle();
    expect(done).toBe(false);
    other.serverBearer.receive(fromHex("1e"));
    expect(await first).toBe(2);
    expect(wire.toClient.take()).toEqual(["1d030008"]);
    wire.serverBearer.receive(fromHex("1e"));
    other.serverBearer.receive(fromHex("1e"));
    expect(await second).toBe(2);
    expect(bench.clock.timers).toBe(0);
  });

  it("an indication that is not confirmed in 30 s fails, and so does one whose link is lost (Vol 3, Part F, 3.3.3)", async () => {
    const value = await subscribed("0200");
    const failed = errorOf(value.indicate(octets(1)));
    expect(await bench.until(failed)).toBeInstanceOf(AttTimeoutError);
    expect(bench.clock.now()).toBe(30_000);
    expect(await value.indicate(octets(2)), "the client is gone for good").toBe(0);
    const again = bench.connect();
    await ask("12 0400 0200", again);
    const lost = errorOf(value.indicate(octets(3)));
    again.lose();
    expect(await lost).toBeInstanceOf(DisconnectedError);
    expect(bench.clock.timers).toBe(0);
  });

  it("a confirmation that nobody waits for changes nothing", async () => {
    const value = await subscribed("0200");
    await ask("1e");
    const pending = value.indicate(octets(1));
    expect(wire.toClient.take()).toEqual(["1d030001"]);
    wire.serverBearer.receive(fromHex("1e"));
    expect(await pending).toBe(1);
  });
});
