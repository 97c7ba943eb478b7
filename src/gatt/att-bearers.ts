import { AttBearer } from "../att/att.ts";
import type { ClientBearer } from "../att/client-bearer.ts";
import type { AttributeTable } from "../att/attribute-table.ts";
import type { EnhancedChannel } from "../att/enhanced-channel.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import type { ServedClient } from "./served-client.ts";

/** The client of this side that requests of the same link go out from. */
export interface BearerClient {
  /** One more bearer leads to the peer's server. */
  addBearer(bearer: ClientBearer): void;
  /** A notification or an indication came; `value` is *borrowed*. */
  value(handle: number, value: Uint8Array, indicated?: boolean): void;
  /** A bearer is gone. */
  closed(reason: BleError, bearer: ClientBearer): void;
}

/** What the bearers of one link share. */
export interface BearersSetup {
  readonly clock: Clock;
  readonly table: AttributeTable<ServedClient>;
  /** The peer as a client of this side's server. */
  readonly served: ServedClient;
  readonly client: BearerClient;
}

/**
 * A bearer on an enhanced channel that has just opened; it is the channel's user. Both the server and the client of this
 * side use it from now on, until it closes. Vol 3, Part F, 3.2.11.
 *
 * @param close - Closes the channel, if it is open. Called when the peer has left a request or an indication unanswered: nothing more
 *   may be sent on it then (Vol 3, Part F, 3.3.3), while the other bearers go on.
 */
export function openEnhancedBearer(
  channel: EnhancedChannel,
  { clock, table, served, client }: BearersSetup,
  close: () => void,
): AttBearer<ServedClient> {
  const user = {
    value(handle: number, value: Uint8Array, indicated: boolean): void {
      client.value(handle, value, indicated);
    },
    mtuChanged: (): void => undefined, // it never does
    closed(reason: BleError): void {
      served.detach(bearer);
      client.closed(reason, bearer);
      close();
    },
  };
  // "ATT_MTU shall be set to the minimum of the MTU field values of the two devices": Vol 3, Part G, 5.3.1.
  const fixedMtu = Math.min(channel.mtu, channel.peerMtu);
  const options = { fixedMtu, session: served };
  const bearer = new AttBearer<ServedClient>(channel, clock, table, served, user, fixedMtu, options);
  served.attach(bearer);
  client.addBearer(bearer);
  return bearer;
}
