import type { Connection, GattPeer, Host } from "../index.ts";
import {
  _IRQ_CENTRAL_CONNECT,
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_CONNECTION_UPDATE,
  _IRQ_ENCRYPTION_UPDATE,
  _IRQ_GATTC_INDICATE,
  _IRQ_GATTC_NOTIFY,
  _IRQ_MTU_EXCHANGED,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_PERIPHERAL_DISCONNECT,
} from "./constants.ts";
import type { Irq } from "./irq.ts";
import { addressTuple } from "./octets.ts";
import { OSError } from "./os-error.ts";

/** The units of HCI that events carry, in ms. */
const intervalUnit = 1.25;
const timeoutUnit = 10;

/** How far a link is with protecting itself, as events tell of it. */
interface Protection {
  /** It is encrypted with the key of a pairing that has not ended: one event will tell of both. */
  pairing: boolean;
  /** How often the program was told. */
  told: number;
}

/** The links that exist, by their handles, and the events that tell of them. */
export class Links {
  readonly #host: Host;
  readonly #irq: Irq;
  readonly #protection = new WeakMap<Connection, Protection>();
  readonly #exchanged = new WeakSet<Connection>();
  /** What goes on about a link, and has an event of its own that comes before that of its end. */
  readonly #pending = new WeakMap<Connection, Set<Promise<void>>>();

  constructor(host: Host, irq: Irq) {
    this.#host = host;
    this.#irq = irq;
    host.on("connected", (connection) => {
      this.#connected(connection);
    });
  }

  /** The link with that handle; `undefined` when there is none. */
  find(conn_handle: number): Connection | undefined {
    return this.#host.connections.find(({ handle, connected }) => connected && handle === conn_handle);
  }

  /** @throws {@link OSError} ENOTCONN: there is none. */
  get(conn_handle: number): Connection {
    const connection = this.find(conn_handle);
    if (connection) return connection;
    throw new OSError("ENOTCONN", `there is no connection with the handle ${conn_handle}`);
  }

  /** The link that a handler is told of. */
  of(peer: GattPeer): Connection | undefined {
    return this.#host.connections.find((connection) => connection === peer);
  }

  /** Keeps the event of the end of a link back until `told`, which never rejects. */
  await(connection: Connection, told: Promise<void>): void {
    const pending = this.#pending.get(connection) ?? new Set();
    this.#pending.set(connection, pending.add(told));
    void told.then(() => pending.delete(told));
  }

  /** How often the program was told of the protection of a link. */
  protectionTold(connection: Connection): number {
    return this.#protection.get(connection)?.told ?? 0;
  }

  /** Tells how well a link is protected. */
  tellProtection(connection: Connection): void {
    const { encrypted, authenticated, bonded, keySize } = connection.security;
    const protection = this.#protection.get(connection);
    if (protection) {
      protection.pairing = false;
      protection.told++;
    }
    this.#irq.raise(_IRQ_ENCRYPTION_UPDATE, [
      connection.handle,
      Number(encrypted),
      Number(authenticated),
      Number(bonded),
      encrypted ? keySize : 0,
    ]);
  }

  /** Whether the MTU was exchanged on a link, by either side. */
  hasExchanged(connection: Connection): boolean {
    return this.#exchanged.has(connection);
  }

  /** The MTU was exchanged; told once. */
  exchanged(connection: Connection, mtu: number): void {
    if (this.#exchanged.has(connection)) return;
    this.#exchanged.add(connection);
    this.#irq.raise(_IRQ_MTU_EXCHANGED, [connection.handle, mtu]);
  }

  #connected(connection: Connection): void {
    const { handle, role } = connection;
    const came = role === "central" ? _IRQ_PERIPHERAL_CONNECT : _IRQ_CENTRAL_CONNECT;
    const went = role === "central" ? _IRQ_PERIPHERAL_DISCONNECT : _IRQ_CENTRAL_DISCONNECT;
    this.#protection.set(connection, { pairing: false, told: 0 });
    this.#irq.raise(came, [handle, ...addressTuple(connection.peerIdentity)]);
    connection.on("mtuChanged", (mtu) => {
      this.exchanged(connection, mtu);
    });
    connection.on("parametersChanged", ({ intervalMs, latency, supervisionTimeoutMs }) => {
      const interval = Math.round(intervalMs / intervalUnit);
      const timeout = Math.round(supervisionTimeoutMs / timeoutUnit);
      this.#irq.raise(_IRQ_CONNECTION_UPDATE, [handle, interval, latency, timeout, 0]);
    });
    connection.gatt.attributes.on("value", ({ handle: value_handle, value, indicated }) => {
      const event = indicated ? _IRQ_GATTC_INDICATE : _IRQ_GATTC_NOTIFY;
      this.#irq.raise(event, [handle, value_handle, value]);
    });
    this.#watchProtection(connection);
    connection.once("disconnected", () => {
      const tell = (): void => {
        this.#irq.raise(went, [handle, ...addressTuple(connection.peerIdentity)]);
      };
      const pending = this.#pending.get(connection);
      if (pending?.size) void Promise.all(pending).then(tell);
      else tell();
    });
  }

  /** A pairing is told of when it is over: before that nobody knows whether there will be a bond. */
  #watchProtection(connection: Connection): void {
    connection.on("securityChanged", ({ bonded }) => {
      const protection = this.#protection.get(connection);
      if (protection && !bonded) protection.pairing = true;
      else if (!protection?.pairing) this.tellProtection(connection);
    });
    connection.on("paired", () => {
      this.tellProtection(connection);
    });
    connection.on("pairingFailed", () => {
      this.tellProtection(connection);
    });
  }
}
