import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  _GATTS_ERROR_INSUFFICIENT_AUTHORIZATION,
  _GATTS_ERROR_READ_NOT_PERMITTED,
  _IO_CAPABILITY_KEYBOARD_DISPLAY,
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_NOTIFY,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_GATTC_SERVICE_DONE,
  _IRQ_GATTC_SERVICE_RESULT,
  _IRQ_GATTC_WRITE_DONE,
  _IRQ_GATTS_INDICATE_DONE,
  _IRQ_GATTS_READ_REQUEST,
  _IRQ_GATTS_WRITE,
  BLE,
  type BleOptions,
  Errno,
  OSError,
  type ServiceTuple,
  UUID,
} from "../../src/micropython/index.ts";
import { StoredValue } from "../../src/micropython/stored-value.ts";
import { runs } from "../support/runs.ts";
import { type Board, Boards, payload, text } from "./boards.ts";

const { FLAG_INDICATE, FLAG_NOTIFY, FLAG_READ, FLAG_WRITE, FLAG_WRITE_NO_RESPONSE } = bluetooth;
const SERVICE = new UUID(0x1234);
const VALUE = new UUID(0x2345);

function failing(code: keyof typeof Errno): Error {
  return expect.objectContaining({ name: "OSError", code, errno: Errno[code] }) as Error;
}

/** Two boards, connected, of which the peripheral offers values with these flags. */
async function offering(
  flags: readonly number[],
  options: Partial<BleOptions> = {},
): Promise<{
  boards: Boards;
  central: Board;
  peripheral: Board;
  conn_handle: number;
  periph_conn: number;
  handles: readonly number[];
}> {
  const boards = new Boards();
  const central = boards.board(options);
  const peripheral = boards.board(options);
  await central.activate();
  await peripheral.activate();
  const [handles = []] = peripheral.ble.gatts_register_services([
    [SERVICE, flags.map((each) => [VALUE, each] as const)],
  ]);
  const connected = await boards.connect(central, peripheral);
  return {
    ...{ boards, central, peripheral, handles },
    ...{ conn_handle: connected.central, periph_conn: connected.peripheral },
  };
}

async function write(board: Board, conn_handle: number, handle: number, data: string): Promise<number> {
  board.ble.gattc_write(conn_handle, handle, data, 1);
  return (await board.wait(_IRQ_GATTC_WRITE_DONE))[2];
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("values that clients write", () => {
  it("are cut to 20 octets, and to more where the program has written more", async () => {
    const { boards, central, peripheral, conn_handle, handles } = await offering([FLAG_READ | FLAG_WRITE]);
    const [handle = 0] = handles;
    const { ble } = peripheral;
    central.ble.gattc_exchange_mtu(conn_handle);
    expect(await write(central, conn_handle, handle, "x".repeat(100))).toBe(0);
    expect(ble.gatts_read(handle)).toHaveLength(20);
    ble.gatts_write(handle, new Uint8Array(30));
    ble.gatts_write(handle, "short");
    await write(central, conn_handle, handle, "y".repeat(100));
    expect(text(ble.gatts_read(handle))).toBe("y".repeat(30));
    expect(text(ble.gatts_read(handle))).toBe("y".repeat(30)); // reading leaves it there
    ble.gatts_set_buffer(handle, 5);
    await write(central, conn_handle, handle, "12345678");
    expect(text(ble.gatts_read(handle))).toBe("12345");
    await boards.end();
  });

  it("are appended up to the size of the buffer, with or without an answer, and reading clears them", async () => {
    const flags = [FLAG_WRITE | FLAG_NOTIFY, FLAG_WRITE | FLAG_WRITE_NO_RESPONSE, FLAG_NOTIFY];
    const { boards, central, peripheral, conn_handle, periph_conn, handles } = await offering(flags);
    const [ctrl = 0, rx = 0, tx = 0] = handles;
    peripheral.ble.gatts_set_buffer(rx, 100, true);
    for (let i = 0; i < 4; i++) {
      central.ble.gattc_write(conn_handle, rx, `central${i}`, i & 1);
      if (i & 1) await central.wait(_IRQ_GATTC_WRITE_DONE);
      await boards.sleep_ms(400);
    }
    await write(central, conn_handle, ctrl, "OK");
    expect(text(peripheral.ble.gatts_read(rx))).toBe("central0central1central2central3");
    expect(peripheral.ble.gatts_read(rx)).toHaveLength(0);
    for (let i = 0; i < 12; i++) await write(central, conn_handle, rx, "123456789");
    expect(text(peripheral.ble.gatts_read(rx))).toBe(`${"123456789".repeat(11)}1`);
    for (let i = 0; i < 4; i++) peripheral.ble.gatts_notify(periph_conn, tx, `message${i}`);
    for (let i = 0; i < 4; i++) {
      const [, handle, data] = await central.wait(_IRQ_GATTC_NOTIFY);
      expect([handle, text(data)]).toEqual([tx, `message${i}`]);
    }
    // Two of the writes had no answer, and so no event.
    expect(central.log.filter((name) => name === "_IRQ_GATTC_WRITE_DONE")).toHaveLength(2 + 1 + 12);
    expect(peripheral.log.filter((name) => name === "_IRQ_GATTS_WRITE")).toHaveLength(4 + 1 + 12);
    await boards.end();
  });

  it("are what a model of the rules says they are", () => {
    const step = fc.oneof(
      fc.record({ type: fc.constant("write" as const), octets: fc.uint8Array({ maxLength: 60 }) }),
      fc.record({ type: fc.constant("written" as const), octets: fc.uint8Array({ maxLength: 60 }) }),
      fc.record({ type: fc.constant("resize" as const), room: fc.nat(80), append: fc.boolean() }),
      fc.record({ type: fc.constant("read" as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const value = new StoredValue();
        let model: number[] = [];
        let room = 20;
        let append = false;
        for (const each of steps) {
          if (each.type === "write") {
            value.write(each.octets);
            model = [...each.octets];
            room = Math.max(room, model.length);
          } else if (each.type === "written") {
            value.written(each.octets);
            model = [...(append ? model : []), ...each.octets].slice(
              0,
              Math.max(room, append ? model.length : 0),
            );
          } else if (each.type === "resize") {
            value.resize(each.room, each.append);
            [model, room, append] = [[], each.room, each.append];
          } else {
            expect([...value.read()]).toEqual(model);
            if (append) model = [];
          }
          expect([...value.octets]).toEqual(model);
        }
      }),
      runs,
    );
  });
});

describe("what clients read", () => {
  it("is what the handler lets them, as it has written it on being asked", async () => {
    const { boards, central, peripheral, conn_handle, handles } = await offering([FLAG_READ]);
    const [handle = 0] = handles;
    let answer: unknown;
    peripheral.handler = (event, data) => {
      if (event !== _IRQ_GATTS_READ_REQUEST) return undefined;
      peripheral.ble.gatts_write(data[1], "fresh");
      return answer;
    };
    const read = async (): Promise<number> => {
      central.ble.gattc_read(conn_handle, handle);
      return (await central.wait(_IRQ_GATTC_READ_DONE))[2];
    };
    for (answer of [undefined, null, bluetooth._GATTS_NO_ERROR]) expect(await read()).toBe(0);
    expect(text((await central.wait(_IRQ_GATTC_READ_RESULT))[2])).toBe("fresh");
    for (const code of [
      _GATTS_ERROR_READ_NOT_PERMITTED,
      bluetooth._GATTS_ERROR_WRITE_NOT_PERMITTED,
      bluetooth._GATTS_ERROR_INSUFFICIENT_AUTHENTICATION,
      _GATTS_ERROR_INSUFFICIENT_AUTHORIZATION,
      bluetooth._GATTS_ERROR_INSUFFICIENT_ENCRYPTION,
    ]) {
      answer = code;
      expect(await read()).toBe(0x100 + code);
    }
    expect(central.log.filter((name) => name === "_IRQ_GATTC_READ_RESULT")).toHaveLength(3);
    await boards.end();
  });

  it("may be longer than one packet", async () => {
    const { boards, central, peripheral, conn_handle, handles } = await offering([FLAG_READ]);
    const [handle = 0] = handles;
    peripheral.ble.gatts_write(handle, "z".repeat(512));
    central.ble.gattc_read(conn_handle, handle);
    expect((await central.wait(_IRQ_GATTC_READ_RESULT))[2]).toHaveLength(512);
    await boards.end();
  });
});

describe("flags", () => {
  it("are the properties that clients find", async () => {
    const all = [
      bluetooth._FLAG_BROADCAST,
      bluetooth._FLAG_READ,
      bluetooth._FLAG_WRITE_NO_RESPONSE,
      bluetooth._FLAG_WRITE,
      bluetooth._FLAG_NOTIFY,
      bluetooth._FLAG_INDICATE,
      bluetooth._FLAG_AUTHENTICATED_SIGNED_WRITE,
    ];
    const { boards, central, conn_handle } = await offering([...all, bluetooth._FLAG_AUX_WRITE]);
    central.ble.gattc_discover_characteristics(conn_handle, 1, 0xffff, VALUE);
    for (const flag of all) expect((await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT))[3]).toBe(flag);
    expect((await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT))[3]).toBe(0x80); // extended
    await boards.end();
  });

  it("guard values: by encryption, authentication and authorization", async () => {
    const base = FLAG_READ | FLAG_WRITE;
    const asked: unknown[] = [];
    const { boards, central, peripheral, conn_handle, handles } = await offering(
      [
        base | bluetooth._FLAG_READ_ENCRYPTED | bluetooth._FLAG_WRITE_ENCRYPTED,
        base | bluetooth._FLAG_READ_AUTHENTICATED | bluetooth._FLAG_WRITE_AUTHENTICATED,
        base | bluetooth._FLAG_READ_AUTHORIZED | bluetooth._FLAG_WRITE_AUTHORIZED,
      ],
      {
        authorize: (...question) => {
          asked.push(question);
          return question[2] === "write";
        },
      },
    );
    const statuses = async (handle: number): Promise<number[]> => {
      central.ble.gattc_read(conn_handle, handle);
      const [, , read] = await central.wait(_IRQ_GATTC_READ_DONE);
      return [read, await write(central, conn_handle, handle, "x")];
    };
    const [encrypted = 0, authenticated = 0, authorized = 0] = handles;
    expect(await statuses(encrypted)).toEqual([0x105, 0x105]);
    expect(await statuses(authenticated)).toEqual([0x105, 0x105]);
    expect(await statuses(authorized)).toEqual([0x108, 0]);
    expect(asked).toHaveLength(2);
    central.ble.gap_pair(conn_handle);
    await peripheral.wait(bluetooth._IRQ_ENCRYPTION_UPDATE);
    await central.wait(bluetooth._IRQ_ENCRYPTION_UPDATE);
    expect(await statuses(encrypted)).toEqual([0, 0]);
    expect(await statuses(authenticated)).toEqual([0x105, 0x105]);
    await boards.end();
  });

  it("of authorization let the handler decide on reads, and nobody write, where nothing else is said", async () => {
    const flags = FLAG_READ | FLAG_WRITE | bluetooth._FLAG_READ_AUTHORIZED | bluetooth._FLAG_WRITE_AUTHORIZED;
    const { boards, central, conn_handle, handles } = await offering([flags]);
    const [handle = 0] = handles;
    central.ble.gattc_read(conn_handle, handle);
    expect((await central.wait(_IRQ_GATTC_READ_DONE))[2]).toBe(0);
    expect(await write(central, conn_handle, handle, "x")).toBe(0x108);
    await boards.end();
  });
});

describe("services", () => {
  it("take the place of those before, but not while the board advertises", async () => {
    const boards = new Boards();
    const central = boards.board({ characteristic_result: "def_handle" });
    const peripheral = boards.board();
    await central.activate();
    await peripheral.activate();
    const { ble } = peripheral;
    const of = (uuid: number): readonly ServiceTuple[] => [[new UUID(uuid), [[VALUE, FLAG_READ]]]];
    const [[old = 0] = []] = ble.gatts_register_services(of(0x1111));
    ble.gap_advertise(100_000, payload);
    expect(() => ble.gatts_register_services(of(0x2222))).toThrow(failing("EBUSY"));
    ble.gap_advertise(null);
    const [[handle = 0] = []] = ble.gatts_register_services(of(0x2222));
    if (handle !== old) expect(() => ble.gatts_read(old)).toThrow(failing("EINVAL"));
    const { central: conn_handle } = await boards.connect(central, peripheral);
    expect(() => ble.gatts_register_services(of(0x2222))).not.toThrow(); // the connection has ended it
    central.ble.gattc_discover_services(conn_handle);
    expect(await central.wait(_IRQ_GATTC_SERVICE_DONE)).toEqual([conn_handle, 0]);
    const found = central.events.flatMap(([event, data]) =>
      event === _IRQ_GATTC_SERVICE_RESULT ? [String(data[3])] : [],
    );
    expect(found).toEqual(["UUID(0x1800)", "UUID(0x1801)", "UUID(0x2222)"]);
    central.ble.gattc_discover_services(conn_handle, new UUID(0x2222));
    await central.wait(_IRQ_GATTC_SERVICE_DONE);
    central.ble.gattc_discover_characteristics(conn_handle, 1, 0xffff, VALUE);
    const [, def_handle, value_handle] = await central.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT);
    expect(value_handle).toBe(def_handle + 1);
    await boards.end();
  });

  it("are refused where they are none, and those of before stay", async () => {
    const boards = new Boards();
    const board = boards.board();
    await board.activate();
    const { ble } = board;
    const [[handle = 0] = []] = ble.gatts_register_services([[SERVICE, [[VALUE, FLAG_READ]]]]);
    const wrong: unknown[] = [
      [[0x180d, []]],
      [[SERVICE]],
      [[SERVICE, [[0x2a37, 2]]]],
      [[SERVICE, [[VALUE]]]],
    ];
    for (const each of wrong) {
      expect(() => ble.gatts_register_services(each as readonly ServiceTuple[])).toThrow(TypeError);
    }
    expect(ble.gatts_read(handle)).toHaveLength(0);
    await boards.end();
  });
});

describe("what cannot be sent", () => {
  it("is refused: to nobody, of no value, of a value without the flag, or too much", async () => {
    const flags = [FLAG_READ, FLAG_NOTIFY | FLAG_INDICATE];
    const { boards, peripheral, periph_conn, handles } = await offering(flags);
    const [read = 0, sent = 0] = handles;
    const { ble } = peripheral;
    expect(() => ble.gatts_notify(99, sent)).toThrow(failing("ENOTCONN"));
    expect(() => ble.gatts_notify(periph_conn, 0xfff0)).toThrow(failing("EINVAL"));
    expect(() => ble.gatts_notify(periph_conn, read)).toThrow(failing("EINVAL"));
    expect(() => ble.gatts_indicate(periph_conn, read)).toThrow(failing("EINVAL"));
    expect(() => ble.gatts_notify(periph_conn, sent, new Uint8Array(513))).toThrow(failing("EINVAL"));
    expect(() => ble.gatts_write(sent, new Uint8Array(513))).toThrow(failing("EINVAL"));
    expect(() => ble.gatts_set_buffer(sent, 513)).toThrow(failing("EINVAL"));
    expect(() => {
      for (let i = 0; i < 10_000; i++) ble.gatts_notify(periph_conn, sent, "x");
    }).toThrow(failing("ENOMEM"));
    await boards.end();
  });

  it("tells of an indication that is never confirmed, since the link has gone", async () => {
    const { boards, central, peripheral, conn_handle, periph_conn, handles } = await offering([
      FLAG_INDICATE,
    ]);
    const [handle = 0] = handles;
    peripheral.ble.gatts_indicate(periph_conn, handle, "1");
    peripheral.ble.gatts_indicate(periph_conn, handle, "2");
    peripheral.ble.gap_disconnect(periph_conn);
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    const done = [
      await peripheral.wait(_IRQ_GATTS_INDICATE_DONE),
      await peripheral.wait(_IRQ_GATTS_INDICATE_DONE),
    ];
    expect(done.at(-1)).toEqual([periph_conn, handle, 7]);
    expect(peripheral.log.at(-1)).toBe("_IRQ_CENTRAL_DISCONNECT");
    expect(() => peripheral.ble.gatts_indicate(periph_conn, handle)).toThrow(failing("ENOTCONN"));
    expect(() => central.ble.gattc_read(conn_handle, 1)).not.toThrow(/EINVAL/);
    await boards.end();
  });
});

describe("what the client asks", () => {
  it("ends with a status where the link goes, before that is told", async () => {
    const { boards, central, peripheral, conn_handle, periph_conn, handles } = await offering([FLAG_READ]);
    const [handle = 0] = handles;
    peripheral.ble.gap_disconnect(periph_conn);
    for (let i = 0; i < 3; i++) central.ble.gattc_read(conn_handle, handle);
    central.ble.gattc_discover_services(conn_handle);
    await central.wait(bluetooth._IRQ_PERIPHERAL_DISCONNECT);
    expect(central.log.at(-1)).toBe("_IRQ_PERIPHERAL_DISCONNECT");
    expect(
      central.events.flatMap(([event, data]) => (event === _IRQ_GATTC_SERVICE_DONE ? [data[1]] : [])),
    ).toEqual([7]);
    for (const ask of [
      (ble: BLE) => ble.gattc_read(conn_handle, handle),
      (ble: BLE) => ble.gattc_write(conn_handle, handle, "x"),
      (ble: BLE) => ble.gattc_discover_services(conn_handle),
      (ble: BLE) => ble.gattc_discover_characteristics(conn_handle, 1, 2),
      (ble: BLE) => ble.gattc_discover_descriptors(conn_handle, 1, 2),
      (ble: BLE) => ble.gattc_exchange_mtu(conn_handle),
      (ble: BLE) => ble.l2cap_connect(conn_handle, 0x80, 100),
      (ble: BLE) => ble.gap_pair(conn_handle),
    ]) {
      expect(() => ask(central.ble)).toThrow(failing("ENOTCONN"));
    }
    await boards.end();
  });

  it("is refused at once where it makes no sense", async () => {
    const { boards, central, conn_handle } = await offering([FLAG_READ]);
    const { ble } = central;
    expect(() => ble.gattc_read(conn_handle, 0)).toThrow(failing("EINVAL"));
    expect(() => ble.gattc_read(conn_handle, 0x10000)).toThrow(failing("EINVAL"));
    expect(() => ble.gattc_write(conn_handle, 1, "x", 2)).toThrow(failing("EINVAL"));
    expect(() => ble.gattc_discover_characteristics(conn_handle, 5, 4)).toThrow(failing("EINVAL"));
    expect(() => ble.gattc_discover_descriptors(conn_handle, 0, 4)).toThrow(failing("EINVAL"));
    ble.gattc_discover_descriptors(conn_handle, 4, 4);
    expect(await central.wait(bluetooth._IRQ_GATTC_DESCRIPTOR_DONE)).toEqual([conn_handle, 0]);
    await boards.end();
  });
});

describe("the interface", () => {
  it("throws ENODEV while it is not active", async () => {
    const boards = new Boards();
    const { ble } = boards.board();
    const calls: readonly ((ble: BLE) => unknown)[] = [
      (ble) => ble.gap_advertise(100_000),
      (ble) => ble.gap_scan(0),
      (ble) => ble.gap_connect(0, new Uint8Array(6)),
      (ble) => ble.gap_disconnect(0),
      (ble) => ble.gap_pair(0),
      (ble) => ble.gap_passkey(0, 2, 0),
      (ble) => ble.gatts_register_services([]),
      (ble) => ble.gatts_read(1),
      (ble) => ble.gatts_write(1, ""),
      (ble) => ble.gatts_notify(0, 1),
      (ble) => ble.gatts_indicate(0, 1),
      (ble) => ble.gatts_set_buffer(1, 1),
      (ble) => ble.gattc_discover_services(0),
      (ble) => ble.gattc_discover_characteristics(0, 1, 2),
      (ble) => ble.gattc_discover_descriptors(0, 1, 2),
      (ble) => ble.gattc_read(0, 1),
      (ble) => ble.gattc_write(0, 1, ""),
      (ble) => ble.gattc_exchange_mtu(0),
      (ble) => ble.l2cap_listen(0x80, 100),
      (ble) => ble.l2cap_connect(0, 0x80, 100),
      (ble) => ble.l2cap_disconnect(0, 0x40),
      (ble) => ble.l2cap_send(0, 0x40, ""),
      (ble) => ble.l2cap_recvinto(0, 0x40, null),
      (ble) => ble.config("mac"),
      (ble) => ble.config("mtu"),
      (ble) => ble.config({ mtu: 100 }),
      (ble) => ble.config({ addr_mode: 1 }),
      (ble) => ble.config({ gap_name: "x" }),
    ];
    const check = (): void => {
      expect(ble.active()).toBe(false);
      expect(ble.host).toBeUndefined();
      for (const call of calls) expect(() => call(ble)).toThrow(failing("ENODEV"));
    };
    check();
    expect(await boards.clock.until(ble.active(1))).toBe(true);
    expect(ble.active()).toBe(true);
    expect(await boards.clock.until(ble.active(true))).toBe(true);
    expect(await boards.clock.until(ble.active(0))).toBe(false);
    check();
    await boards.end();
  });

  it("is no longer active when the controller is lost, and becomes so again", async () => {
    const boards = new Boards();
    const board = boards.board();
    await board.activate();
    await boards.clock.until(board.ble.host![Symbol.asyncDispose]());
    expect(board.ble.active()).toBe(false);
    await board.activate();
    expect(board.ble.active()).toBe(true);
    await boards.end();
  });

  it("tells and takes what config is about, all of it or nothing", async () => {
    const boards = new Boards();
    const board = boards.board();
    const { ble } = board;
    ble.config({ bond: true, mitm: true, io: _IO_CAPABILITY_KEYBOARD_DISPLAY, le_secure: true, rxbuf: 1000 });
    await board.activate();
    ble.config({ mtu: 200, gap_name: "pico" });
    const names = ["bond", "mitm", "io", "le_secure", "rxbuf", "mtu", "addr_mode"] as const;
    expect(names.map((name) => ble.config(name))).toEqual([true, true, 4, true, 1000, 200, 0]);
    expect(text(ble.config("gap_name"))).toBe("pico");
    expect(ble.config("mac")).toEqual([0, Uint8Array.of(2, 0, 0, 0, 0, 1)]);
    expect(ble.host!.configuration).toMatchObject({
      ...{ mtu: 200, name: "pico", receiveBuffer: 25 },
      pairing: { bond: true, mitm: true, secureConnections: "required" },
    });
    expect(() => ble.config({ mtu: 22, bond: false })).toThrow(failing("EINVAL"));
    expect(() => ble.config({ addr_mode: 4 })).toThrow(failing("EINVAL"));
    expect(() => ble.config({ io: 5 })).toThrow(failing("EINVAL"));
    expect(() => ble.config({ gap_name: "x".repeat(249) })).toThrow(failing("EINVAL"));
    for (const rxbuf of [15, 65536]) expect(() => ble.config({ rxbuf })).toThrow(RangeError);
    expect(() => ble.config({ wifi: 1 } as object)).toThrow(/"wifi"/);
    expect(() => ble.config("wifi" as "mac")).toThrow(/"wifi"/);
    expect(ble.config("bond")).toBe(true);
    expect(() => ble.irq(5 as unknown as null)).toThrow(TypeError);
    await boards.end();
  });

  it("tells as a fault of the host, or a warning, what fails after the method has returned", async () => {
    const boards = new Boards();
    const board = boards.board({ host: { privacy: "resolvable" } });
    await board.activate();
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
    board.ble.config({ addr_mode: 1 });
    await boards.sleep_ms(10);
    expect(String(warned.mock.calls[0]?.[0])).toMatch(/privacy/);
    const faults: unknown[] = [];
    board.ble.host!.on("fault", (error) => faults.push(error));
    board.ble.config({ addr_mode: 1 });
    await boards.sleep_ms(10);
    expect([faults.length, warned.mock.calls.length]).toEqual([1, 1]);
    await boards.end();
  });

  it("surfaces what the handler throws as uncaught, and goes on", async () => {
    const { boards, central, peripheral, conn_handle, handles } = await offering([FLAG_READ | FLAG_WRITE]);
    const [handle = 0] = handles;
    const mistake = new Error("a mistake in the handler");
    const surfaced: unknown[] = [];
    const before = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => surfaced.push(error));
    try {
      peripheral.handler = (...[event]) => {
        if (event === _IRQ_GATTS_WRITE) throw mistake;
      };
      expect(await write(central, conn_handle, handle, "x")).toBe(0);
      await boards.sleep_ms(1);
      expect(surfaced).toEqual([mistake]);
    } finally {
      process.removeAllListeners("uncaughtException");
      for (const listener of before) process.on("uncaughtException", listener);
    }
    // A read that cannot be asked about is refused, and told as that of any other handler.
    const faults: unknown[] = [];
    peripheral.ble.host!.on("fault", (error) => faults.push(error));
    peripheral.handler = (...[event]) => {
      if (event === _IRQ_GATTS_READ_REQUEST) throw mistake;
    };
    central.ble.gattc_read(conn_handle, handle);
    expect((await central.wait(_IRQ_GATTC_READ_DONE))[2]).toBe(0x10e);
    expect(faults).toEqual([expect.objectContaining({ cause: mistake })]);
    await boards.end();
  });
});

describe("OSError", () => {
  it("has the number and its name", () => {
    const error = new OSError("ETIMEDOUT", "nobody answers");
    expect([error.errno, error.code, error.message]).toEqual([
      110,
      "ETIMEDOUT",
      "[Errno 110] ETIMEDOUT: nobody answers",
    ]);
  });
});
