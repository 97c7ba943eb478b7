import { AttBearer } from "../../src/att/att.ts";
import { AttributeTable } from "../../src/att/attribute-table.ts";
import { Address } from "../../src/common/address.ts";
import { toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { BleError } from "../../src/common/errors.ts";
import { clockInTurns, Turn } from "../../src/common/turn.ts";
import { GattClient } from "../../src/gatt/client.ts";
import type { ClientParts } from "../../src/gatt/client-core.ts";
import type { ServedClient } from "../../src/gatt/served-client.ts";
import { GattServer } from "../../src/gatt/server.ts";
import type { GattPeer } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";

/** One client of a server, each with its bearer, and a way for PDUs between them. */
export class Wire {
  readonly client: GattClient;
  readonly clientBearer: AttBearer<undefined>;
  readonly serverBearer: AttBearer<ServedClient>;
  readonly connection: GattPeer;
  /** What the client sends, as hex, in order. */
  readonly requests: string[] = [];
  readonly toServer: ScriptedChannel = new ScriptedChannel();
  readonly toClient: ScriptedChannel = new ScriptedChannel();
  readonly #served: ServedClient;
  readonly #bench: Bench;

  constructor(bench: Bench, mtu: number, parts: ClientParts = {}) {
    this.#bench = bench;
    const clock = clockInTurns(bench.clock, bench.turn);
    this.connection = {
      peerAddress: new Address("public", 1),
      mtu: 23,
      disconnect: () => Promise.resolve(),
    };
    this.#served = bench.server.serve(this.connection);
    const nothing = (): void => undefined;
    const serverUser = {
      value: nothing,
      mtuChanged: nothing,
      closed: () => {
        bench.server.leave(this.#served);
      },
    };
    this.serverBearer = new AttBearer(
      this.toClient,
      clock,
      bench.server.table,
      this.#served,
      serverUser,
      517,
      { session: this.#served },
    );
    this.#served.attach(this.serverBearer);
    const clientUser = {
      value: (handle: number, value: Uint8Array) => {
        this.client.value(handle, value);
      },
      mtuChanged: nothing,
      closed: (reason: BleError) => {
        this.client.closed(reason);
      },
    };
    const table = new AttributeTable<undefined>();
    this.clientBearer = new AttBearer(this.toServer, clock, table, undefined, clientUser, mtu);
    this.client = new GattClient(this.clientBearer, bench.turn, parts);
    this.flow();
  }

  /** PDUs reach the other side, each in a turn of its own. */
  flow(): void {
    const { clock, turn } = this.#bench;
    const way = (to: { receive(pdu: Uint8Array): void }) => (pdu: Uint8Array) => {
      clock.soon(() => {
        turn.run(() => {
          to.receive(pdu);
        });
      });
    };
    const toServer = way(this.serverBearer);
    this.toServer.deliver = (pdu) => {
      this.requests.push(toHex(pdu));
      toServer(pdu);
    };
    this.toClient.deliver = way(this.clientBearer);
    this.toServer.room = this.toClient.room = Number.POSITIVE_INFINITY;
  }

  /** What the server sends stays in the channel, which has room for `room` PDUs. */
  stallServer(room: number): void {
    this.toClient.deliver = undefined;
    this.toClient.room = room;
  }

  /** What the client sends stays in the channel, which has room for `room` PDUs. */
  stallClient(room: number): void {
    this.toServer.deliver = undefined;
    this.toServer.room = room;
  }

  /** The link is gone, for both sides. */
  lose(reason: BleError = new DisconnectedError(0x08)): void {
    this.#bench.turn.run(() => {
      this.serverBearer.closed(reason);
      this.clientBearer.closed(reason);
      for (const channel of [this.toClient, this.toServer]) {
        channel.room = Number.POSITIVE_INFINITY;
        channel.take();
      }
    });
  }
}

/** A server with a clock and a turn of its own, for any number of clients. */
export class Bench {
  readonly clock: VirtualClock = new VirtualClock();
  readonly turn: Turn = new Turn();
  /** What handlers failed with. */
  readonly faults: unknown[] = [];
  readonly server: GattServer;
  /** Called when services were added or removed. */
  changed: (start: number, end: number) => void = () => undefined;

  constructor() {
    this.server = new GattServer(
      this.turn,
      (error) => this.faults.push(error),
      (start, end) => {
        this.changed(start, end);
      },
    );
  }

  /** One more client of the server. */
  connect(mtu = 517, parts: ClientParts = {}): Wire {
    return new Wire(this, mtu, parts);
  }

  /** Lets time pass until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.clock.until(promise);
  }
}

/** The error a promise is rejected with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it was not rejected");
}

/** Lets everything that promises can do without time passing be done. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
