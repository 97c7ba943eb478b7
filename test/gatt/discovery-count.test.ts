import { describe, expect, it } from "vitest";
import { characteristic, type CharacteristicDefinition, service } from "../../src/gatt/service-builder.ts";
import { Bench } from "./wire.ts";

const value = Uint8Array.of(1);
const wide = "00112233-4455-6677-8899-aabbccddeeff";

/** A server of `services` services with `each` characteristics that can be subscribed to. */
function serverOf(services: number, each: number, type = "2a37"): Bench {
  const bench = new Bench();
  for (let i = 0; i < services; i++) {
    const has: Record<string, CharacteristicDefinition> = {};
    for (let j = 0; j < each; j++) has[`c${j}`] = characteristic(type, { value, notify: true });
    bench.server.add(service(0x1810 + i, has));
  }
  return bench;
}

/** How many requests of each kind the discovery of everything takes, the MTU aside. */
async function costOf(bench: Bench, mtu: number): Promise<Record<string, number>> {
  const wire = bench.connect(mtu);
  await bench.until(wire.client.services());
  const cost: Record<string, number> = {};
  for (const request of wire.requests.slice(1)) {
    const kind =
      request.slice(0, 2) +
      (request.length === 14 ? ` ${request.slice(12, 14)}${request.slice(10, 12)}` : "");
    cost[kind] = (cost[kind] ?? 0) + 1;
  }
  return cost;
}

describe("what the discovery of everything costs (Vol 3, Part G, 4.4 to 4.7)", () => {
  it("20 services of 5 characteristics at ATT_MTU 517: 7 requests for 320 attributes", async () => {
    expect(await costOf(serverOf(20, 5), 517)).toEqual({
      "04": 4, // 128 attributes in a response, and one request to learn that there are no more
      "10 2800": 1, // the last service is known to be the last
      "08 2803": 2, // 73 declarations in a response
    });
  });

  it("20 services of 5 characteristics at ATT_MTU 23: no request for each characteristic's descriptor", async () => {
    expect(await costOf(serverOf(20, 5), 23)).toEqual({
      "10 2800": 8, // 3 in a response; 1 to learn that there are no more
      "08 2802": 1, // no include, and so no secondary services
      "08 2803": 35, // 3 in a response; 1 to learn that there are no more
      "04": 50, // one response, of 5 attributes, has the descriptors of two characteristics
    });
  });

  it("a server with nothing in it: one request", async () => {
    expect(await costOf(new Bench(), 517)).toEqual({ "04": 1 });
    expect(await costOf(new Bench(), 23)).toEqual({ "10 2800": 1 });
  });

  it("characteristics without descriptors leave no gap to be searched, at any ATT_MTU", async () => {
    const bench = new Bench();
    bench.server.add(
      service("180a", { a: characteristic("2a29", { value }), b: characteristic("2a24", { value }) }),
    );
    expect(await costOf(bench, 23)).toEqual({ "10 2800": 2, "08 2802": 1, "08 2803": 2 });
    expect(await costOf(bench, 517)).toEqual({ "04": 2, "10 2800": 1, "08 2803": 1 });
  });

  it("UUIDs of 128 bits come in responses of their own", async () => {
    const bench = serverOf(1, 2);
    bench.server.add(service(wide, { a: characteristic(wide, { value }) }));
    expect(await costOf(bench, 517)).toEqual({ "04": 3, "10 2800": 2, "08 2803": 2 });
  });
});

describe("what one service costs (Vol 3, Part G, 4.4.2)", () => {
  it.each([
    [517, ["06", "04", "08"]],
    [23, ["06", "08", "08", "08", "08", "04", "04", "04"]],
  ])("at ATT_MTU %s", async (mtu, requests) => {
    const bench = serverOf(20, 5);
    const wire = bench.connect(mtu);
    await bench.until(wire.client.service(0x1812));
    expect(wire.requests.slice(1).map((request) => request.slice(0, 2))).toEqual(requests);
  });

  it("a service without characteristics costs nothing more than to find it", async () => {
    const bench = new Bench();
    bench.server.add(service("180f", {}));
    const wire = bench.connect();
    await bench.until(wire.client.service("180f"));
    expect(wire.requests).toEqual(["020502", "060100ffff00280f18"]);
  });

  it("all services of a UUID are asked for until there are no more, and once", async () => {
    const bench = serverOf(2, 1);
    bench.server.add(service(0x1810, {}));
    const wire = bench.connect();
    const services = await bench.until(wire.client.services({ uuid: 0x1810 }));
    expect(services.map(({ handle }) => handle)).toEqual([1, 9]);
    const asked = wire.requests.length;
    expect(await bench.until(wire.client.service(0x1810)), "the first of them is known").toBe(services[0]);
    expect(wire.requests).toHaveLength(asked);
  });
});
