import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { characteristic, descriptor, service } from "../../src/gatt/service-builder.ts";
import { twoHosts } from "../support/two-hosts.ts";
import { settle } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** Asks for attributes by type and value, as a client without a database would. Vol 3, Part F, 3.4.3.3. */
async function findByTypeValue(request: Uint8Array): Promise<string> {
  const { air, central, peripheral } = await twoHosts();
  peripheral.host.gatt.add(
    service("180f", {
      level: characteristic("2a19", {
        onRead: () => Promise.resolve(octets(93)),
        notify: true,
        descriptors: [descriptor("2901", { value: octets(0x61) })],
      }),
    }),
  );
  const { central: connection } = await air.connect(central, peripheral);
  const answer = await air.until(
    new Promise<string>((resolve) => {
      connection.gatt.core.bearers.first.request(request, undefined, 0x07, (outcome) => {
        resolve(outcome instanceof Uint8Array ? toHex(outcome) : outcome.message);
      });
    }),
  );
  await air.expectNothingLeft();
  return answer;
}

describe("GATT server: Find By Type Value (Vol 3, Part F, 3.4.3.3)", () => {
  it("finds a value that a handler makes, which is a group of its own", async () => {
    const request = octets(0x06, 0x01, 0x00, 0xff, 0xff, 0x19, 0x2a, 93);
    expect(await findByTypeValue(request)).toBe("0710001000");
  });

  it("finds a descriptor by what it says", async () => {
    expect(await findByTypeValue(octets(0x06, 0x01, 0x00, 0xff, 0xff, 0x01, 0x29, 0x61))).toBe("0712001200");
  });

  it("ends the group of a characteristic declaration with its last descriptor (Vol 3, Part G, 2.5.3)", async () => {
    const declaration = octets(0x12, 0x10, 0x00, 0x19, 0x2a);
    const request = octets(0x06, 0x01, 0x00, 0xff, 0xff, 0x03, 0x28, ...declaration);
    expect(await findByTypeValue(request)).toBe("070f001200");
  });
});

describe("GATT server: a slow handler", () => {
  it("takes the writes of a client one after the other, and drops commands beyond those that may wait", async () => {
    const { air, central, peripheral } = await twoHosts();
    const finish: (() => void)[] = [];
    const taken: number[] = [];
    const { control } = peripheral.host.gatt.add(
      service("180f", {
        control: characteristic("2a39", {
          writeWithoutResponse: true,
          onWrite: ({ value }) => {
            taken.push(value[0] ?? -1);
            return new Promise<void>((resolve) => finish.push(resolve));
          },
        }),
      }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("180f", "2a39"));
    for (let i = 0; i < 200; i++) await air.until(remote.writeWithoutResponse(octets(i)));
    await air.clock.advance(1_000);
    expect(taken).toEqual([0]);
    for (let done = finish.shift(); done; done = finish.shift()) {
      done();
      await settle();
    }
    expect(taken).toEqual(Array.from({ length: 65 }, (_, i) => i));
    expect(control.value).toEqual(octets(64));
    await air.expectNothingLeft();
  });

  it("may refuse through a promise of another make", async () => {
    const { air, central, peripheral } = await twoHosts();
    const thenable = { then: (_: unknown, refused: (error: Error) => void) => refused(new Error("no")) };
    const onWrite = (): Promise<void> => thenable as unknown as Promise<void>;
    peripheral.host.on("fault", () => undefined);
    peripheral.host.gatt.add(service("180f", { control: characteristic("2a39", { onWrite }) }));
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("180f", "2a39"));
    expect(await air.ending(remote.write(octets(1)))).toMatchObject({ error: { status: 0x0e } });
    await air.expectNothingLeft();
  });
});

describe("GATT client: notifications()", () => {
  it("ends at once when it is left while it waits for a value, and the server is told", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { level } = peripheral.host.gatt.add(
      service("180f", { level: characteristic("2a19", { notify: true }) }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("180f", "2a19"));
    const values = remote.notifications();
    const waiting = values.next();
    await air.clock.advance(1_000);
    expect(level.subscribers).toHaveLength(1);
    expect(await air.until(values.return())).toEqual({ done: true, value: undefined });
    expect(await air.until(waiting)).toEqual({ done: true, value: undefined });
    expect(level.subscribers).toHaveLength(0);
    expect(await air.until(values.next())).toEqual({ done: true, value: undefined });
    await air.expectNothingLeft();
  });

  it("does so for the iterator of a subscription", async () => {
    const { air, central, peripheral } = await twoHosts();
    peripheral.host.gatt.add(service("180f", { level: characteristic("2a19", { notify: true }) }));
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("180f", "2a19"));
    const values = (await air.until(remote.subscribe()))[Symbol.asyncIterator]();
    const waiting = values.next();
    expect(await air.until(Promise.resolve(values.return?.()))).toEqual({ done: true, value: undefined });
    expect(await air.until(waiting)).toEqual({ done: true, value: undefined });
    await air.expectNothingLeft();
  });
});

describe("Service Changed (Vol 3, Part G, 7.1)", () => {
  it("tells what changed while it waited as one range, and makes no fault of it", async () => {
    const { air, central, peripheral } = await twoHosts();
    const faults: unknown[] = [];
    peripheral.host.on("fault", (error) => faults.push(error));
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("1801", "2a05"));
    const ranges: string[] = [];
    await air.until(remote.subscribe({ onValue: (value) => ranges.push(toHex(value)) }));
    for (let i = 0; i < 2000; i++) peripheral.host.gatt.add(service("180f", {}));
    await air.clock.advance(1_000);
    expect(ranges).toEqual(["06000e00", "0600dd07"]);
    expect(faults).toEqual([]);
    await air.expectNothingLeft();
  });
});
