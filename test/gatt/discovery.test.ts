import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttError, AttTimeoutError } from "../../src/att/error.ts";
import { toHex } from "../../src/common/bytes.ts";
import { BleError, MalformedPduError } from "../../src/common/errors.ts";
import { NotFoundError } from "../../src/gatt/error.ts";
import type { RemoteService } from "../../src/gatt/remote-service.ts";
import { characteristic, descriptor, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { runs } from "../support/runs.ts";
import { script, ScriptedServer } from "./scripted-server.ts";
import { Bench, errorOf } from "./wire.ts";

/** What was found, in a form that compares. */
function shape(services: readonly RemoteService[]) {
  return services.map(({ uuid, handle, endHandle, primary, characteristics, includedHandles }) => ({
    service: `${uuid.toString()} ${handle}-${endHandle}${primary ? "" : " secondary"}`,
    ...(includedHandles.length > 0 && { includes: includedHandles }),
    has: characteristics.map((each) =>
      [each, ...each.descriptors].map((value) => `${value.uuid.toString()}@${value.handle}`).join(" "),
    ),
  }));
}

const wide = "00112233-4455-6677-8899-aabbccddeeff";
const wideOnAir = "ffeeddccbbaa99887766554433221100";

describe("discovery of a jelling server (Vol 3, Part G, 4.4 to 4.7)", () => {
  it.each([23, 24, 50, 517])("finds everything as it was offered, at ATT_MTU %s", async (mtu) => {
    const bench = new Bench();
    const value = new Uint8Array(1);
    bench.server.add(
      service("180a", { a: characteristic("2a29", { value }), b: characteristic("2a29", { value }) }),
    );
    bench.server.add(service("180a", { a: characteristic("2a29", { value }) }));
    bench.server.add(
      service(wide, {
        a: characteristic(wide, {
          notify: true,
          descriptors: [descriptor("2901", { value }), descriptor(wide, { value })],
        }),
        b: characteristic("2a19", { value, indicate: true }),
      }),
    );
    const { client } = bench.connect(mtu);
    const services = await bench.until(client.services());
    expect(shape(services)).toEqual([
      { service: "180a 1-5", has: ["2a29@3", "2a29@5"] },
      { service: "180a 6-8", has: ["2a29@8"] },
      { service: `${wide} 9-17`, has: [`${wide}@11 2902@12 2901@13 ${wide}@14`, "2a19@16 2902@17"] },
    ]);
    expect(bench.clock.timers).toBe(0);
  });

  it("keeps services and characteristics of one UUID apart by their handles", async () => {
    const bench = new Bench();
    for (const octet of [1, 2]) {
      bench.server.add(service("180f", { level: characteristic("2a19", { value: Uint8Array.of(octet) }) }));
    }
    const { client } = bench.connect();
    const services = await bench.until(client.services());
    const values = services.map((each) => bench.until(each.characteristic("2a19").read()));
    expect(await Promise.all(values)).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  it("of one service asks for nothing of the others, and is remembered", async () => {
    const bench = new Bench();
    bench.server.add(service("1800", { name: characteristic("2a00", { value: new Uint8Array(1) }) }));
    bench.server.add(
      service("180f", { level: characteristic("2a19", { value: new Uint8Array(1), notify: true }) }),
    );
    const wire = bench.connect();
    const first = await bench.until(wire.client.characteristic("180f", "2a19"));
    expect(wire.requests).toEqual([
      "020502", // MTU
      "060100ffff00280f18", // the first such service
      "0405000700", // the types of its attributes: no include, one characteristic, one descriptor
      "08050007000328", // the characteristic
    ]);
    const asked = wire.requests.length;
    expect(await bench.until(wire.client.characteristic("180f", "2a19"))).toBe(first);
    expect(wire.requests).toHaveLength(asked);
    const all = await bench.until(wire.client.services());
    expect(all[1]?.characteristics[0], "one attribute is one object, whichever search has met it").toBe(
      first,
    );
    expect(await bench.until(wire.client.service("180f"))).toBe(all[1]);
  });

  it("asked for twice at once is done once", async () => {
    const bench = new Bench();
    bench.server.add(service("180f", { level: characteristic("2a19", { value: new Uint8Array(1) }) }));
    const wire = bench.connect();
    const [a, b] = await bench.until(Promise.all([wire.client.services(), wire.client.services()]));
    expect(a).toBe(b);
    expect(wire.requests.filter((request) => request === "100100ffff0028")).toHaveLength(1);
  });

  it("is not spoilt for one caller when another gives up", async () => {
    const bench = new Bench();
    bench.server.add(service("180f", { level: characteristic("2a19", { value: new Uint8Array(1) }) }));
    const { client } = bench.connect();
    const abort = new AbortController();
    const aborted = errorOf(client.services({ signal: abort.signal }));
    const kept = client.services();
    const reason = new Error("enough");
    abort.abort(reason);
    expect(await aborted).toBe(reason);
    expect(await bench.until(kept)).toHaveLength(1);
  });

  it("tells what a service has when the one asked for is not there", async () => {
    const bench = new Bench();
    bench.server.add(service("180f", { level: characteristic("2a19", { value: new Uint8Array(1) }) }));
    const { client } = bench.connect();
    const none = await bench.until(errorOf(client.characteristic("180f", "2a00")));
    expect(none).toBeInstanceOf(NotFoundError);
    expect((none as Error).message).toContain("2a19");
    expect(await bench.until(errorOf(client.service("180d")))).toBeInstanceOf(NotFoundError);
    bench.server.add(service("180d", {}));
    expect((await bench.until(client.service("180d"))).handle, "which is asked anew").toBe(4);
  });
});

describe("discovery of other servers (Vol 3, Part G, 4.4 to 4.7)", () => {
  it("finds secondary and included services, those of 128 bits too (4.5.1)", async () => {
    const server = new ScriptedServer(
      script({
        "10 0100 ffff 0028": "11 06 0100 0500 0018",
        "10 0100 ffff 0128": "11 06 1000 1200 0a18",
        "10 1300 ffff 0128": `11 14 2000 2000 ${wideOnAir}`,
        "08 0100 ffff 0228": "09 08 0200 1000 1200 0a18",
        "08 0300 ffff 0228": "09 06 0300 2000 2000",
      }),
    );
    expect(shape(await server.until(server.client.services()))).toEqual([
      { service: "1800 1-5", includes: [0x10, 0x20], has: [] },
      { service: "180a 16-18 secondary", has: [] },
      { service: `${wide} 32-32 secondary`, has: [] },
    ]);
  });

  it("takes a server that knows no group of secondary services for one that has none (Vol 3, Part F, 3.4.4.9)", async () => {
    const server = new ScriptedServer(
      script({ "10 0100 ffff 0028": "11 06 0100 ffff 0018", "10 0100 ffff 0128": "01 10 0100 10" }),
    );
    expect(shape(await server.until(server.client.services()))).toEqual([
      { service: "1800 1-65535", has: [] },
    ]);
  });

  it("does not ask behind handle 0xFFFF, nor for descriptors where there is no room for any (4.7.1)", async () => {
    const server = new ScriptedServer(
      script({
        "10 0100 ffff 0028": "11 06 fdff ffff 0018",
        "08 0100 ffff 0328": "09 07 feff 02 ffff 002a",
      }),
    );
    expect(shape(await server.until(server.client.services()))).toEqual([
      { service: "1800 65533-65535", has: ["2a00@65535"] },
    ]);
    expect(server.requests.filter((request) => request.startsWith("04"))).toEqual([]);
  });

  it("an error that blames an odd handle ends a search as any other (Vol 3, Part F, 3.4.1.1)", async () => {
    const server = new ScriptedServer((request) =>
      request.startsWith("02") ? "03 1700" : `01 ${request.slice(0, 2)} cdab 0a`,
    );
    expect(await server.until(server.client.services())).toEqual([]);
  });

  it("any other error is told, and asking again begins anew", async () => {
    let refuse = true;
    const server = new ScriptedServer((request) => {
      if (request.startsWith("02")) return "03 1700";
      return `01 ${request.slice(0, 2)} 0100 ${refuse ? "0e" : "0a"}`;
    });
    const error = await server.until(errorOf(server.client.services()));
    expect(error).toBeInstanceOf(AttError);
    refuse = false;
    expect(await server.until(server.client.services())).toEqual([]);
  });

  const oneService = { "10 0100 ffff 0028": "11 06 0100 0900 0018" };
  const one = { ...oneService, "08 0100 ffff 0328": "09 07 0200 02 0300 002a" };
  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ["the same service again and again", { "10": "11 06 0100 0100 0018" }],
    ["services out of order", { "10 0100": "11 06 0500 0600 0018 0100 0200 0118" }],
    ["services that overlap in one response", { "10 0100": "11 06 0100 0600 0018 0500 0700 0118" }],
    ["a service that ends before it starts", { "10 0100": "11 06 0500 0400 0018" }],
    ["a service at handle 0", { "10 0100": "11 06 0000 0400 0018" }],
    [
      "a service of handles before those asked for",
      { "10 0100": "11 06 0100 0400 0018", "10 0500": "11 06 0200 0800 0018" },
    ],
    ["no service at all in a response", { "10 0100": "11 06" }],
    ["no Length octet", { "10 0100": "11" }],
    ["entries of length 0", { "10 0100": "11 00 0100 0400 0018" }],
    ["entries shorter than their handles", { "10 0100": "11 03 0100 04" }],
    ["entries that are no whole number", { "10 0100": "11 06 0100 0400 0018 05" }],
    ["a service UUID of 4 octets", { "10 0100": "11 08 0100 0400 00180000" }],
    ["a service UUID of no octets", { "10 0100": "11 04 0100 0400" }],
    ["the response to another request", { "10 0100": "09 06 0100 0400 0018" }],
    ["the response to a write", { "10 0100": "13" }],
    ["an Error Response cut off", { "10 0100": "01 10 01" }],
    ["the same characteristic again and again", { ...oneService, "08": "09 07 0200 02 0300 002a" }],
    [
      "characteristics out of order",
      { ...oneService, "08 0100 ffff 0328": "09 07 0400 02 0500 002a 0200 02 0300 012a" },
    ],
    ["a declaration of 6 octets", { ...oneService, "08 0100 ffff 0328": "09 08 0200 02 0300 002a00" }],
    ["a declaration of no octets", { ...oneService, "08 0100 ffff 0328": "09 02 0200" }],
    [
      "a value in front of its declaration",
      { ...oneService, "08 0100 ffff 0328": "09 07 0200 02 0100 002a" },
    ],
    [
      "a value at the handle of its declaration",
      { ...oneService, "08 0100 ffff 0328": "09 07 0200 02 0200 002a" },
    ],
    ["an include of 5 octets", { ...oneService, "08 0100 ffff 0228": "09 07 0200 1000 1200 00" }],
    [
      "the same include again and again",
      { ...oneService, "08 0100": "09 06 0200 1000 1200", "08 0300": "09 06 0200 1000 1200" },
    ],
    ["the same descriptor again and again", { ...one, "04": "05 01 0400 0229" }],
    ["descriptors outside the range", { ...one, "04": "05 01 0a00 0229" }],
    ["descriptors in an unknown format", { ...one, "04": "05 03 0400 0229" }],
    ["descriptors cut off", { ...one, "04": "05 02 0400 0229" }],
    ["no descriptor in a response", { ...one, "04": "05 01" }],
  ])("does not survive %s, but ends with a typed error and few requests", async (_name, answers) => {
    const server = new ScriptedServer(script(answers));
    const error = await server.until(errorOf(server.client.services()));
    expect(error).toBeInstanceOf(MalformedPduError);
    expect(server.requests.length).toBeLessThan(10);
    expect(server.clock.timers).toBe(0);
  });

  it.each([
    ["a range that goes back", { "06 0100": "07 0500 0600 0100 0200" }],
    ["the same range again and again", { "06": "07 0100 0100" }],
    ["half a range", { "06 0100": "07 0500 06" }],
    ["no range", { "06 0100": "07" }],
  ])("by UUID does not survive %s (4.4.2)", async (_name, answers) => {
    const server = new ScriptedServer(script(answers));
    const services = server.client.services({ uuid: "180d" });
    expect(await server.until(errorOf(services))).toBeInstanceOf(MalformedPduError);
    expect(server.requests.length).toBeLessThan(10);
  });

  it("of a server that falls silent ends after 30 s (Vol 3, Part F, 3.3.3)", async () => {
    const server = new ScriptedServer(() => undefined);
    const error = errorOf(server.client.services());
    expect(await server.until(error)).toBeInstanceOf(AttTimeoutError);
    expect(server.clock.now()).toBe(30_000);
    expect(await server.until(errorOf(server.client.service("180d")))).toBeInstanceOf(AttTimeoutError);
    expect(server.clock.timers).toBe(0);
  });

  it("ends when the link is lost", async () => {
    const server = new ScriptedServer((request) => (request.startsWith("02") ? "03 1700" : undefined));
    const error = errorOf(server.client.services());
    await server.clock.advance(1);
    server.bearer.closed(new DisconnectedError(0x08));
    expect(await error).toBeInstanceOf(DisconnectedError);
    expect(server.clock.timers).toBe(0);
  });

  it("of any octets ends with services or a typed error, whatever they are", async () => {
    const response = fc.tuple(
      fc.constantFrom("01", "05", "07", "09", "0b", "11"),
      fc.uint8Array({ maxLength: 22 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(response, { maxLength: 12 }), async (responses) => {
        const left = responses.map(([opcode, rest]) => opcode + toHex(rest));
        const server = new ScriptedServer((request) => left.shift() ?? script({})(request));
        const services = server.client.services();
        const byUuid = server.client.characteristic("180d", "2a37");
        for (const outcome of await server.until(Promise.allSettled([services, byUuid]))) {
          if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(BleError);
        }
        expect(server.clock.timers).toBe(0);
      }),
      runs,
    );
  });
});
