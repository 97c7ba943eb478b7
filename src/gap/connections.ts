import type { BleError } from "../common/errors.ts";
import { DisconnectedError } from "../hci/error.ts";
import type { Event } from "../hci/event.ts";
import {
  LeConnectionComplete,
  LeConnectionUpdateComplete,
  LeEnhancedConnectionComplete,
} from "../hci/events/le-connection.ts";
import { DisconnectionComplete } from "../hci/events/link.ts";
import { Status } from "../hci/status.ts";
import type { Connection } from "./connection.ts";
import { parameterRequestEvents, routeParameterRequests } from "./connection-requests.ts";
import { EnhancedBearers } from "./enhanced-bearers.ts";
import {
  type AssembledLink,
  assembleLink,
  type ConnectionCompleteParameters,
  inMs,
  type LinkSetup,
} from "./link-assembly.ts";
import { linkEvents, routeLinkEvents } from "./link-events.ts";

/** Who is told of new connections. */
export interface ConnectionsUser {
  connected(connection: Connection): void;
  /** The connection that was being made as central will not be. */
  failed(status: number): void;
  /** High duty cycle directed advertising has found nobody. */
  advertisingTimedOut(): void;
  disconnected(connection: Connection, reason: BleError): void;
}

/** The events whose handlers {@link Connections} puts in place. */
export const connectionEvents: readonly Event<unknown>[] = [
  LeConnectionComplete,
  LeEnhancedConnectionComplete,
  LeConnectionUpdateComplete,
  DisconnectionComplete,
  ...parameterRequestEvents,
  ...linkEvents,
];

/** The links that exist, from the events of the controller. */
export class Connections {
  readonly #setup: LinkSetup;
  readonly #user: ConnectionsUser;
  readonly #enhanced: EnhancedBearers;
  readonly #links = new Map<number, AssembledLink>();

  constructor(setup: LinkSetup, user: ConnectionsUser) {
    this.#setup = setup;
    this.#user = user;
    const { hci, questions } = setup;
    this.#enhanced = new EnhancedBearers(setup, (handle) => this.#links.get(handle));
    routeLinkEvents(hci, questions, (handle) => this.of(handle));
    routeParameterRequests(hci, (handle) => this.of(handle));
    hci.on(LeConnectionComplete, (event) => {
      this.#complete(event);
    });
    hci.on(LeEnhancedConnectionComplete, (event) => {
      this.#complete(event);
    });
    hci.on(LeConnectionUpdateComplete, ({ status, connectionHandle, ...parameters }) => {
      this.of(connectionHandle)?.updated(status, inMs(parameters));
    });
    hci.on(DisconnectionComplete, ({ status, connectionHandle, reason }) => {
      if (status === Status.Success) this.#end(connectionHandle, new DisconnectedError(reason));
    });
  }

  get all(): readonly Connection[] {
    return [...this.#links.values()].map(({ connection }) => connection);
  }

  /** The connection of that handle, if there is one. */
  of(handle: number): Connection | undefined {
    return this.#links.get(handle)?.connection;
  }

  /** The controller is gone, and all links with it. */
  endAll(reason: BleError): void {
    for (const handle of [...this.#links.keys()]) this.#end(handle, reason);
  }

  #complete(event: ConnectionCompleteParameters): void {
    const { status, connectionHandle: handle } = event;
    if (status !== Status.Success) {
      if (status === Status.AdvertisingTimeout) this.#user.advertisingTimedOut();
      else this.#user.failed(status);
      return;
    }
    // A handle is given out again only when its link is gone, whether the controller said so or not.
    this.#end(handle, new DisconnectedError(Status.UnspecifiedError));
    const link = assembleLink(this.#setup, event, (connection, reason) => {
      if (this.of(handle) === connection) this.#end(handle, reason);
    });
    this.#links.set(handle, link);
    this.#setup.hci.route(handle, link.l2cap);
    this.#enhanced.watch(link);
    this.#user.connected(link.connection);
  }

  #end(handle: number, reason: BleError): void {
    const link = this.#links.get(handle);
    if (!link) return;
    const { hci, questions, pairing, att } = this.#setup;
    this.#links.delete(handle);
    hci.route(handle, undefined);
    questions.disconnected(handle, reason);
    link.l2cap.close(reason);
    pairing.close(handle);
    att.server.leave(link.served);
    link.connection.end(reason);
    this.#user.disconnected(link.connection, reason);
  }
}
