import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  _IRQ_CENTRAL_CONNECT,
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_CONNECTION_UPDATE,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_PERIPHERAL_DISCONNECT,
  _IRQ_SCAN_DONE,
  _IRQ_SCAN_RESULT,
  Errno,
  UUID,
} from "../../src/micropython/index.ts";
import { type Board, Boards, payload, text } from "./boards.ts";

/** What a scan of a second has heard of a board: the types of its packets, and what they said. */
async function heard(observer: Board, of: Board): Promise<Record<number, string>> {
  const packets: Record<number, string> = {};
  const [addr_type, addr] = of.ble.config("mac");
  observer.handler = (event, data) => {
    if (event !== _IRQ_SCAN_RESULT || data[0] !== addr_type || text(data[1]) !== text(addr)) return;
    expect(data[3]).toBeLessThan(0);
    packets[data[2]] = Buffer.from(data[4]).toString("hex");
  };
  observer.ble.gap_scan(1000, 30_000, 30_000, true);
  await observer.wait(_IRQ_SCAN_DONE);
  observer.handler = undefined;
  return packets;
}

describe("advertising, between two boards", () => {
  it("is heard as it was given, connectable or not, and no more when it has ended", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    const { ble } = peripheral;
    expect(await heard(central, peripheral)).toEqual({});
    ble.gap_advertise(20_000, payload);
    expect(await heard(central, peripheral)).toEqual({ 0: "02010604ff4d5059", 4: "" });
    ble.gap_advertise(20_000, payload, { resp_data: "\x03ab", connectable: false });
    expect(await heard(central, peripheral)).toEqual({ 2: "02010604ff4d5059", 4: "036162" });
    ble.gap_advertise(null);
    expect(await heard(central, peripheral)).toEqual({});
    await boards.end();
  });

  it("uses the data of before where it is given none, and is cleared by empty data", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    const { ble } = peripheral;
    ble.gap_advertise(20_000, payload, { resp_data: [3, 0xff, 1, 2] });
    ble.gap_advertise(null);
    ble.gap_advertise(20_625);
    expect(await heard(central, peripheral)).toEqual({ 0: "02010604ff4d5059", 4: "03ff0102" });
    ble.gap_advertise(20_000, [], { resp_data: null });
    expect(await heard(central, peripheral)).toEqual({ 0: "", 4: "03ff0102" });
    ble.gap_advertise(20_000, null, { resp_data: "" });
    expect(await heard(central, peripheral)).toEqual({ 0: "", 4: "" });
    await boards.end();
  });

  it("rounds the interval down to the nearest 625 µs, and refuses one that there is not", async () => {
    const boards = new Boards();
    const board = boards.board();
    await board.activate();
    const einval: unknown = expect.objectContaining({ name: "OSError", errno: Errno.EINVAL });
    for (const interval_us of [0, 19_999, 10_240_001, -1, Number.NaN]) {
      expect(() => board.ble.gap_advertise(interval_us)).toThrow(einval);
    }
    expect(() => board.ble.gap_advertise(20_000, new Uint8Array(32))).toThrow(einval);
    expect(() => board.ble.gap_advertise(20_000, "", { resp_data: new Uint8Array(32) })).toThrow(einval);
    const begun: number[] = [];
    const { host } = board.ble;
    const advertise = host!.advertise.bind(host);
    host!.advertise = (options) => {
      begun.push(options?.intervalMs ?? 0);
      return advertise(options);
    };
    for (const interval_us of [20_000, 20_624, 20_625, 500_000, 10_240_000]) {
      board.ble.gap_advertise(interval_us);
      await boards.sleep_ms(1);
    }
    expect(begun).toEqual([20, 20, 20.625, 500, 10_240]);
    await boards.end();
  });
});

describe("a scan", () => {
  it("tells each type of packet by its number (Vol 4, Part E, 7.7.65.2)", async () => {
    const boards = new Boards();
    const advertiser = boards.board({ controller: { profile: "5.4" } }); // not every one advertises to one device
    const observer = boards.board();
    await advertiser.activate();
    await observer.activate();
    const { host } = advertiser.ble;
    const of = { intervalMs: 20 };
    const kinds = [
      ["ADV_IND", of, [0, 4]],
      ["ADV_DIRECT_IND", { ...of, directedTo: observer.ble.host!.address }, [1]],
      ["ADV_SCAN_IND", { ...of, connectable: false }, [2, 4]],
      ["ADV_NONCONN_IND", { ...of, connectable: false, scannable: false }, [3]],
    ] as const;
    for (const [name, options, types] of kinds) {
      const advertising = await boards.clock.until(host!.advertise(options));
      expect([name, Object.keys(await heard(observer, advertiser)).map(Number)]).toEqual([name, types]);
      await boards.clock.until(advertising[Symbol.asyncDispose]());
    }
    await boards.end();
  });

  it("goes on with a duration of 0 until it is ended, and one that runs is not begun again", async () => {
    const boards = new Boards();
    const board = boards.board();
    await board.activate();
    board.ble.gap_scan(0);
    const ealready: unknown = expect.objectContaining({ errno: Errno.EALREADY });
    expect(() => board.ble.gap_scan(1000)).toThrow(ealready);
    await boards.sleep_ms(100_000);
    expect(board.log).toEqual([]);
    board.ble.gap_scan(null);
    board.ble.gap_scan(null);
    await boards.sleep_ms(10);
    expect(board.log).toEqual(["_IRQ_SCAN_DONE"]);
    board.ble.gap_scan(2000, 1, 99_999_999, false); // as near as a controller can
    await boards.sleep_ms(2010);
    expect(board.log).toEqual(["_IRQ_SCAN_DONE", "_IRQ_SCAN_DONE"]);
    await boards.end();
  });
});

describe("connections, between two boards", () => {
  it("come and go from either side, in this order", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    const first = await boards.connect(central, peripheral);
    central.print("gap_disconnect:", central.ble.gap_disconnect(first.central));
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    const second = await boards.connect(central, peripheral);
    peripheral.print("gap_disconnect:", peripheral.ble.gap_disconnect(second.peripheral));
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    peripheral.print("gap_disconnect:", peripheral.ble.gap_disconnect(second.peripheral));
    expect(peripheral.log).toEqual([
      "_IRQ_CENTRAL_CONNECT",
      "_IRQ_CENTRAL_DISCONNECT",
      "_IRQ_CENTRAL_CONNECT",
      "gap_disconnect: true",
      "_IRQ_CENTRAL_DISCONNECT",
      "gap_disconnect: false",
    ]);
    expect(central.log).toEqual([
      "_IRQ_PERIPHERAL_CONNECT",
      "gap_disconnect: true",
      "_IRQ_PERIPHERAL_DISCONNECT",
      "_IRQ_PERIPHERAL_CONNECT",
      "_IRQ_PERIPHERAL_DISCONNECT",
    ]);
    const [, first_data] = central.events.find(([event]) => event === _IRQ_PERIPHERAL_CONNECT)!;
    expect(first_data).toEqual([first.central, ...peripheral.ble.config("mac")]);
    await boards.end();
  });

  it("have the interval that was asked for, and tell of another in units of 1.25 and 10 ms", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    peripheral.ble.gap_advertise(20_000, payload);
    central.ble.gap_connect(...peripheral.ble.config("mac"), 2000, 10_000, 20_000);
    const [conn_handle] = await central.wait(_IRQ_PERIPHERAL_CONNECT);
    const [connection] = central.ble.host!.connections;
    expect(connection!.parameters.intervalMs).toBeGreaterThanOrEqual(10);
    expect(connection!.parameters.intervalMs).toBeLessThanOrEqual(20);
    void connection!.updateParameters({ minIntervalMs: 100, maxIntervalMs: 100, supervisionTimeoutMs: 5000 });
    expect(await central.wait(_IRQ_CONNECTION_UPDATE)).toEqual([conn_handle, 80, 0, 500, 0]);
    expect((await peripheral.wait(_IRQ_CONNECTION_UPDATE)).slice(1)).toEqual([80, 0, 500, 0]);
    await boards.end();
  });

  it("are given up after scan_duration_ms, or when they are cancelled, with a disconnection from nobody", async () => {
    const boards = new Boards();
    const central = boards.board();
    await central.activate();
    const ealready: unknown = expect.objectContaining({ errno: Errno.EALREADY });
    expect(() => central.ble.gap_connect(null)).toThrow(ealready);
    central.ble.gap_connect(1, [0xc0, 0, 0, 0, 0, 1]);
    expect(() => central.ble.gap_connect(1, [0xc0, 0, 0, 0, 0, 2])).toThrow(ealready);
    const nobody = [0xffff, 0xff, new Uint8Array(6)];
    expect(await central.wait(_IRQ_PERIPHERAL_DISCONNECT, 2100)).toEqual(nobody);
    central.ble.gap_connect(0, [0xc0, 0, 0, 0, 0, 1], 60_000);
    await boards.sleep_ms(100);
    central.ble.gap_connect(null);
    expect(await central.wait(_IRQ_PERIPHERAL_DISCONNECT, 1000)).toEqual(nobody);
    await boards.end();
  });

  it("end a scan when they are begun, and are refused to a peer that is connected", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    central.ble.gap_scan(0);
    await boards.connect(central, peripheral);
    expect(central.log).toEqual(["_IRQ_SCAN_DONE", "_IRQ_PERIPHERAL_CONNECT"]);
    const eio: unknown = expect.objectContaining({ errno: Errno.EIO });
    expect(() => central.ble.gap_connect(...peripheral.ble.config("mac"))).toThrow(eio);
    await boards.end();
  });
});

describe("the device name", () => {
  it("is what peers read, whenever it was changed", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    for (const name of ["GAP_NAME0", "GAP_NAME1"]) {
      peripheral.ble.config({ gap_name: name });
      expect(text(peripheral.ble.config("gap_name"))).toBe(name);
      const { central: conn_handle } = await boards.connect(central, peripheral);
      central.ble.gattc_discover_characteristics(conn_handle, 1, 65535, new UUID(0x2a00));
      const [, , value_handle, properties] = await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT);
      expect(properties & bluetooth.FLAG_READ).not.toBe(0);
      central.ble.gattc_read(conn_handle, value_handle);
      expect(text((await central.wait(_IRQ_GATTC_READ_RESULT))[2])).toBe(name);
      expect(await central.wait(_IRQ_GATTC_READ_DONE)).toEqual([conn_handle, value_handle, 0]);
      central.ble.gap_disconnect(conn_handle);
      await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
      await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    }
    await boards.end();
  });
});

describe("addr_mode", () => {
  it("is the kind of address that others see and connect to", async () => {
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    const kinds: string[] = [];
    for (const addr_mode of [1, 2, 3, 0]) {
      peripheral.ble.config({ addr_mode });
      await boards.sleep_ms(100);
      expect(peripheral.ble.config("addr_mode")).toBe(addr_mode);
      const [addr_type, addr] = peripheral.ble.config("mac");
      kinds.push(`${addr_type} ${addr[0]! >> 6}`);
      const { central: conn_handle } = await boards.connect(central, peripheral);
      central.ble.gap_disconnect(conn_handle);
      await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
      await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    }
    expect(kinds).toEqual(["1 3", "1 1", "1 0", "0 0"]);
    expect(central.events.filter(([event]) => event === _IRQ_PERIPHERAL_CONNECT)).toHaveLength(4);
    expect(peripheral.events.filter(([event]) => event === _IRQ_CENTRAL_CONNECT)).toHaveLength(4);
    await boards.end();
  });
});
