import { Priority } from "../common/priority.ts";
import type { Channel, ChannelUser } from "../l2cap/channel.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { Code, PairingFailed } from "./pdu.ts";

/**
 * The Security Manager of one link, which does not pair yet: it says so to a peer that asks, so that the peer need not
 * wait for 30 s. Vol 3, Part H, 3.5.5.
 */
export class SecurityManager implements ChannelUser {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  receive(sdu: Uint8Array): void {
    if (sdu[0] !== Code.PairingRequest && sdu[0] !== Code.SecurityRequest) return; // out of any phase
    if (!this.#channel.hasRoom(Priority.Control)) return; // a peer that asks on without taking answers
    this.#channel.send(
      Priority.Control,
      PairingFailed.encode({ reason: PairingFailure.PairingNotSupported }),
    );
  }

  closed(): void {
    // Nothing is ever pending.
  }
}
