import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import type { AttributeValue } from "../../src/gatt/attribute-client.ts";
import { characteristic, descriptor, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { twoHosts } from "../support/two-hosts.ts";

describe("connection.gatt.attributes", () => {
  it("finds, reads and writes by handles alone, and exchanges the MTU only when it is told to (Vol 3, Part G, 4)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const offered = peripheral.host.gatt.add(
      service("180f", {
        level: characteristic("2a19", {
          ...{ value: new Uint8Array(100).fill(7), write: true, writeWithoutResponse: true, notify: true },
          descriptors: [descriptor("2901", { value: Uint8Array.of(1), writeWithoutResponse: true })],
        }),
      }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    const { attributes } = connection.gatt;
    const services = await air.until(attributes.services());
    expect(services.map(({ uuid }) => uuid.toString())).toEqual(["1800", "1801", "180f"]);
    const [battery] = await air.until(attributes.services({ uuid: "180f" }));
    const { start, end } = battery!;
    const [level] = await air.until(attributes.characteristics({ start, end }));
    expect(level).toMatchObject({ valueHandle: offered.level.handle, declarationHandle: start + 1 });
    const found = await air.until(attributes.all({ start: level!.valueHandle + 1, end }));
    expect(found.map(({ uuid }) => uuid.toString())).toEqual(["2902", "2901"]);
    expect(offered.level.descriptors.map(({ handle }) => handle)).toEqual([found[1]!.handle]);
    const handle = level!.valueHandle;
    expect(await air.until(attributes.read(handle))).toEqual(new Uint8Array(100).fill(7));
    expect(connection.mtu).toBe(23);
    await air.until(attributes.write(handle, Uint8Array.of(1)));
    expect([...offered.level.value]).toEqual([1]);
    await air.until(attributes.writeWithoutResponse(handle, Uint8Array.of(2)));
    await air.until(attributes.read(handle));
    expect([...offered.level.value]).toEqual([2]);
    await expect(air.until(attributes.write(handle, new Uint8Array(21)))).rejects.toThrow(RangeError);
    await expect(air.until(attributes.read(0))).rejects.toThrow(RangeError);
    await expect(air.until(attributes.all({ start: 5, end: 4 }))).rejects.toThrow(RangeError);
    await expect(air.until(attributes.read(0xfff0))).rejects.toEqual(
      new AttError(ErrorCode.InvalidHandle, 0xfff0),
    );
    expect(await air.until(attributes.exchangeMtu())).toBe(517);
    expect(await air.until(attributes.exchangeMtu())).toBe(517);
    await air.until(connection.disconnect());
    await expect(air.until(attributes.read(handle))).rejects.toThrow(DisconnectedError);
    await expect(air.until(attributes.exchangeMtu())).rejects.toThrow(DisconnectedError);
    await air.expectNothingLeft();
  });

  it("tells of every value that comes, in order, whether anybody has subscribed (Vol 3, Part G, 4.10 and 4.11)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { level } = peripheral.host.gatt.add(
      service("180f", { level: characteristic("2a19", { notify: true, indicate: true }) }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    const values: AttributeValue[] = [];
    connection.gatt.attributes.on("value", (value) => values.push(value));
    await air.until(level.notify(Uint8Array.of(1), { force: true }));
    await air.until(level.indicate(Uint8Array.of(2), { force: true }));
    const { handle } = level;
    expect(values).toEqual([
      { handle, value: Uint8Array.of(1), indicated: false },
      { handle, value: Uint8Array.of(2), indicated: true },
    ]);
    await air.expectNothingLeft();
  });
});
