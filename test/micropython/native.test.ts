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
  _IRQ_GATTS_WRITE,
  _IRQ_L2CAP_CONNECT,
  _IRQ_L2CAP_RECV,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_PERIPHERAL_DISCONNECT,
  UUID,
} from "../../src/micropython/index.ts";
import { characteristic, Host, service } from "../../src/index.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { profile } from "../support/profile.ts";
import { Boards, payload, text } from "./boards.ts";

async function nativeHost(boards: Boards): Promise<Host> {
  const { clock, air } = boards;
  const transport = air.controller({ profile }).transport();
  return clock.until(Host.open(transport, { clock, random: new SeededRandom(99) }));
}

const octets = (said: string): Uint8Array => new TextEncoder().encode(said);

describe("the facade and the native API", () => {
  it("get on, the facade being the peripheral", async () => {
    const boards = new Boards();
    const board = boards.board();
    await board.activate();
    const { ble } = board;
    const flags = bluetooth.FLAG_READ | bluetooth.FLAG_WRITE | bluetooth.FLAG_NOTIFY;
    const [[handle = 0] = []] = ble.gatts_register_services([
      [new UUID(0x180d), [[new UUID(0x2a37), flags, [[new UUID(0x2901), bluetooth.FLAG_READ]]]]],
    ]);
    ble.gatts_write(handle, "first");
    ble.gatts_write(handle + 2, "what it is"); // behind the Client Characteristic Configuration
    ble.gap_advertise(20_000, payload);
    ble.l2cap_listen(0x80, 500);
    const host = await nativeHost(boards);
    const { clock } = boards;
    const connection = await clock.until(host.connect(ble.host!.address));
    const remote = await clock.until(connection.gatt.characteristic("180d", "2a37"));
    expect(text(await clock.until(remote.read()))).toBe("first");
    const description = remote.descriptors.find(({ uuid }) => uuid.short === 0x2901);
    expect(text(await clock.until(description!.read()))).toBe("what it is");
    await clock.until(remote.write(octets("written")));
    expect((await board.wait(_IRQ_GATTS_WRITE))[1]).toBe(handle);
    expect(text(ble.gatts_read(handle))).toBe("written");
    const values: string[] = [];
    await clock.until(remote.subscribe({ onValue: (value) => values.push(text(value)) }));
    ble.gatts_write(handle, "sent", true);
    await boards.sleep_ms(100);
    expect(values).toEqual(["sent"]);
    const channel = await clock.until(connection.openChannel({ spsm: 0x80 }));
    await board.wait(_IRQ_L2CAP_CONNECT);
    await clock.until(channel.send(octets("through the channel")));
    const [conn_handle, cid] = await board.wait(_IRQ_L2CAP_RECV);
    const buf = new Uint8Array(100);
    expect(text(buf.subarray(0, ble.l2cap_recvinto(conn_handle, cid, buf)))).toBe("through the channel");
    expect(ble.l2cap_send(conn_handle, cid, "and back")).toBe(true);
    const { value } = await clock.until(channel[Symbol.asyncIterator]().next());
    expect(text(value!)).toBe("and back");
    await clock.until(host[Symbol.asyncDispose]());
    await board.wait(_IRQ_CENTRAL_DISCONNECT);
    await boards.end();
  });

  it("get on, the facade being the central", async () => {
    const boards = new Boards();
    const board = boards.board();
    await board.activate();
    const { ble } = board;
    const host = await nativeHost(boards);
    const { clock } = boards;
    const level = characteristic("2a19", {
      value: Uint8Array.of(93),
      write: true,
      notify: true,
      indicate: true,
    });
    const battery = host.gatt.add(service("180f", { level }));
    await clock.until(host.advertise({ name: "native" }));
    ble.gap_connect(0, [2, 0, 0, 0, 0, 2]);
    const [conn_handle] = await board.wait(_IRQ_PERIPHERAL_CONNECT);
    ble.gattc_discover_characteristics(conn_handle, 1, 0xffff, new UUID(0x2a19));
    const [, end_handle, value_handle] = await board.wait(_IRQ_GATTC_CHARACTERISTIC_RESULT);
    expect([value_handle, end_handle]).toEqual([battery.level.handle, 0xffff]); // nothing comes behind it
    ble.gattc_read(conn_handle, value_handle);
    expect([...(await board.wait(_IRQ_GATTC_READ_RESULT))[2]]).toEqual([93]);
    ble.gattc_write(conn_handle, value_handle, [80], 1);
    await board.wait(_IRQ_GATTC_WRITE_DONE);
    expect([...battery.level.value]).toEqual([80]);
    ble.gattc_write(conn_handle, value_handle + 1, [1, 0], 1);
    await board.wait(_IRQ_GATTC_WRITE_DONE);
    await clock.until(battery.level.notify(Uint8Array.of(79)));
    expect(await board.wait(_IRQ_GATTC_NOTIFY)).toEqual([conn_handle, value_handle, Uint8Array.of(79)]);
    await clock.until(battery.level.indicate(Uint8Array.of(78), { force: true }));
    expect(await board.wait(_IRQ_GATTC_INDICATE)).toEqual([conn_handle, value_handle, Uint8Array.of(78)]);
    await clock.until(host[Symbol.asyncDispose]());
    await board.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await boards.end();
  });

  it("may be used on one host: what the one does the other sees", async () => {
    const boards = new Boards();
    const board = boards.board();
    const other = boards.board();
    await board.activate();
    await other.activate();
    const { host } = board.ble;
    other.ble.gap_advertise(20_000, payload);
    const connection = await boards.clock.until(host!.connect(other.ble.host!.address));
    const [conn_handle] = await board.wait(_IRQ_PERIPHERAL_CONNECT);
    await other.wait(_IRQ_CENTRAL_CONNECT);
    expect(conn_handle).toBe(connection.handle);
    await boards.clock.until(connection.disconnect());
    await board.wait(_IRQ_PERIPHERAL_DISCONNECT);
    await boards.end();
  });
});
