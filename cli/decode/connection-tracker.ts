import { Address } from "../../src/common/address.ts";
import {
  LeConnectionComplete,
  type LeConnectionCompleteParameters,
  LeEnhancedConnectionComplete,
  LeEnhancedConnectionCompleteV2,
} from "../../src/hci/events/le-connection.ts";
import { CommandComplete } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete, type DisconnectionCompleteParameters } from "../../src/hci/events/link.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { leMetaEventCode } from "../../src/hci/event.ts";
import { Status } from "../../src/hci/status.ts";
import type { Layer } from "./decoded.ts";

const beginnings: ReadonlySet<number | undefined> = new Set([
  LeConnectionComplete.subevent,
  LeEnhancedConnectionComplete.subevent,
  LeEnhancedConnectionCompleteV2.subevent,
]);

/** Knows from the events of a capture who is at the other end of each connection handle. */
export class ConnectionTracker {
  readonly #peers = new Map<string, string>();

  /** The address of the peer with its type; `undefined` when the connection began before the capture did. */
  peer(controller: number | undefined, handle: number): string | undefined {
    return this.#peers.get(keyOf(controller, handle));
  }

  /**
   * Takes note of an event.
   *
   * @returns The connection handle that means nothing any more after it, `all` when none does.
   */
  follow(controller: number | undefined, event: Layer): number | "all" | undefined {
    if (event.malformed !== undefined || event.note !== undefined) return undefined;
    if (event.opcode === leMetaEventCode && beginnings.has(event.subevent)) {
      return this.#begin(controller, event.fields as unknown as LeConnectionCompleteParameters);
    }
    if (event.opcode === DisconnectionComplete.code) {
      const { status, connectionHandle } = event.fields as unknown as DisconnectionCompleteParameters;
      if (status !== Status.Success) return undefined;
      this.#peers.delete(keyOf(controller, connectionHandle));
      return connectionHandle;
    }
    if (event.opcode !== CommandComplete.code || event.fields["commandOpcode"] !== Reset.opcode)
      return undefined;
    for (const key of [...this.#peers.keys()]) if (key.startsWith(keyOf(controller))) this.#peers.delete(key);
    return "all";
  }

  #begin(controller: number | undefined, parameters: LeConnectionCompleteParameters): number | undefined {
    const { status, connectionHandle, peerAddressType, peerAddress } = parameters;
    if (status !== Status.Success) return undefined;
    const type = (peerAddressType & 1) === 0 ? "public" : "random";
    this.#peers.set(keyOf(controller, connectionHandle), new Address(type, peerAddress).toString());
    return connectionHandle;
  }
}

/** Of a connection, or with which those of a controller begin. */
export function keyOf(controller: number | undefined, handle?: number): string {
  return `${controller ?? ""}/${handle ?? ""}`;
}
