import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_GATTC_CHARACTERISTIC_DONE,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_DESCRIPTOR_DONE,
  _IRQ_GATTC_DESCRIPTOR_RESULT,
  _IRQ_GATTC_NOTIFY,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_SERVICE_DONE,
  _IRQ_GATTC_SERVICE_RESULT,
  _IRQ_GATTC_WRITE_DONE,
  _IRQ_GATTS_WRITE,
  _IRQ_MTU_EXCHANGED,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_PERIPHERAL_DISCONNECT,
  Errno,
  UUID,
} from "../../src/micropython/index.ts";
import { Boards, payload } from "./boards.ts";

const SERVICE_UUID = new UUID("A5A5A5A5-FFFF-9999-1111-5A5A5A5A5A5A");
const CHAR_UUID = new UUID("00000000-1111-2222-3333-444444444444");
const flags = bluetooth.FLAG_READ | bluetooth.FLAG_WRITE | bluetooth.FLAG_NOTIFY;

describe("the MTU, between two boards", () => {
  it.each([
    ["the central", 300, 256, 256],
    ["the central", 300, 200, 200],
    ["the central", 300, 400, 300],
    ["the central", 300, 50, 50],
    ["the peripheral", 256, 290, 256],
    ["the peripheral", 190, 290, 190],
    ["the peripheral", 350, 290, 290],
  ])("is exchanged by %s: %i and %i make %i", async (by, ofCentral, ofPeripheral, mtu) => {
    const boards = new Boards();
    const central = boards.board();
    const peripheral = boards.board();
    await central.activate();
    await peripheral.activate();
    expect(central.ble.config("mtu")).toBe(256);
    const [[char_handle = 0] = []] = peripheral.ble.gatts_register_services([
      [SERVICE_UUID, [[CHAR_UUID, flags]]],
    ]);
    peripheral.ble.gatts_set_buffer(char_handle, 500, false);
    const handles = await boards.connect(central, peripheral);
    central.ble.config({ mtu: ofCentral });
    peripheral.ble.config({ mtu: ofPeripheral });
    const [board, handle] =
      by === "the central" ? [central, handles.central] : [peripheral, handles.peripheral];
    board.ble.gattc_exchange_mtu(handle);
    expect(await central.wait(_IRQ_MTU_EXCHANGED)).toEqual([handles.central, mtu]);
    expect(await peripheral.wait(_IRQ_MTU_EXCHANGED)).toEqual([handles.peripheral, mtu]);
    const ealready: unknown = expect.objectContaining({ errno: Errno.EALREADY });
    expect(() => board.ble.gattc_exchange_mtu(handle)).toThrow(ealready);

    peripheral.ble.gatts_notify(handles.peripheral, char_handle, "0".repeat(64));
    expect((await central.wait(_IRQ_GATTC_NOTIFY))[2]).toHaveLength(Math.min(64, mtu - 3));
    central.ble.gattc_discover_characteristics(handles.central, 1, 65535);
    await central.wait(_IRQ_GATTC_CHARACTERISTIC_DONE);
    central.ble.gattc_write(handles.central, char_handle, "a".repeat(mtu + 20), 1);
    expect(await central.wait(_IRQ_GATTC_WRITE_DONE)).toEqual([handles.central, char_handle, 0]);
    await peripheral.wait(_IRQ_GATTS_WRITE);
    expect(peripheral.ble.gatts_read(char_handle)).toHaveLength(mtu - 3);
    expect(central.log.filter((name) => name === "_IRQ_MTU_EXCHANGED")).toHaveLength(1);
    await boards.end();
  });

  it("is not exchanged by itself", async () => {
    const boards = new Boards();
    const central = boards.board();
    const peripheral = boards.board();
    await central.activate();
    await peripheral.activate();
    const { central: conn_handle } = await boards.connect(central, peripheral);
    central.ble.gattc_discover_services(conn_handle);
    await central.wait(_IRQ_GATTC_SERVICE_DONE);
    expect([...central.log, ...peripheral.log]).not.toContain("_IRQ_MTU_EXCHANGED");
    await boards.end();
  });
});

describe("calls in the handler", () => {
  it("go on from event to event, in this order", async () => {
    const ACCESSORY_UUID = new UUID("a5a5a5a5-ffff-9999-1111-5a5a5a5a5a5a");
    const STATE_UUID = new UUID("a5a5a5a5-eeee-9999-1111-5a5a5a5a5a5a");
    const CCC_UUID = new UUID(0x2902);
    const boards = new Boards();
    const peripheral = boards.board();
    const central = boards.board();
    await peripheral.activate();
    await central.activate();
    peripheral.ble.gatts_register_services([
      [ACCESSORY_UUID, [[STATE_UUID, bluetooth.FLAG_READ | bluetooth.FLAG_NOTIFY]]],
    ]);
    peripheral.ble.gap_advertise(500_000, [...payload, 17, 7, ...ACCESSORY_UUID]);

    const { ble } = central;
    let service: readonly [number, number] = [0, 0];
    let characteristic = 0;
    let cccd = 0;
    let reads = 2;
    // eslint-disable-next-line complexity -- one branch for each event, as the program has it
    central.handler = (event, data) => {
      switch (event) {
        case _IRQ_PERIPHERAL_CONNECT:
          ble.gattc_discover_services(data[0], ACCESSORY_UUID);
          return;
        case _IRQ_GATTC_SERVICE_RESULT:
          if (data[3] === ACCESSORY_UUID) service = [data[1], data[2]];
          return;
        case _IRQ_GATTC_SERVICE_DONE:
          ble.gattc_discover_characteristics(data[0], ...service);
          return;
        case _IRQ_GATTC_CHARACTERISTIC_RESULT:
          expect(data[4]).toBe(STATE_UUID);
          characteristic = data[2];
          return;
        case _IRQ_GATTC_CHARACTERISTIC_DONE:
          ble.gattc_discover_descriptors(data[0], ...service);
          return;
        case _IRQ_GATTC_DESCRIPTOR_RESULT:
          if (data[2] === CCC_UUID) cccd = data[1];
          return;
        case _IRQ_GATTC_DESCRIPTOR_DONE:
          ble.gattc_exchange_mtu(data[0]);
          return;
        case _IRQ_MTU_EXCHANGED:
          ble.gattc_write(data[0], cccd, [1, 0], 1);
          return;
        case _IRQ_GATTC_WRITE_DONE:
          ble.gattc_read(data[0], characteristic);
          return;
        case _IRQ_GATTC_READ_DONE:
          if (--reads > 0) ble.gattc_read(data[0], characteristic);
          else ble.gap_disconnect(data[0]);
          return;
        default:
          return;
      }
    };
    ble.gap_connect(...peripheral.ble.config("mac"));
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    expect(service[1] - service[0]).toBe(3);
    expect(peripheral.log).toEqual([
      "_IRQ_CENTRAL_CONNECT",
      "_IRQ_MTU_EXCHANGED",
      "_IRQ_GATTS_READ_REQUEST",
      "_IRQ_GATTS_READ_REQUEST",
      "_IRQ_CENTRAL_DISCONNECT",
    ]);
    expect(central.log).toEqual([
      "_IRQ_PERIPHERAL_CONNECT",
      "_IRQ_GATTC_SERVICE_RESULT",
      "_IRQ_GATTC_SERVICE_DONE",
      "_IRQ_GATTC_CHARACTERISTIC_RESULT",
      "_IRQ_GATTC_CHARACTERISTIC_DONE",
      "_IRQ_GATTC_DESCRIPTOR_RESULT",
      "_IRQ_GATTC_DESCRIPTOR_RESULT",
      "_IRQ_GATTC_DESCRIPTOR_RESULT",
      "_IRQ_GATTC_DESCRIPTOR_DONE",
      "_IRQ_MTU_EXCHANGED",
      "_IRQ_GATTC_WRITE_DONE",
      "_IRQ_GATTC_READ_RESULT",
      "_IRQ_GATTC_READ_DONE",
      "_IRQ_GATTC_READ_RESULT",
      "_IRQ_GATTC_READ_DONE",
      "_IRQ_PERIPHERAL_DISCONNECT",
    ]);
    await boards.end();
  });
});
