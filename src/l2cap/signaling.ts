import { noOctets, u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import type { Channel, ChannelUser } from "./channel.ts";
import {
  CommandReject,
  encodeSignaling,
  FlowControlCreditIndication,
  isResponse,
  RejectReason,
  SignalingCode,
  signalingHeaderSize,
} from "./signaling-pdu.ts";

/** MTUsig: the longest C-frame that is taken, which every command of an LE link fits. Vol 3, Part A, 4. */
const signalingMtu = 23;

/** Octets of the two channel identifiers that are all the data of L2CAP_DISCONNECTION_REQ. Vol 3, Part A, 4.6. */
const bothCids = 4;

const notUnderstood: CommandReject = { reason: RejectReason.CommandNotUnderstood, data: noOctets };
const tooLong: CommandReject = {
  reason: RejectReason.SignalingMtuExceeded,
  data: Uint8Array.of(signalingMtu, 0),
};

/**
 * The LE signalling channel. Vol 3, Part A, 4.
 *
 * It opens no channels yet, so every request is answered with Command Reject (4.1), and so is whatever is malformed.
 * Responses that nobody waits for are dropped, and so are credits for a channel that is not there.
 */
export class Signaling implements ChannelUser {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  /** @throws {@link MalformedPduError} There is no identifier, so no answer could name what it answers. */
  receive(sdu: Uint8Array): void {
    const [code, identifier] = sdu;
    if (code === undefined || !identifier) {
      throw new MalformedPduError("L2CAP signaling command", "no identifier, or the forbidden 0x00", sdu);
    }
    if (isResponse(code) || code === FlowControlCreditIndication.code) return;
    // A peer that asks and asks, and takes none of the answers, must not fill our memory with them.
    if (!this.#channel.hasRoom(Priority.Control)) return;
    const reject = CommandReject.encode(rejectionOf(sdu));
    this.#channel.send(Priority.Control, encodeSignaling(CommandReject.code, identifier, reject));
  }

  closed(): void {
    // Nothing is pending on a channel that only answers.
  }
}

function rejectionOf(command: Uint8Array): CommandReject {
  if (command.length > signalingMtu) return tooLong;
  if (!isDisconnection(command)) return notUnderstood;
  // The reason asks for both ends of the channel, ours first, which is how the request has them. 4.1.
  return { reason: RejectReason.InvalidCidInRequest, data: command.subarray(signalingHeaderSize) };
}

function isDisconnection(command: Uint8Array): boolean {
  return (
    command[0] === SignalingCode.DisconnectionRequest &&
    command.length === signalingHeaderSize + bothCids &&
    u16At(command, 2) === bothCids
  );
}
