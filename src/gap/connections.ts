import { AttBearer, type AttUser } from "../att/att.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import type { Turn } from "../common/turn.ts";
import { GattClient } from "../gatt/client.ts";
import type { ServedClient } from "../gatt/served-client.ts";
import type { GattServer } from "../gatt/server.ts";
import { LeLongTermKeyRequestNegativeReply } from "../hci/commands/le-encryption.ts";
import { DisconnectedError } from "../hci/error.ts";
import type { LeConnectionCompleteParameters } from "../hci/events/le-connection.ts";
import {
  LeConnectionComplete,
  LeConnectionUpdateComplete,
  LeEnhancedConnectionComplete,
} from "../hci/events/le-connection.ts";
import { LeLongTermKeyRequest } from "../hci/events/le-security.ts";
import { DisconnectionComplete } from "../hci/events/link.ts";
import type { Event } from "../hci/event.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import { FixedCid } from "../l2cap/channel.ts";
import { L2capLink } from "../l2cap/l2cap.ts";
import { SecurityManager } from "../smp/security-manager.ts";
import { Connection, type ConnectionParameters } from "./connection.ts";
import { addressFrom } from "./device-address.ts";
import { intervalMs, timeoutMs } from "./units.ts";

/** What every connection of a host shares. */
export interface ConnectionSetup {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly server: GattServer;
  /** The most octets of an ATT PDU that this host receives. */
  readonly mtu: number;
}

/** Who is told of new connections. */
export interface ConnectionsUser {
  connected(connection: Connection): void;
  /** The connection that was being made as central will not be. */
  failed(status: number): void;
  disconnected(connection: Connection): void;
}

interface Entry {
  readonly connection: Connection;
  readonly l2cap: L2capLink;
}

/** Role in connection events: 0 central, 1 peripheral. Vol 4, Part E, 7.7.65.1. */
const centralRole = 0;

/** The events whose handlers {@link Connections} puts in place. */
export const connectionEvents: readonly Event<unknown>[] = [
  LeConnectionComplete,
  LeEnhancedConnectionComplete,
  LeConnectionUpdateComplete,
  LeLongTermKeyRequest,
  DisconnectionComplete,
];

/** The links that exist, from the events of the controller; each with its channels and bearers put together. */
export class Connections {
  readonly #setup: ConnectionSetup;
  readonly #user: ConnectionsUser;
  readonly #entries = new Map<number, Entry>();

  constructor(setup: ConnectionSetup, user: ConnectionsUser) {
    this.#setup = setup;
    this.#user = user;
    const { hci } = setup;
    hci.on(LeConnectionComplete, (event) => {
      this.#complete(event);
    });
    hci.on(LeEnhancedConnectionComplete, (event) => {
      this.#complete(event);
    });
    hci.on(LeConnectionUpdateComplete, ({ status, connectionHandle, ...parameters }) => {
      if (status === Status.Success)
        this.#entries.get(connectionHandle)?.connection.updated(inMs(parameters));
    });
    hci.on(DisconnectionComplete, ({ status, connectionHandle, reason }) => {
      if (status === Status.Success) this.#end(connectionHandle, new DisconnectedError(reason));
    });
    // There are no keys yet, and a controller that gets no answer holds the link up. Vol 4, Part E, 7.7.65.5.
    hci.on(LeLongTermKeyRequest, ({ connectionHandle }) => {
      hci.send(LeLongTermKeyRequestNegativeReply, { connectionHandle }, () => undefined);
    });
  }

  get all(): readonly Connection[] {
    return [...this.#entries.values()].map(({ connection }) => connection);
  }

  /** The controller is gone, and all links with it. */
  endAll(reason: BleError): void {
    for (const handle of [...this.#entries.keys()]) this.#end(handle, reason);
  }

  #complete(event: LeConnectionCompleteParameters): void {
    const { status, connectionHandle } = event;
    if (status !== Status.Success) {
      // Advertising Timeout is of directed advertising, which was never asked for.
      if (status !== Status.AdvertisingTimeout) this.#user.failed(status);
      return;
    }
    // A handle is given out again only when its link is gone, whether the controller said so or not.
    this.#end(connectionHandle, new DisconnectedError(Status.UnspecifiedError));
    const entry = this.#open(event);
    this.#entries.set(connectionHandle, entry);
    this.#setup.hci.route(connectionHandle, entry.l2cap);
    this.#user.connected(entry.connection);
  }

  #open(event: LeConnectionCompleteParameters): Entry {
    const { hci, clock, turn, server, mtu } = this.#setup;
    const { connectionHandle: handle } = event;
    const connection: Connection = new Connection({
      hci,
      clock,
      turn,
      handle,
      role: event.role === centralRole ? "central" : "peripheral",
      peerAddress: addressFrom(event.peerAddressType, event.peerAddress),
      parameters: inMs(event),
      lost: (reason) => {
        if (this.#entries.get(handle)?.connection === connection) this.#end(handle, reason);
      },
    });
    const l2cap = new L2capLink(hci.acl, handle);
    const client = server.serve(connection);
    const user: AttUser = {
      value: (valueHandle, value) => {
        connection.gatt.value(valueHandle, value);
      },
      mtuChanged: (changed) => {
        connection.mtuChanged(changed);
      },
      closed: (reason) => {
        connection.gatt.closed(reason);
        server.leave(client);
      },
    };
    const bearer = l2cap.attach(
      FixedCid.Attribute,
      (channel) => new AttBearer<ServedClient>(channel, clock, server.table, client, user, mtu),
    );
    client.attach(bearer);
    connection.complete(new GattClient(bearer, turn));
    l2cap.attach(FixedCid.SecurityManager, (channel) => new SecurityManager(channel));
    return { connection, l2cap };
  }

  #end(handle: number, reason: BleError): void {
    const entry = this.#entries.get(handle);
    if (!entry) return;
    this.#entries.delete(handle);
    this.#setup.hci.route(handle, undefined);
    entry.l2cap.close(reason);
    entry.connection.end(reason);
    this.#user.disconnected(entry.connection);
  }
}

function inMs(event: {
  readonly connectionInterval: number;
  readonly peripheralLatency: number;
  readonly supervisionTimeout: number;
}): ConnectionParameters {
  return {
    intervalMs: intervalMs(event.connectionInterval),
    latency: event.peripheralLatency,
    supervisionTimeoutMs: timeoutMs(event.supervisionTimeout),
  };
}
