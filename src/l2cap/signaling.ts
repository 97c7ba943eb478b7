import { noOctets } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import type { Channel, ChannelUser } from "./channel.ts";
import {
  CommandReject,
  encodeSignaling,
  FlowControlCreditIndication,
  isResponse,
  RejectReason,
} from "./signaling-pdu.ts";

/**
 * The LE signalling channel. Vol 3, Part A, 4.
 *
 * It knows no command yet, so every request, and whatever is malformed, is answered with Command Reject, "command not
 * understood" (4.1). Responses that nobody waits for are dropped, and so are credits for a channel that is not there.
 */
export class Signaling implements ChannelUser {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  receive(sdu: Uint8Array): void {
    const [code, identifier] = sdu;
    // Identifier 0 is never valid, so no answer could name what it answers.
    if (code === undefined || !identifier)
      throw new MalformedPduError("L2CAP signalling command", "no identifier", sdu);
    if (isResponse(code) || code === FlowControlCreditIndication.code) return;
    const reject = CommandReject.encode({ reason: RejectReason.CommandNotUnderstood, data: noOctets });
    this.#channel.send(Priority.Control, encodeSignaling(CommandReject.code, identifier, reject));
  }

  closed(): void {
    // Nothing is pending on a channel that only answers.
  }
}
