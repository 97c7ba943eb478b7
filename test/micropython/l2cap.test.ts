import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  _IRQ_L2CAP_ACCEPT,
  _IRQ_L2CAP_CONNECT,
  _IRQ_L2CAP_DISCONNECT,
  _IRQ_L2CAP_RECV,
  _IRQ_L2CAP_SEND_READY,
  _IRQ_PERIPHERAL_DISCONNECT,
  Errno,
} from "../../src/micropython/index.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { runs } from "../support/runs.ts";
import { type Board, Boards } from "./boards.ts";

const PSM = 22;
const MTU = 450;

/** A board's end of a channel. */
interface End {
  readonly board: Board;
  readonly conn_handle: number;
  readonly cid: number;
}

async function twoBoards(): Promise<{
  boards: Boards;
  central: Board;
  peripheral: Board;
  handles: { readonly central: number; readonly peripheral: number };
}> {
  const boards = new Boards();
  const central = boards.board();
  const peripheral = boards.board();
  await central.activate();
  await peripheral.activate();
  const handles = await boards.connect(central, peripheral);
  return { boards, central, peripheral, handles };
}

async function open(
  central: Board,
  peripheral: Board,
  conn_handle: number,
  { psm = PSM, mtu = MTU } = {},
): Promise<readonly [End, End]> {
  central.ble.l2cap_connect(conn_handle, psm, mtu);
  const [, cid] = await central.wait(_IRQ_L2CAP_CONNECT);
  const [other, otherCid] = await peripheral.wait(_IRQ_L2CAP_CONNECT);
  return [
    { board: central, conn_handle, cid },
    { board: peripheral, conn_handle: other, cid: otherCid },
  ];
}

/** Sends payloads one after the other, waiting where the channel is stalled. */
async function send({ board, conn_handle, cid }: End, payloads: readonly Uint8Array[]): Promise<number> {
  let stalls = 0;
  for (const payload of payloads) {
    if (board.ble.l2cap_send(conn_handle, cid, payload)) continue;
    stalls++;
    expect(await board.wait(_IRQ_L2CAP_SEND_READY)).toEqual([conn_handle, cid, 0]);
  }
  return stalls;
}

/** Reads all that comes as it comes, into buffers of that size. */
function receive({ board, conn_handle, cid }: End, size: number): number[] {
  const received: number[] = [];
  board.handler = (...[event]) => {
    if (event !== _IRQ_L2CAP_RECV) return;
    const buf = new Uint8Array(size);
    for (;;) {
      const n = board.ble.l2cap_recvinto(conn_handle, cid, buf);
      if (n === 0) return;
      received.push(...buf.subarray(0, n));
    }
  };
  return received;
}

describe("channels, between two boards", () => {
  it("carry payloads of many sizes both ways", async () => {
    const { boards, central, peripheral, handles } = await twoBoards();
    peripheral.ble.l2cap_listen(PSM, MTU);
    const [one, two] = await open(central, peripheral, handles.central);
    expect(await peripheral.wait(_IRQ_L2CAP_ACCEPT)).toEqual([handles.peripheral, two.cid, PSM, MTU, MTU]);
    const random = new SeededRandom(22);
    const payloads = Array.from({ length: 16 }, (_, i) => random.bytes(400 - 23 * i));
    for (const [from, to] of [
      [one, two],
      [two, one],
    ] as const) {
      const received = receive(to, 400);
      const stalls = await send(from, payloads);
      await boards.sleep_ms(1000);
      expect(received).toEqual(payloads.flatMap((payload) => [...payload]));
      expect(stalls).toBeGreaterThan(0);
    }
    central.ble.l2cap_disconnect(one.conn_handle, one.cid);
    expect(await central.wait(_IRQ_L2CAP_DISCONNECT)).toEqual([handles.central, one.cid, PSM, 0]);
    expect(await peripheral.wait(_IRQ_L2CAP_DISCONNECT)).toEqual([handles.peripheral, two.cid, PSM, 0]);
    const einval: unknown = expect.objectContaining({ errno: Errno.EINVAL });
    expect(() => central.ble.l2cap_send(one.conn_handle, one.cid, "x")).toThrow(einval);
    expect(() => central.ble.l2cap_recvinto(one.conn_handle, one.cid, null)).toThrow(einval);
    const seen = new Set(["_IRQ_L2CAP_RECV", "_IRQ_L2CAP_SEND_READY"]);
    expect(peripheral.log.filter((name) => !seen.has(name))).toEqual([
      "_IRQ_CENTRAL_CONNECT",
      "_IRQ_L2CAP_ACCEPT",
      "_IRQ_L2CAP_CONNECT",
      "_IRQ_L2CAP_DISCONNECT",
    ]);
    await boards.end();
  });

  it("lose nothing whatever the sizes of payloads, buffers and MTUs are", async () => {
    const sizes = { most: 1000 };
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 23, max: sizes.most }),
        fc.integer({ min: 23, max: sizes.most }),
        fc.array(fc.integer({ min: 0, max: 2 * sizes.most }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 700 }),
        async (mtu, peerMtu, lengths, size) => {
          const { boards, central, peripheral, handles } = await twoBoards();
          peripheral.ble.l2cap_listen(PSM, peerMtu);
          const [one, two] = await open(central, peripheral, handles.central, { mtu });
          const received = receive(two, size);
          const payloads = lengths.map((n, i) => new Uint8Array(Math.min(n, peerMtu, 2 * mtu)).fill(i));
          await send(one, payloads);
          await boards.sleep_ms(2000);
          expect(received).toEqual(payloads.flatMap((payload) => [...payload]));
          await boards.end();
        },
      ),
      { numRuns: Math.ceil(runs.numRuns / 10) },
    );
  }, 120_000);

  it("stall until the peer has read all that it was sent: no credits before", async () => {
    const { boards, central, peripheral, handles } = await twoBoards();
    peripheral.ble.l2cap_listen(PSM, 1000);
    const [one, two] = await open(central, peripheral, handles.central);
    const { ble } = peripheral;
    expect(ble.l2cap_recvinto(two.conn_handle, two.cid, null)).toBe(0);
    // SDUs that fit one K-frame on any controller. As many of these may be sent as one of the longest SDUs takes.
    const sent = [0, 1, 2, 3, 4, 5, 6].map((i) => new Uint8Array(20).fill(i));
    const stalledAt = sent.findIndex((payload) => !central.ble.l2cap_send(one.conn_handle, one.cid, payload));
    expect(stalledAt).toBe(5);
    const ebusy: unknown = expect.objectContaining({ errno: Errno.EBUSY });
    expect(() => central.ble.l2cap_send(one.conn_handle, one.cid, sent[6]!)).toThrow(ebusy);
    await boards.sleep_ms(5000);
    expect(ble.l2cap_recvinto(two.conn_handle, two.cid, null)).toBe(100);
    const buf = new Uint8Array(99);
    expect(ble.l2cap_recvinto(two.conn_handle, two.cid, buf)).toBe(99);
    expect([buf[0], buf[19], buf[20], buf[98]]).toEqual([0, 0, 1, 4]);
    await boards.sleep_ms(5000);
    expect(central.log).not.toContain("_IRQ_L2CAP_SEND_READY"); // one octet is left
    expect(ble.l2cap_recvinto(two.conn_handle, two.cid, null)).toBe(1);
    expect(ble.l2cap_recvinto(two.conn_handle, two.cid, buf)).toBe(1);
    expect(await central.wait(_IRQ_L2CAP_SEND_READY)).toEqual([one.conn_handle, one.cid, 0]);
    await boards.sleep_ms(100);
    expect(ble.l2cap_recvinto(two.conn_handle, two.cid, buf)).toBe(20);
    expect(central.ble.l2cap_send(one.conn_handle, one.cid, sent[6]!)).toBe(true);
    await boards.end();
  });

  it("take no more than the peer's MTU, and twice this side's", async () => {
    const { boards, central, peripheral, handles } = await twoBoards();
    peripheral.ble.l2cap_listen(PSM, 1000);
    const [one, two] = await open(central, peripheral, handles.central, { mtu: 100 });
    const einval: unknown = expect.objectContaining({ errno: Errno.EINVAL });
    const { ble } = central;
    expect(() => ble.l2cap_send(one.conn_handle, one.cid, new Uint8Array(201))).toThrow(einval);
    expect(() => ble.l2cap_send(one.conn_handle, 99, new Uint8Array(1))).toThrow(einval);
    ble.l2cap_send(one.conn_handle, one.cid, new Uint8Array(200));
    expect(() => peripheral.ble.l2cap_send(two.conn_handle, two.cid, new Uint8Array(101))).toThrow(einval);
    for (const [psm, mtu] of [
      [0, 100],
      [256, 100],
      [1, 22],
      [1, 65536],
    ] as const) {
      expect(() => ble.l2cap_listen(psm, mtu)).toThrow(einval);
      expect(() => ble.l2cap_connect(one.conn_handle, psm, mtu)).toThrow(einval);
    }
    await boards.end();
  });

  it("are refused by a number, and told of with a status", async () => {
    const { boards, central, peripheral, handles } = await twoBoards();
    central.ble.l2cap_connect(handles.central, PSM, MTU);
    expect(await central.wait(_IRQ_L2CAP_DISCONNECT)).toEqual([handles.central, 0, PSM, 2]); // nobody listens
    peripheral.ble.l2cap_listen(PSM, MTU);
    const ealready: unknown = expect.objectContaining({ errno: Errno.EALREADY });
    expect(() => peripheral.ble.l2cap_listen(PSM, MTU)).toThrow(ealready);
    peripheral.handler = (...[event]) => (event === _IRQ_L2CAP_ACCEPT ? 1 : undefined);
    central.ble.l2cap_connect(handles.central, PSM, MTU);
    expect(await central.wait(_IRQ_L2CAP_DISCONNECT)).toEqual([handles.central, 0, PSM, 4]); // no resources
    peripheral.handler = (...[event]) => (event === _IRQ_L2CAP_ACCEPT ? 0 : undefined);
    await open(central, peripheral, handles.central);
    await boards.end();
  });

  it("are several at a time, opened by both sides, and go with the link before it is told gone", async () => {
    const { boards, central, peripheral, handles } = await twoBoards();
    peripheral.ble.l2cap_listen(PSM, MTU);
    central.ble.l2cap_listen(PSM + 1, 100);
    const [one, two] = await open(central, peripheral, handles.central);
    const [three] = await open(peripheral, central, handles.peripheral, { psm: PSM + 1 });
    const [four, five] = await open(central, peripheral, handles.central);
    expect(new Set([one.cid, three.cid, four.cid]).size).toBeGreaterThan(1);
    const received = [receive(two, 10), receive(five, 10)];
    peripheral.handler = undefined;
    central.ble.l2cap_send(one.conn_handle, one.cid, "one");
    central.ble.l2cap_send(four.conn_handle, four.cid, "four");
    await boards.sleep_ms(100);
    expect(received).toEqual([[], []]);
    expect(peripheral.ble.l2cap_recvinto(two.conn_handle, two.cid, null)).toBe(3);
    expect(peripheral.ble.l2cap_recvinto(five.conn_handle, five.cid, null)).toBe(4);
    central.ble.gap_disconnect(handles.central);
    await central.wait(_IRQ_PERIPHERAL_DISCONNECT);
    expect(central.log.slice(-4)).toEqual([
      "_IRQ_L2CAP_DISCONNECT",
      "_IRQ_L2CAP_DISCONNECT",
      "_IRQ_L2CAP_DISCONNECT",
      "_IRQ_PERIPHERAL_DISCONNECT",
    ]);
    await boards.end();
  });
});
