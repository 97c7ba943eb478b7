import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import {
  _IO_CAPABILITY_DISPLAY_ONLY,
  _IO_CAPABILITY_DISPLAY_YESNO,
  _IO_CAPABILITY_KEYBOARD_DISPLAY,
  _IO_CAPABILITY_KEYBOARD_ONLY,
  _IO_CAPABILITY_NO_INPUT_OUTPUT,
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_ENCRYPTION_UPDATE,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_GET_SECRET,
  _IRQ_PASSKEY_ACTION,
  _IRQ_PERIPHERAL_DISCONNECT,
  _IRQ_SET_SECRET,
  _PASSKEY_ACTION_DISPLAY,
  _PASSKEY_ACTION_INPUT,
  _PASSKEY_ACTION_NONE,
  _PASSKEY_ACTION_NUMERIC_COMPARISON,
  type ConfigSettings,
  Errno,
  type Handler,
  UUID,
} from "../../src/micropython/index.ts";
import { type Board, Boards, text } from "./boards.ts";

const SERVICE_UUID = new UUID("A5A5A5A5-FFFF-9999-1111-5A5A5A5A5A5A");
const CHAR_UUID = new UUID("00000000-1111-2222-3333-444444444444");
const { _FLAG_READ, _FLAG_READ_ENCRYPTED } = bluetooth;
const SERVICES = [[SERVICE_UUID, [[CHAR_UUID, _FLAG_READ | _FLAG_READ_ENCRYPTED]]]] as const;

/** A program's secrets, kept as the tests of MicroPython keep them. */
class SecretStore {
  readonly secrets = new Map<string, readonly [type: number, value: Uint8Array]>();
  /** What was asked and told, a line a string. */
  readonly log: string[] = [];

  readonly handler: Handler = (event, data): unknown => {
    if (event === _IRQ_GET_SECRET) {
      const [sec_type, index, key] = data;
      this.log.push(`get ${sec_type} ${key ? "by key" : index}`);
      if (key) return this.secrets.get(`${sec_type} ${key.join()}`)?.[1] ?? null;
      return [...this.secrets.values()].filter(([type]) => type === sec_type)[index]?.[1] ?? null;
    }
    if (event === _IRQ_SET_SECRET) {
      const [sec_type, key, value] = data;
      this.log.push(`${value ? "set" : "delete"} ${sec_type}`);
      if (value) this.secrets.set(`${sec_type} ${key.join()}`, [sec_type, new Uint8Array(value)]);
      else this.secrets.delete(`${sec_type} ${key.join()}`);
      return true;
    }
    return undefined;
  };
}

async function twoBoards(
  settings: ConfigSettings,
  ofPeripheral = settings,
): Promise<{ boards: Boards; central: Board; peripheral: Board; char_handle: number }> {
  const boards = new Boards();
  const peripheral = boards.board();
  const central = boards.board();
  await peripheral.activate(ofPeripheral);
  await central.activate(settings);
  const [[char_handle = 0] = []] = peripheral.ble.gatts_register_services(SERVICES);
  peripheral.ble.gatts_write(char_handle, "encrypted");
  return { boards, central, peripheral, char_handle };
}

describe("pairing, between two boards", () => {
  it.each([
    ["without a bond", false],
    ["with a bond", true],
  ])("%s lets read what is encrypted, and tells of it once", async (_, bond) => {
    const settings = { mitm: true, le_secure: true, bond };
    const { boards, central, peripheral, char_handle } = await twoBoards(settings);
    const handles = await boards.connect(central, peripheral);
    central.ble.gattc_read(handles.central, char_handle);
    // Not encrypted: nothing pairs by itself.
    expect(await central.wait(_IRQ_GATTC_READ_DONE)).toEqual([handles.central, char_handle, 0x105]);
    central.ble.gap_pair(handles.central);
    const ealready: unknown = expect.objectContaining({ errno: Errno.EALREADY });
    expect(() => central.ble.gap_pair(handles.central)).toThrow(ealready);
    const update = [1, 0, Number(bond), 16];
    expect((await central.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual(update);
    expect((await peripheral.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual(update);
    central.ble.gattc_read(handles.central, char_handle);
    expect(text((await central.wait(_IRQ_GATTC_READ_RESULT))[2])).toBe("encrypted");
    central.ble.gap_disconnect(handles.central);
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await peripheral.wait(_IRQ_CENTRAL_DISCONNECT);
    expect(central.log).toEqual([
      "_IRQ_PERIPHERAL_CONNECT",
      "_IRQ_GATTC_READ_DONE",
      "_IRQ_ENCRYPTION_UPDATE",
      "_IRQ_GATTC_READ_RESULT",
      "_IRQ_GATTC_READ_DONE",
      "_IRQ_PERIPHERAL_DISCONNECT",
    ]);
    expect(peripheral.log).toEqual([
      "_IRQ_CENTRAL_CONNECT",
      "_IRQ_ENCRYPTION_UPDATE",
      "_IRQ_GATTS_READ_REQUEST",
      "_IRQ_CENTRAL_DISCONNECT",
    ]);
    await boards.end();
  });

  it("is begun by the peripheral, too, and asked for again tells that all is as it was", async () => {
    const { boards, central, peripheral } = await twoBoards({ bond: true });
    const handles = await boards.connect(central, peripheral);
    peripheral.ble.gap_pair(handles.peripheral);
    expect((await central.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual([1, 0, 1, 16]);
    expect((await peripheral.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual([1, 0, 1, 16]);
    central.ble.gap_pair(handles.central);
    expect((await central.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual([1, 0, 1, 16]);
    await boards.end();
  });

  it("keeps its secrets with the program, from which a later start has them again", async () => {
    const { boards, central, peripheral, char_handle } = await twoBoards({ bond: true, le_secure: true });
    const stores = [new SecretStore(), new SecretStore()] as const;
    [central.handler, peripheral.handler] = [stores[0].handler, stores[1].handler];
    let handles = await boards.connect(central, peripheral);
    central.ble.gap_pair(handles.central);
    await central.wait(_IRQ_ENCRYPTION_UPDATE);
    await peripheral.wait(_IRQ_ENCRYPTION_UPDATE);
    await boards.sleep_ms(100);
    expect(stores[0].log).toEqual(["set 10", "set 1", "set 2"]);
    expect(stores[1].log).toEqual(["set 10", "set 1", "set 2"]);
    const identity = central.ble.host!.bonds.export().local.irk;

    for (const { ble } of [central, peripheral]) await boards.clock.until(ble.active(false));
    for (const store of stores) store.log.length = 0;
    await peripheral.activate();
    await central.activate();
    expect(stores[0].log).toEqual(["get 10 by key", "get 2 0", "get 1 by key", "get 2 1"]);
    expect(central.ble.host!.bonds.export().local.irk).toBe(identity);
    peripheral.ble.gatts_register_services(SERVICES);
    peripheral.ble.gatts_write(char_handle, "again");
    handles = await boards.connect(central, peripheral);
    central.ble.gap_pair(handles.central); // encrypts with the key there is
    expect((await central.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual([1, 0, 1, 16]);
    expect((await peripheral.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1)).toEqual([1, 0, 1, 16]);
    central.ble.gattc_read(handles.central, char_handle);
    expect(text((await central.wait(_IRQ_GATTC_READ_RESULT))[2])).toBe("again");
    await boards.sleep_ms(100);
    expect(stores[0].log.filter((line) => !line.startsWith("get"))).toEqual([]);

    // The bond store and the secrets are one thing: what is removed there is deleted here.
    await boards.clock.until(central.ble.host!.bonds.clear());
    expect(stores[0].log.slice(-3).sort()).toEqual(["delete 1", "delete 10", "delete 2"]);
    expect(stores[0].secrets.size).toBe(0);
    await boards.end();
  });

  it("asks a handler for secrets that comes after active(true)", async () => {
    const { boards, central, peripheral } = await twoBoards({ bond: true });
    const store = new SecretStore();
    central.handler = store.handler;
    const { central: conn_handle } = await boards.connect(central, peripheral);
    central.ble.gap_pair(conn_handle);
    await central.wait(_IRQ_ENCRYPTION_UPDATE);
    await boards.sleep_ms(100);
    await boards.clock.until(central.ble.active(false));
    central.ble.irq(null);
    await central.activate();
    expect(central.ble.host!.bonds.all).toHaveLength(0);
    central.ble.irq(store.handler);
    await boards.sleep_ms(1);
    expect(central.ble.host!.bonds.all.map(({ identity }) => identity.toString())).toEqual([
      peripheral.ble.host!.identity.toString(),
    ]);
    await boards.end();
  });

  it("does not begin where the secrets of the program are none", async () => {
    const boards = new Boards();
    const board = boards.board();
    board.handler = (...[event]) => (event === _IRQ_GET_SECRET ? Uint8Array.of(1, 2, 3) : undefined);
    await expect(boards.clock.until(board.ble.active(true))).rejects.toThrow(SyntaxError);
    expect(board.ble.active()).toBe(false);
    await boards.end();
  });
});

describe("passkeys, between two boards", () => {
  /** What each side does with an action; the passkey that the one shows goes to the other. */
  async function pair(
    central: number,
    peripheral: number,
    answer: (action: number, passkey: number) => number,
    more: ConfigSettings = {},
  ): Promise<{ actions: string[]; updates: unknown[] }> {
    const settings = { mitm: true, bond: true, ...more };
    const both = await twoBoards({ ...settings, io: central }, { ...settings, io: peripheral });
    const actions: string[] = [];
    for (const [name, board] of [
      ["central", both.central],
      ["peripheral", both.peripheral],
    ] as const) {
      board.handler = (event, data) => {
        if (event !== _IRQ_PASSKEY_ACTION) return;
        const [conn_handle, action, passkey] = data;
        actions.push(`${name} ${action} ${passkey === 0 ? "0" : "passkey"}`);
        board.ble.gap_passkey(conn_handle, action, answer(action, passkey));
      };
    }
    const handles = await both.boards.connect(both.central, both.peripheral);
    both.central.ble.gap_pair(handles.central);
    const updates = [
      (await both.central.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1),
      (await both.peripheral.wait(_IRQ_ENCRYPTION_UPDATE)).slice(1),
    ];
    await both.boards.end();
    return { actions: actions.sort(), updates };
  }

  const authenticated = [
    [1, 1, 1, 16],
    [1, 1, 1, 16],
  ];

  it.each([
    ["LE Secure Connections", true],
    ["what both sides can", false],
  ])("are made by the program that shows them and typed at the other, with %s", async (_, le_secure) => {
    const { actions, updates } = await pair(
      _IO_CAPABILITY_KEYBOARD_ONLY,
      _IO_CAPABILITY_DISPLAY_ONLY,
      () => 4711,
      { le_secure },
    );
    expect(actions).toEqual([
      `central ${_PASSKEY_ACTION_INPUT} 0`,
      `peripheral ${_PASSKEY_ACTION_DISPLAY} 0`,
    ]);
    expect(updates).toEqual(authenticated);
  });

  it("are shown by the central, too", async () => {
    const { actions, updates } = await pair(
      _IO_CAPABILITY_DISPLAY_ONLY,
      _IO_CAPABILITY_KEYBOARD_ONLY,
      () => 999_999,
    );
    expect(actions).toEqual([
      `central ${_PASSKEY_ACTION_DISPLAY} 0`,
      `peripheral ${_PASSKEY_ACTION_INPUT} 0`,
    ]);
    expect(updates).toEqual(authenticated);
  });

  it("are compared, and 1 accepts", async () => {
    const shown = new Set<number>();
    const { actions, updates } = await pair(
      _IO_CAPABILITY_DISPLAY_YESNO,
      _IO_CAPABILITY_KEYBOARD_DISPLAY,
      (_action, passkey) => {
        shown.add(passkey);
        return 1;
      },
    );
    const compare = _PASSKEY_ACTION_NUMERIC_COMPARISON;
    expect(actions).toEqual([`central ${compare} passkey`, `peripheral ${compare} passkey`]);
    expect(shown.size).toBe(1);
    expect(updates).toEqual(authenticated);
  });

  it.each([
    ["0 cancels a comparison", _IO_CAPABILITY_DISPLAY_YESNO, _IO_CAPABILITY_DISPLAY_YESNO],
    ["two that differ do not pair", _IO_CAPABILITY_KEYBOARD_ONLY, _IO_CAPABILITY_DISPLAY_ONLY],
  ])("%s", async (_, central, peripheral) => {
    const { updates } = await pair(central, peripheral, (action) =>
      action === _PASSKEY_ACTION_INPUT ? 123_456 : 0,
    );
    expect(updates).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  it("are asked of nobody without io, and then the link is not authenticated", async () => {
    const none = _IO_CAPABILITY_NO_INPUT_OUTPUT;
    const { actions, updates } = await pair(none, none, () => _PASSKEY_ACTION_NONE, { mitm: false });
    expect(actions).toEqual([]);
    expect(updates).toEqual([
      [1, 0, 1, 16],
      [1, 0, 1, 16],
    ]);
  });

  it("are only taken for what was asked", async () => {
    const { boards, central, peripheral } = await twoBoards(
      { mitm: true, io: _IO_CAPABILITY_KEYBOARD_ONLY },
      { mitm: true, io: _IO_CAPABILITY_DISPLAY_ONLY },
    );
    const handles = await boards.connect(central, peripheral);
    const failing = (code: keyof typeof Errno): Error =>
      expect.objectContaining({ errno: Errno[code] }) as Error;
    const { ble } = central;
    expect(() => ble.gap_passkey(handles.central, _PASSKEY_ACTION_INPUT, 1)).toThrow(failing("ENOENT"));
    ble.gap_pair(handles.central);
    const [, action, passkey] = await central.wait(_IRQ_PASSKEY_ACTION);
    expect([action, passkey]).toEqual([_PASSKEY_ACTION_INPUT, 0]);
    expect(() => ble.gap_passkey(handles.central, _PASSKEY_ACTION_DISPLAY, 1)).toThrow(failing("EINVAL"));
    expect(() => ble.gap_passkey(handles.central, action, 1_000_000)).toThrow(failing("EINVAL"));
    expect(() => ble.gap_passkey(99, action, 1)).toThrow(failing("ENOTCONN"));
    // Nobody goes on: 30 s later the pairing has failed (Vol 3, Part H, 3.4).
    expect((await central.wait(_IRQ_ENCRYPTION_UPDATE, 31_000)).slice(1)).toEqual([0, 0, 0, 0]);
    expect(() => ble.gap_passkey(handles.central, action, 1)).toThrow(failing("ENOENT"));
    await boards.end();
  });
});
