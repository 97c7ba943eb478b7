import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { concat, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { unprotected } from "../../src/common/security.ts";
import { NoSigningKeyError, NotFoundError } from "../../src/gatt/error.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { type Answer, script, ScriptedServer } from "./scripted-server.ts";
import { errorOf, settle } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i);

/** Two characteristics of a server that is a function, values at 3 and 5, and all properties. */
async function two(answer: Answer, mtu = 23) {
  const mtuAnswer = mtu === 23 ? "03 1700" : `03 ${toHex(octets(mtu, mtu >> 8))}`;
  const database: Answer = (request) =>
    request.startsWith("02")
      ? mtuAnswer
      : script({
          "06 0100": "07 0100 0500",
          "08 0200 0500 0328": "09 07 0200 4e 0300 372a 0400 4e 0500 382a",
          "04 0200 0500": "05 01 0200 0328 0300 372a 0400 0328 0500 382a",
        })(request);
  let discovering = true;
  const server = new ScriptedServer((request) => (discovering ? database(request) : answer(request)), mtu);
  const service = await server.until(server.client.service("180d"));
  discovering = false;
  server.requests.length = 0;
  return { server, values: [...service.characteristics] as [RemoteCharacteristic, RemoteCharacteristic] };
}

/** Prepares as it should, and says yes to Execute. */
const obliging: Answer = (request) => (request.startsWith("16") ? `17${request.slice(2)}` : "19");

describe("GATT client: reading several values (Vol 3, Part G, 4.8.2, 4.8.4 and 4.8.5)", () => {
  it("of known lengths takes one request, and cuts its answer up (4.8.4)", async () => {
    const { server, values } = await two(() => "0f 01 0203");
    const read = server.client.readMultiple(values, { lengths: [1, 2] });
    expect(await server.until(read)).toEqual([octets(1), octets(2, 3)]);
    expect(server.requests).toEqual(["0e03000500"]);
  });

  it("of known lengths never asks for more than one response carries (4.8.4)", async () => {
    const { server, values } = await two((request) => `0b${toHex(counting(request === "0a0300" ? 20 : 3))}`);
    const read = server.client.readMultiple(values, { lengths: [20, 3] });
    expect(await server.until(read)).toEqual([counting(20), counting(3)]);
    expect(server.requests).toEqual(["0a0300", "0a0500"]);
  });

  it("is malformed where the octets are not as many as the lengths say (4.8.4)", async () => {
    const { server, values } = await two(() => "0f 0102");
    const read = server.client.readMultiple(values, { lengths: [1, 2] });
    expect(await server.until(errorOf(read))).toBeInstanceOf(MalformedPduError);
  });

  it("of unknown lengths takes one request (4.8.5)", async () => {
    const { server, values } = await two(() => "21 0100 01 0200 0203");
    expect(await server.until(server.client.readMultiple(values))).toEqual([octets(1), octets(2, 3)]);
    expect(server.requests).toEqual(["2003000500"]);
  });

  it("reads by itself what came cut off, and asks again for what did not come (4.8.5)", async () => {
    const { server, values } = await two((request) => {
      if (request === "200300050003000500") return "21 0100 01 1500 0203";
      if (request === "0a0500") return "0b 0203";
      return "21 0000 0000";
    });
    const four = [...values, ...values];
    expect(await server.until(server.client.readMultiple(four))).toEqual([
      octets(1),
      octets(2, 3),
      octets(),
      octets(),
    ]);
    expect(server.requests).toEqual(["200300050003000500", "0a0500", "2003000500"]);
  });

  it.each([
    ["without lengths", "20", undefined],
    ["with lengths", "0e", [1, 2]],
  ])("%s falls back on single reads where the server does not know how", async (_name, opcode, lengths) => {
    const { server, values } = await two((request) => {
      if (request.startsWith("0a")) return request === "0a0300" ? "0b 01" : "0b 0203";
      return `01 ${opcode} 0000 06`;
    });
    const read = server.client.readMultiple(values, lengths ? { lengths } : {});
    expect(await server.until(read)).toEqual([octets(1), octets(2, 3)]);
    expect(server.requests).toEqual([`${opcode}03000500`, "0a0300", "0a0500"]);
  });

  it("tells any other refusal, with the handle the server blames", async () => {
    const { server, values } = await two(() => "01 20 0500 02");
    const error = await server.until(errorOf(server.client.readMultiple(values)));
    expect(error).toMatchObject({ status: ErrorCode.ReadNotPermitted, handle: 5 });
    expect((error as Error).message).toContain("2a38");
  });

  it("more values than were asked for are malformed; none and one are simple", async () => {
    const { server, values } = await two((request) =>
      request.startsWith("0a") ? "0b 07" : "21 0000 0000 0000",
    );
    expect(await server.until(errorOf(server.client.readMultiple(values)))).toBeInstanceOf(MalformedPduError);
    server.requests.length = 0;
    expect(await server.client.readMultiple([])).toEqual([]);
    expect(await server.until(server.client.readMultiple([values[0]]))).toEqual([octets(7)]);
    expect(server.requests).toEqual(["0a0300"]);
  });

  it("refuses lengths that make no sense", async () => {
    const { server, values } = await two(() => undefined);
    for (const lengths of [[1], [1, 2, 3], [1, -1], [1, 513], [1, 1.5]]) {
      expect(await errorOf(server.client.readMultiple(values, { lengths }))).toBeInstanceOf(RangeError);
    }
    expect(server.requests).toEqual([]);
  });

  it("by UUID asks until there are no more, and needs no search before (4.8.2)", async () => {
    const answers = { "08 0100 ffff 192a": "09 03 0300 5d 0700 5e", "08 0800 ffff 192a": "09 04 0900 0102" };
    const server = new ScriptedServer(script(answers));
    expect(await server.until(server.client.readByUuid("2a19"))).toEqual([
      { handle: 3, value: octets(0x5d) },
      { handle: 7, value: octets(0x5e) },
      { handle: 9, value: octets(1, 2) },
    ]);
    expect(server.requests).toEqual(["020502", "080100ffff192a", "080800ffff192a", "080a00ffff192a"]);
    expect(await server.until(server.client.readByUuid("2a00", { start: 4, end: 9 }))).toEqual([]);
    expect(server.requests.at(-1)).toBe("0804000900002a");
    for (const range of [{ start: 0 }, { end: 0x10000 }, { start: 5, end: 4 }]) {
      expect(await errorOf(server.client.readByUuid("2a00", range))).toBeInstanceOf(RangeError);
    }
  });

  it("by UUID does not survive the same handle again and again (4.8.2)", async () => {
    const server = new ScriptedServer(script({ "08": "09 03 0300 5d" }));
    expect(await server.until(errorOf(server.client.readByUuid("2a19")))).toBeInstanceOf(MalformedPduError);
    expect(server.requests).toHaveLength(3);
  });
});

describe("GATT client: long and reliable writes (Vol 3, Part G, 4.9.4 and 4.9.5)", () => {
  it("writes in parts what does not fit one request, and then executes (4.9.4)", async () => {
    const { server, values } = await two(obliging);
    const value = counting(40);
    await server.until(values[0].write(value));
    expect(server.requests).toEqual([
      `1603000000${toHex(value.subarray(0, 18))}`,
      `1603001200${toHex(value.subarray(18, 36))}`,
      `1603002400${toHex(value.subarray(36))}`,
      "1801",
    ]);
  });

  it.each([
    [20, ["12"]],
    [21, ["16", "16", "18"]],
  ])("%s octets at ATT_MTU 23 take %s", async (size, opcodes) => {
    const { server, values } = await two((request) => (request.startsWith("12") ? "13" : obliging(request)));
    await server.until(values[0].write(counting(size)));
    expect(server.requests.map((request) => request.slice(0, 2))).toEqual(opcodes);
  });

  it("writes from an offset on, and the end of nothing", async () => {
    const { server, values } = await two(obliging);
    await server.until(values[0].write(octets(7), { offset: 300 }));
    await server.until(values[0].write(octets(), { long: true }));
    expect(server.requests).toEqual(["1603002c0107", "1801", "1603000000", "1801"]);
    expect(await errorOf(values[0].write(counting(13), { offset: 500 }))).toBeInstanceOf(RangeError);
    expect(await errorOf(values[0].write(octets(), { offset: -1 }))).toBeInstanceOf(RangeError);
  });

  it.each([
    ["other octets", (request: string) => `17${request.slice(2, -2)}ff`],
    ["fewer octets", (request: string) => `17${request.slice(2, -2)}`],
    ["another offset", (request: string) => `17${request.slice(2, 6)}0100${request.slice(10)}`],
    ["another handle", (request: string) => `170400${request.slice(6)}`],
  ])("gives up where the server gives back %s: nothing is written", async (_name, echo) => {
    const { server, values } = await two((request) => (request.startsWith("16") ? echo(request) : "19"));
    expect(await server.until(errorOf(values[0].write(counting(40))))).toBeInstanceOf(MalformedPduError);
    expect(server.requests.slice(1)).toEqual(["1800"]);
  });

  it("gives up where a part is refused, and tells the refusal (4.9.4)", async () => {
    const { server, values } = await two((request) => (request.startsWith("16") ? "01 16 0300 09" : "19"));
    const error = await server.until(errorOf(values[0].write(counting(40))));
    expect(error).toMatchObject({ status: ErrorCode.PrepareQueueFull });
    expect(server.requests.slice(1)).toEqual(["1800"]);
  });

  it("tells a refusal to execute, after which there is nothing to give up", async () => {
    const { server, values } = await two((request) =>
      request.startsWith("16") ? obliging(request) : "01 18 0300 0d",
    );
    expect(await server.until(errorOf(values[0].write(counting(40))))).toBeInstanceOf(AttError);
    expect(server.requests.at(-1)).toBe("1801");
  });

  it("of several values writes all of them at once (4.9.5)", async () => {
    const { server, values } = await two(obliging);
    await server.until(
      server.client.reliableWrite([
        [values[0], octets(1)],
        [values[1], octets(2, 3)],
      ]),
    );
    expect(server.requests).toEqual(["160300000001", "16050000000203", "1801"]);
    await server.client.reliableWrite([]);
    expect(server.requests).toHaveLength(3);
  });

  it("take turns, since the server has one queue for all parts", async () => {
    const { server, values } = await two(obliging);
    const first = values[0].write(counting(40));
    const second = values[1].write(counting(25));
    await server.until(Promise.all([first, second]));
    const handles = server.requests.map((request) => request.slice(0, request.startsWith("18") ? 4 : 6));
    expect(handles).toEqual(["160300", "160300", "160300", "1801", "160500", "160500", "1801"]);
  });

  it("that is aborted is given up, and the next one can go on", async () => {
    const { server, values } = await two((request) => (request.startsWith("16") ? undefined : "19"));
    const abort = new AbortController();
    const reason = new Error("enough");
    const first = errorOf(values[0].write(counting(40), { signal: abort.signal }));
    const second = values[1].write(octets(5), { long: true });
    await settle();
    abort.abort(reason);
    expect(await first).toBe(reason);
    server.say(`17${server.requests[0]?.slice(2) ?? ""}`);
    await server.clock.advance(1);
    expect(server.requests.slice(1)).toEqual(["1800", "160500000005"]);
    server.say("17 0500 0000 05");
    await server.until(second);
  });

  it("all end when the link does", async () => {
    const { server, values } = await two(() => undefined);
    const writes = [values[0].write(counting(40)), values[1].write(counting(40))].map(errorOf);
    await settle();
    server.bearer.closed(new DisconnectedError(0x08));
    for (const error of await Promise.all(writes)) expect(error).toBeInstanceOf(DisconnectedError);
    expect(server.requests).toHaveLength(1);
    expect(server.clock.timers).toBe(0);
  });
});

describe("GATT client: signed writes (Vol 3, Part G, 4.9.2)", () => {
  it("without a key are refused; where the link is encrypted none is needed", async () => {
    const { server, values } = await two(() => undefined);
    expect(await errorOf(values[0].writeWithoutResponse(octets(1), { signed: true }))).toBeInstanceOf(
      NoSigningKeyError,
    );
    expect(server.requests).toEqual([]);
    const security = {
      state: { ...unprotected, encrypted: true },
      hasKey: true,
      raise: () => undefined,
      onChange: () => undefined,
    };
    const encrypted = new ScriptedServer(
      script({ "06 0100": "07 0100 0300", "08 0200 0300 0328": "09 07 0200 40 0300 372a" }),
      23,
      { security },
    );
    const [value] = (await encrypted.until(encrypted.client.service("180d"))).characteristics;
    await value?.writeWithoutResponse(octets(1), { signed: true });
    expect(encrypted.requests.at(-1)).toBe("52030001");
    expect(await errorOf(Promise.resolve(value?.writeWithoutResponse(octets(1))))).toBeInstanceOf(
      NotFoundError,
    );
  });

  it("carry 12 octets fewer than others", async () => {
    const { values } = await two(() => undefined);
    const error = await errorOf(values[0].writeWithoutResponse(counting(9), { signed: true }));
    expect(error).toBeInstanceOf(RangeError);
    expect(concat(counting(8)).length + 12).toBe(values[0].maxWriteLength);
  });
});

describe("GATT client: errors", () => {
  it("say what the handle stands for", async () => {
    const { server, values } = await two(() => "01 0a 0300 02");
    const error = (await server.until(errorOf(values[0].read()))) as Error;
    expect(error.message).toBe("Read Not Permitted (0x02) on handle 0x0003 (characteristic 2a37)");
  });
});
