import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  _IRQ_CENTRAL_CONNECT,
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_INDICATE,
  _IRQ_GATTC_NOTIFY,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_GATTC_WRITE_DONE,
  _IRQ_GATTS_INDICATE_DONE,
  _IRQ_GATTS_WRITE,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_PERIPHERAL_DISCONNECT,
  type BLE,
  type BleEvent,
  UUID,
} from "../../src/micropython/index.ts";
import { Boards, nameOf, payload, text } from "./boards.ts";

const SERVICE_UUID = new UUID("A5A5A5A5-FFFF-9999-1111-5A5A5A5A5A5A");
const CHAR_UUID = new UUID("00000000-1111-2222-3333-444444444444");
const CHAR = [
  CHAR_UUID,
  bluetooth.FLAG_READ | bluetooth.FLAG_WRITE | bluetooth.FLAG_NOTIFY | bluetooth.FLAG_INDICATE,
] as const;
const SERVICES = [[SERVICE_UUID, [CHAR]]] as const;

/** What the tests of MicroPython print of an event. */
function print(ble: () => BLE): (...event: BleEvent) => string | undefined {
  return (event, data) => {
    switch (event) {
      case _IRQ_GATTS_WRITE:
        return `${nameOf(event)} ${text(ble().gatts_read(data[1]))}`;
      case _IRQ_GATTC_CHARACTERISTIC_RESULT:
        return data[4] === CHAR_UUID ? `${nameOf(event)} ${String(data[4])}` : undefined;
      case _IRQ_GATTC_READ_RESULT:
      case _IRQ_GATTC_NOTIFY:
      case _IRQ_GATTC_INDICATE:
        return `${nameOf(event)} ${text(data[2])}`;
      case _IRQ_GATTC_WRITE_DONE:
      case _IRQ_GATTS_INDICATE_DONE:
        return `${nameOf(event)} ${data[2]}`;
      default:
        return nameOf(event);
    }
  };
}

describe("two boards and one characteristic", () => {
  it("read, write, notify and indicate from both sides, in this order", async () => {
    const boards = new Boards();
    const peripheral = boards.board({ print: print(() => peripheral.ble) });
    const central = boards.board({ print: print(() => central.ble) });
    await peripheral.activate();
    await central.activate();
    const BDADDR = peripheral.ble.config("mac");
    const [[char_handle = 0] = []] = peripheral.ble.gatts_register_services(SERVICES);
    peripheral.ble.gap_advertise(20_000, payload);
    peripheral.ble.gatts_write(char_handle, "periph0");

    central.ble.gap_connect(...BDADDR);
    const [conn_handle] = await central.wait(_IRQ_PERIPHERAL_CONNECT);
    const [periph_conn] = await peripheral.wait(_IRQ_CENTRAL_CONNECT);
    central.ble.gattc_discover_characteristics(conn_handle, 1, 65535);
    let value_handle = 0;
    while (value_handle === 0) {
      const data = await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT);
      if (data[4] === CHAR_UUID) value_handle = data[2];
    }
    central.print("gattc_read");
    central.ble.gattc_read(conn_handle, value_handle);
    await central.wait(_IRQ_GATTC_READ_RESULT);
    central.print("gattc_write");
    central.ble.gattc_write(conn_handle, value_handle, "central0", 1);
    await central.wait(_IRQ_GATTC_WRITE_DONE);

    await peripheral.wait(_IRQ_GATTS_WRITE);
    await boards.sleep_ms(1000);
    peripheral.ble.gatts_write(char_handle, "periph1");
    peripheral.ble.gatts_notify(periph_conn, char_handle);
    await central.wait(_IRQ_GATTC_NOTIFY);
    central.print("gattc_read");
    central.ble.gattc_read(conn_handle, value_handle);
    await central.wait(_IRQ_GATTC_READ_RESULT);
    central.print("gattc_write");
    central.ble.gattc_write(conn_handle, value_handle, "central1", 1);
    await central.wait(_IRQ_GATTC_WRITE_DONE);

    await peripheral.wait(_IRQ_GATTS_WRITE);
    await boards.sleep_ms(1000);
    peripheral.ble.gatts_notify(periph_conn, char_handle, "periph2");
    await central.wait(_IRQ_GATTC_NOTIFY);
    central.print("gattc_read");
    central.ble.gattc_read(conn_handle, value_handle);
    await central.wait(_IRQ_GATTC_READ_RESULT);

    central.print("gattc_write");
    central.ble.gattc_write(conn_handle, value_handle, "central2", 1);
    await central.wait(_IRQ_GATTC_WRITE_DONE);
    await peripheral.wait(_IRQ_GATTS_WRITE);
    await boards.sleep_ms(1000);
    peripheral.ble.gatts_write(char_handle, "periph3");
    peripheral.ble.gatts_indicate(periph_conn, char_handle);
    await central.wait(_IRQ_GATTC_INDICATE);
    await peripheral.wait(_IRQ_GATTS_INDICATE_DONE);
    peripheral.ble.gatts_indicate(periph_conn, char_handle, "periph4");
    await central.wait(_IRQ_GATTC_INDICATE);
    await peripheral.wait(_IRQ_GATTS_INDICATE_DONE);
    central.print("gap_disconnect:", central.ble.gap_disconnect(conn_handle));
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);

    expect(peripheral.log).toEqual([
      "_IRQ_CENTRAL_CONNECT",
      "_IRQ_GATTS_READ_REQUEST",
      "_IRQ_GATTS_WRITE central0",
      "_IRQ_GATTS_READ_REQUEST",
      "_IRQ_GATTS_WRITE central1",
      "_IRQ_GATTS_READ_REQUEST",
      "_IRQ_GATTS_WRITE central2",
      "_IRQ_GATTS_INDICATE_DONE 0",
      "_IRQ_GATTS_INDICATE_DONE 0",
      "_IRQ_CENTRAL_DISCONNECT",
    ]);
    expect(central.log).toEqual([
      "_IRQ_PERIPHERAL_CONNECT",
      "_IRQ_GATTC_CHARACTERISTIC_RESULT UUID('00000000-1111-2222-3333-444444444444')",
      "_IRQ_GATTC_CHARACTERISTIC_DONE",
      "gattc_read",
      "_IRQ_GATTC_READ_RESULT periph0",
      "_IRQ_GATTC_READ_DONE",
      "gattc_write",
      "_IRQ_GATTC_WRITE_DONE 0",
      "_IRQ_GATTC_NOTIFY periph1",
      "gattc_read",
      "_IRQ_GATTC_READ_RESULT periph1",
      "_IRQ_GATTC_READ_DONE",
      "gattc_write",
      "_IRQ_GATTC_WRITE_DONE 0",
      "_IRQ_GATTC_NOTIFY periph2",
      "gattc_read",
      "_IRQ_GATTC_READ_RESULT central1",
      "_IRQ_GATTC_READ_DONE",
      "gattc_write",
      "_IRQ_GATTC_WRITE_DONE 0",
      "_IRQ_GATTC_INDICATE periph3",
      "_IRQ_GATTC_INDICATE periph4",
      "gap_disconnect: true",
      "_IRQ_PERIPHERAL_DISCONNECT",
    ]);
    await boards.end();
  });
});
