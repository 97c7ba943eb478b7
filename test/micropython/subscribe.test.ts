import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_GATTC_CHARACTERISTIC_DONE,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_DESCRIPTOR_DONE,
  _IRQ_GATTC_DESCRIPTOR_RESULT,
  _IRQ_GATTC_INDICATE,
  _IRQ_GATTC_NOTIFY,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_GATTC_WRITE_DONE,
  _IRQ_GATTS_WRITE,
  _IRQ_PERIPHERAL_DISCONNECT,
  UUID,
} from "../../src/micropython/index.ts";
import { Boards, nameOf, text } from "./boards.ts";

const SERVICE_UUID = new UUID("A5A5A5A5-FFFF-9999-1111-5A5A5A5A5A5A");
const CHAR_UUID = new UUID("00000000-1111-2222-3333-444444444444");
const DESC_UUID = new UUID("00000000-1111-2222-3333-555555555555");
const CCCD_UUID = new UUID(0x2902);

describe("two boards and a subscription", () => {
  it("send what send_update says to those who subscribed, and a forced notification to all", async () => {
    const boards = new Boards();
    const central = boards.board();
    const peripheral = boards.board();
    await central.activate();
    await peripheral.activate();
    const flags =
      bluetooth.FLAG_READ | bluetooth.FLAG_WRITE | bluetooth.FLAG_NOTIFY | bluetooth.FLAG_INDICATE;
    const [[char_handle = 0] = []] = peripheral.ble.gatts_register_services([
      [SERVICE_UUID, [[CHAR_UUID, flags]]],
    ]);
    peripheral.ble.gatts_write(char_handle, "periph0");
    const { central: conn_handle, peripheral: periph_conn } = await boards.connect(central, peripheral);
    const values: string[] = [];
    central.handler = (event, data) => {
      if (event === _IRQ_GATTC_NOTIFY || event === _IRQ_GATTC_INDICATE)
        values.push(`${nameOf(event)} ${text(data[2])}`);
    };

    central.ble.gattc_discover_characteristics(conn_handle, 1, 65535, CHAR_UUID);
    const [, end_handle, value_handle] = await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT);
    await central.wait(_IRQ_GATTC_CHARACTERISTIC_DONE);
    central.ble.gattc_discover_descriptors(conn_handle, value_handle, end_handle);
    const [, cccd_handle, uuid] = await central.wait(_IRQ_GATTC_DESCRIPTOR_RESULT);
    expect(uuid).toBe(CCCD_UUID);
    expect(await central.wait(_IRQ_GATTC_DESCRIPTOR_DONE)).toEqual([conn_handle, 0]);
    central.ble.gattc_read(conn_handle, value_handle);
    expect(text((await central.wait(_IRQ_GATTC_READ_RESULT))[2])).toBe("periph0");

    const write = async (handle: number, data: string | number[]): Promise<void> => {
      central.ble.gattc_write(conn_handle, handle, data, 1);
      expect(await central.wait(_IRQ_GATTC_WRITE_DONE)).toEqual([conn_handle, handle, 0]);
    };
    /** The peripheral writes here and sends; the central has heard of it 100 ms later. */
    const update = async (data: string, send_update?: boolean): Promise<string[]> => {
      peripheral.ble.gatts_write(char_handle, data, send_update);
      await boards.sleep_ms(100);
      return values.splice(0);
    };

    await write(value_handle, "central0"); // A: nobody has subscribed
    await peripheral.wait(_IRQ_GATTS_WRITE);
    expect(await update("periph1")).toEqual([]);
    peripheral.ble.gatts_write(char_handle, "periph2");
    peripheral.ble.gatts_notify(periph_conn, char_handle);
    await boards.sleep_ms(100);
    expect(values.splice(0)).toEqual(["_IRQ_GATTC_NOTIFY periph2"]);
    expect(await update("periph3", true)).toEqual([]);

    await write(cccd_handle, [1, 0]); // B: to notifications
    expect(await update("periph4", false)).toEqual([]);
    expect(await update("periph5", true)).toEqual(["_IRQ_GATTC_NOTIFY periph5"]);

    await write(cccd_handle, [2, 0]); // C: to indications
    expect(await update("periph6", false)).toEqual([]);
    expect(await update("periph7", true)).toEqual(["_IRQ_GATTC_INDICATE periph7"]);

    await write(cccd_handle, [3, 0]); // to both: it is notified
    expect(await update("periph7b", true)).toEqual(["_IRQ_GATTC_NOTIFY periph7b"]);

    await write(cccd_handle, [0, 0]); // D: no more
    expect(await update("periph8", false)).toEqual([]);
    expect(await update("periph9", true)).toEqual([]);
    peripheral.ble.gatts_write(char_handle, "periph10");
    peripheral.ble.gatts_notify(periph_conn, char_handle);
    await boards.sleep_ms(100);
    expect(values).toEqual(["_IRQ_GATTC_NOTIFY periph10"]);

    expect(central.ble.gap_disconnect(conn_handle)).toBe(true);
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    expect(central.log).toEqual([
      "_IRQ_PERIPHERAL_CONNECT",
      "_IRQ_GATTC_CHARACTERISTIC_RESULT",
      "_IRQ_GATTC_CHARACTERISTIC_DONE",
      "_IRQ_GATTC_DESCRIPTOR_RESULT",
      "_IRQ_GATTC_DESCRIPTOR_DONE",
      "_IRQ_GATTC_READ_RESULT",
      "_IRQ_GATTC_READ_DONE",
      "_IRQ_GATTC_WRITE_DONE",
      "_IRQ_GATTC_NOTIFY",
      "_IRQ_GATTC_WRITE_DONE",
      "_IRQ_GATTC_NOTIFY",
      "_IRQ_GATTC_WRITE_DONE",
      "_IRQ_GATTC_INDICATE",
      "_IRQ_GATTC_WRITE_DONE",
      "_IRQ_GATTC_NOTIFY",
      "_IRQ_GATTC_WRITE_DONE",
      "_IRQ_GATTC_NOTIFY",
      "_IRQ_PERIPHERAL_DISCONNECT",
    ]);
    await boards.end();
  });

  it("read and write descriptors, without an answer, too", async () => {
    const boards = new Boards();
    const central = boards.board();
    const peripheral = boards.board();
    await central.activate();
    await peripheral.activate();
    const { FLAG_READ, FLAG_WRITE, FLAG_WRITE_NO_RESPONSE } = bluetooth;
    const descriptors = [[DESC_UUID, FLAG_READ | FLAG_WRITE | FLAG_WRITE_NO_RESPONSE]] as const;
    const [[char_handle = 0, desc_handle = 0] = []] = peripheral.ble.gatts_register_services([
      [SERVICE_UUID, [[CHAR_UUID, FLAG_READ | FLAG_WRITE, descriptors]]],
    ]);
    peripheral.ble.gatts_write(char_handle, "periph0");
    peripheral.ble.gatts_write(desc_handle, "desc_periph0");
    const written: string[] = [];
    peripheral.handler = (event, data) => {
      if (event === _IRQ_GATTS_WRITE) written.push(text(peripheral.ble.gatts_read(data[1])));
    };
    const { central: conn_handle } = await boards.connect(central, peripheral);
    central.ble.gattc_discover_characteristics(conn_handle, 1, 65535, CHAR_UUID);
    const [, end_handle, value_handle] = await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT);
    await central.wait(_IRQ_GATTC_CHARACTERISTIC_DONE);
    central.ble.gattc_discover_descriptors(conn_handle, value_handle, end_handle);
    expect(await central.wait(_IRQ_GATTC_DESCRIPTOR_RESULT)).toEqual([conn_handle, desc_handle, DESC_UUID]);
    for (const [handle, value] of [
      [value_handle, "periph0"],
      [desc_handle, "desc_periph0"],
    ] as const) {
      central.ble.gattc_read(conn_handle, handle);
      expect(text((await central.wait(_IRQ_GATTC_READ_RESULT))[2])).toBe(value);
      expect(await central.wait(_IRQ_GATTC_READ_DONE)).toEqual([conn_handle, handle, 0]);
    }
    central.ble.gattc_write(conn_handle, value_handle, "central0", 1);
    await central.wait(_IRQ_GATTC_WRITE_DONE);
    central.ble.gattc_write(conn_handle, desc_handle, "desc_central0", 1);
    await central.wait(_IRQ_GATTC_WRITE_DONE);
    central.ble.gattc_write(conn_handle, desc_handle, "desc_central1", 0);
    await boards.sleep_ms(500);
    expect(written).toEqual(["central0", "desc_central0", "desc_central1"]);
    expect(central.log.filter((name) => name === "_IRQ_GATTC_WRITE_DONE")).toHaveLength(2);
    await boards.end();
  });
});
