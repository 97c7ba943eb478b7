import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import * as irq from "../../src/micropython/constants.ts";
import { BLE, type BleEvent, UUID } from "../../src/micropython/index.ts";
import { type Board, Boards, nameOf, payload, text } from "./boards.ts";

/*
 * Every example of the documents of MicroPython and OpenMV, line by line. They show: copies of what is borrowed, the
 * handler of all events, two services, room for longer writes, and the ways to make a UUID.
 */

async function active(): Promise<{ boards: Boards; board: Board; bt: BLE }> {
  const boards = new Boards();
  const board = boards.board();
  await board.activate();
  return { boards, board, bt: board.ble };
}

describe("the examples of the documents", () => {
  it("take copies of what is borrowed: bytes(addr) and bluetooth.UUID(uuid)", async () => {
    const { boards, board } = await active();
    const other = boards.board();
    await other.activate();
    let connected_addr = new Uint8Array();
    let matched_uuid: UUID | undefined;
    other.handler = (event, data) => {
      if (event === irq._IRQ_PERIPHERAL_CONNECT) {
        const [conn_handle, , addr] = data;
        connected_addr = new Uint8Array(addr);
        other.ble.gattc_discover_services(conn_handle);
      } else if (event === irq._IRQ_GATTC_SERVICE_RESULT) {
        const [, , , uuid] = data;
        matched_uuid ??= new bluetooth.UUID(uuid);
      }
    };
    await boards.connect(other, board);
    await other.wait(irq._IRQ_GATTC_SERVICE_DONE);
    expect(connected_addr).toEqual(board.ble.config("mac")[1]);
    expect(matched_uuid).toBe(new bluetooth.UUID(0x1800));
    await boards.end();
  });

  it("have a handler that shows all possible events, each with its tuple", () => {
    /** Each branch names what is in the tuple; the compiler knows how many there are. */
    // eslint-disable-next-line complexity -- one branch for each event, as the document has it
    const bt_irq = (...[event, data]: BleEvent): readonly unknown[] => {
      switch (event) {
        case irq._IRQ_CENTRAL_CONNECT: {
          const [conn_handle, addr_type, addr] = data;
          return [conn_handle, addr_type, addr];
        }
        case irq._IRQ_CENTRAL_DISCONNECT: {
          const [conn_handle, addr_type, addr] = data;
          return [conn_handle, addr_type, addr];
        }
        case irq._IRQ_GATTS_WRITE: {
          const [conn_handle, attr_handle] = data;
          return [conn_handle, attr_handle];
        }
        case irq._IRQ_GATTS_READ_REQUEST: {
          const [conn_handle, attr_handle] = data;
          return [conn_handle, attr_handle];
        }
        case irq._IRQ_SCAN_RESULT: {
          const [addr_type, addr, adv_type, rssi, adv_data] = data;
          return [addr_type, addr, adv_type, rssi, adv_data];
        }
        case irq._IRQ_SCAN_DONE:
          return data;
        case irq._IRQ_PERIPHERAL_CONNECT: {
          const [conn_handle, addr_type, addr] = data;
          return [conn_handle, addr_type, addr];
        }
        case irq._IRQ_PERIPHERAL_DISCONNECT: {
          const [conn_handle, addr_type, addr] = data;
          return [conn_handle, addr_type, addr];
        }
        case irq._IRQ_GATTC_SERVICE_RESULT: {
          const [conn_handle, start_handle, end_handle, uuid] = data;
          return [conn_handle, start_handle, end_handle, uuid];
        }
        case irq._IRQ_GATTC_SERVICE_DONE: {
          const [conn_handle, status] = data;
          return [conn_handle, status];
        }
        case irq._IRQ_GATTC_CHARACTERISTIC_RESULT: {
          const [conn_handle, end_handle, value_handle, properties, uuid] = data;
          return [conn_handle, end_handle, value_handle, properties, uuid];
        }
        case irq._IRQ_GATTC_CHARACTERISTIC_DONE: {
          const [conn_handle, status] = data;
          return [conn_handle, status];
        }
        case irq._IRQ_GATTC_DESCRIPTOR_RESULT: {
          const [conn_handle, dsc_handle, uuid] = data;
          return [conn_handle, dsc_handle, uuid];
        }
        case irq._IRQ_GATTC_DESCRIPTOR_DONE: {
          const [conn_handle, status] = data;
          return [conn_handle, status];
        }
        case irq._IRQ_GATTC_READ_RESULT: {
          const [conn_handle, value_handle, char_data] = data;
          return [conn_handle, value_handle, char_data];
        }
        case irq._IRQ_GATTC_READ_DONE: {
          const [conn_handle, value_handle, status] = data;
          return [conn_handle, value_handle, status];
        }
        case irq._IRQ_GATTC_WRITE_DONE: {
          const [conn_handle, value_handle, status] = data;
          return [conn_handle, value_handle, status];
        }
        case irq._IRQ_GATTC_NOTIFY: {
          const [conn_handle, value_handle, notify_data] = data;
          return [conn_handle, value_handle, notify_data];
        }
        case irq._IRQ_GATTC_INDICATE: {
          const [conn_handle, value_handle, notify_data] = data;
          return [conn_handle, value_handle, notify_data];
        }
        case irq._IRQ_GATTS_INDICATE_DONE: {
          const [conn_handle, value_handle, status] = data;
          return [conn_handle, value_handle, status];
        }
        case irq._IRQ_MTU_EXCHANGED: {
          const [conn_handle, mtu] = data;
          return [conn_handle, mtu];
        }
        case irq._IRQ_L2CAP_ACCEPT: {
          const [conn_handle, cid, psm, our_mtu, peer_mtu] = data;
          return [conn_handle, cid, psm, our_mtu, peer_mtu];
        }
        case irq._IRQ_L2CAP_CONNECT: {
          const [conn_handle, cid, psm, our_mtu, peer_mtu] = data;
          return [conn_handle, cid, psm, our_mtu, peer_mtu];
        }
        case irq._IRQ_L2CAP_DISCONNECT: {
          const [conn_handle, cid, psm, status] = data;
          return [conn_handle, cid, psm, status];
        }
        case irq._IRQ_L2CAP_RECV: {
          const [conn_handle, cid] = data;
          return [conn_handle, cid];
        }
        case irq._IRQ_L2CAP_SEND_READY: {
          const [conn_handle, cid, status] = data;
          return [conn_handle, cid, status];
        }
        case irq._IRQ_CONNECTION_UPDATE: {
          const [conn_handle, conn_interval, conn_latency, supervision_timeout, status] = data;
          return [conn_handle, conn_interval, conn_latency, supervision_timeout, status];
        }
        case irq._IRQ_ENCRYPTION_UPDATE: {
          const [conn_handle, encrypted, authenticated, bonded, key_size] = data;
          return [conn_handle, encrypted, authenticated, bonded, key_size];
        }
        case irq._IRQ_GET_SECRET: {
          const [sec_type, index, key] = data;
          return [sec_type, index, key];
        }
        case irq._IRQ_SET_SECRET: {
          const [sec_type, key, value] = data;
          return [sec_type, key, value];
        }
        case irq._IRQ_PASSKEY_ACTION: {
          const [conn_handle, action, passkey] = data;
          return [conn_handle, action, passkey];
        }
      }
    };
    const lengths: Record<string, number> = {};
    for (const [name, code] of Object.entries(irq)) {
      if (!name.startsWith("_IRQ_")) continue;
      const data = Array.from({ length: 5 }, (_, at) => at);
      const names = bt_irq(...([code, data] as unknown as BleEvent));
      lengths[nameOf(code as BleEvent[0])] = code === irq._IRQ_SCAN_DONE ? 0 : names.length;
    }
    expect(Object.values(lengths)).toEqual([
      3, 3, 2, 2, 5, 0, 3, 3, 4, 2, 5, 2, 3, 2, 3, 3, 3, 3, 3, 3, 2, 5, 5, 4, 2, 3, 5, 5, 3, 3, 3,
    ]);
  });

  it("register two services, Heart Rate and Nordic UART, and use their handles", async () => {
    const { boards, board, bt } = await active();
    const HR_UUID = new bluetooth.UUID(0x180d);
    const HR_CHAR = [new bluetooth.UUID(0x2a37), bluetooth.FLAG_READ | bluetooth.FLAG_NOTIFY] as const;
    const HR_SERVICE = [HR_UUID, [HR_CHAR]] as const;
    const UART_UUID = new bluetooth.UUID("6E400001-B5A3-F393-E0A9-E50E24DCCA9E");
    const UART_TX = [
      new bluetooth.UUID("6E400003-B5A3-F393-E0A9-E50E24DCCA9E"),
      bluetooth.FLAG_READ | bluetooth.FLAG_NOTIFY,
    ] as const;
    const UART_RX = [
      new bluetooth.UUID("6E400002-B5A3-F393-E0A9-E50E24DCCA9E"),
      bluetooth.FLAG_WRITE,
    ] as const;
    const UART_SERVICE = [UART_UUID, [UART_TX, UART_RX]] as const;
    const SERVICES = [HR_SERVICE, UART_SERVICE];
    const [[hr = 0] = [], [tx = 0, rx = 0] = []] = bt.gatts_register_services(SERVICES);
    expect(new Set([hr, tx, rx]).size).toBe(3);
    bt.gatts_write(hr, Uint8Array.of(0, 72));
    expect(bt.gatts_read(hr)).toEqual(Uint8Array.of(0, 72));

    const other = boards.board();
    await other.activate();
    const { central, peripheral } = await boards.connect(other, board);
    bt.gatts_notify(peripheral, tx, "hello");
    expect(text((await other.wait(irq._IRQ_GATTC_NOTIFY))[2])).toBe("hello");
    other.ble.gattc_write(central, rx, "you", 1);
    await other.wait(irq._IRQ_GATTC_WRITE_DONE);
    expect(text(bt.gatts_read(rx))).toBe("you");
    await boards.end();
  });

  it("make room for longer writes: gatts_write(char_handle, bytes(100))", async () => {
    const { boards, bt } = await active();
    const [[char_handle = 0] = []] = bt.gatts_register_services([
      [new UUID(0x1234), [[new UUID(0x2345), bluetooth.FLAG_WRITE]]],
    ]);
    bt.gatts_write(char_handle, new Uint8Array(100));
    expect(bt.gatts_read(char_handle)).toHaveLength(100);
    await boards.end();
  });

  it("clear the payload with b'', and resume with gap_advertise(interval_us)", async () => {
    const { boards, bt } = await active();
    bt.gap_advertise(100_000, payload);
    bt.gap_advertise(null);
    bt.gap_advertise(100_000);
    bt.gap_advertise(100_000, "");
    await boards.sleep_ms(1000);
    await boards.end();
  });

  it("make UUIDs of numbers, buffers and text", () => {
    expect(new UUID(0x2908)).toBe(new UUID(Uint8Array.of(0x08, 0x29)));
    expect([...new UUID([0x08, 0x29, 0x00, 0x00])]).toEqual([0x08, 0x29, 0, 0]);
    const uart = new UUID("6E400001-B5A3-F393-E0A9-E50E24DCCA9E");
    expect(String(uart)).toBe("UUID('6e400001-b5a3-f393-e0a9-e50e24dcca9e')");
    expect(String(new UUID(0x2908))).toBe("UUID(0x2908)");
    expect([...uart].slice(0, 2)).toEqual([0x9e, 0xca]);
  });
});

describe("UUID", () => {
  it("is one object for each value, whatever it was made of", () => {
    const uart = new UUID("6E400001-B5A3-F393-E0A9-E50E24DCCA9E");
    expect(new UUID(uart)).toBe(uart);
    expect(new UUID(uart.bytes)).toBe(uart);
    expect(new UUID(uart.bytes.buffer as ArrayBuffer)).toBe(uart);
    expect(uart.equals(new UUID("6e400001b5a3f393e0a9e50e24dcca9e"))).toBe(true);
    expect(new UUID(0x12345678)).toBe(new UUID([0x78, 0x56, 0x34, 0x12]));
    // Of another width it is another, as in MicroPython.
    expect(new UUID(0x2908)).not.toBe(new UUID([0x08, 0x29, 0, 0]));
    expect(new Map([[new UUID(1), "one"]]).get(new UUID(1))).toBe("one");
    uart.bytes.fill(0);
    expect(uart.bytes[0]).toBe(0x9e);
  });

  it("is compared by width and value", () => {
    expect(new UUID(0x1800) < new UUID(0x1801)).toBe(true);
    expect(new UUID(0x00ff) > new UUID(0x0100)).toBe(false);
    expect(new UUID(0xffff) < new UUID(0x10000)).toBe(true);
    expect(new UUID(0xffff_ffff) < new UUID("00000000-0000-0000-0000-000000000000")).toBe(true);
  });

  it("is none of other lengths, or of other digits", () => {
    for (const value of [-1, 2 ** 32, 0.5, [1], [1, 2, 3], new Uint8Array(17), "2908", "xyz"]) {
      expect(() => new UUID(value)).toThrow(RangeError);
    }
    for (const value of [null, undefined, true, {}])
      expect(() => new UUID(value as never)).toThrow(TypeError);
  });
});
