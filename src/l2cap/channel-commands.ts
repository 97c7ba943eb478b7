import type { CreditBasedChannel } from "./credit-based-channel.ts";
import type { ChannelTable } from "./channel-table.ts";
import { areLegal } from "./credit-limits.ts";
import { ChannelFaultError } from "./error.ts";
import type { Signaling } from "./signaling.ts";
import {
  CreditBasedReconfigureRequest,
  CreditBasedReconfigureResponse,
  DisconnectionRequest,
  DisconnectionResponse,
  FlowControlCreditIndication,
  ReconfigureResult,
} from "./signaling-pdu.ts";

/** Serves the peer's commands about channels that are there. Vol 3, Part A, 4.6, 4.24 and 4.27. */
export function serveChannels(signaling: Signaling, table: ChannelTable): void {
  signaling.serve(DisconnectionRequest, (request, identifier) => {
    const { destinationCid, sourceCid } = request;
    const channel = table.local(destinationCid);
    if (!channel || channel.peerCid === 0) {
      signaling.rejectCids(identifier, destinationCid, sourceCid);
      return;
    }
    if (channel.peerCid !== sourceCid) return; // to be discarded silently. 4.6
    // The peer may give its end to another channel at once: what is under way to this one must be there before.
    signaling.respondAfter(channel.priority, DisconnectionResponse, identifier, request);
    channel.input({ type: "disconnectRequested" });
  });
  // Credits for nothing, and none at all, are to be ignored. 10.1.
  signaling.serve(FlowControlCreditIndication, ({ cid, credits }) => {
    if (credits > 0) table.peer(cid)?.addCredits(credits);
  });
  signaling.serve(CreditBasedReconfigureRequest, (request, identifier) => {
    reconfigure(signaling, table, request, identifier);
  });
}

function reconfigure(
  signaling: Signaling,
  table: ChannelTable,
  { mtu, mps, destinationCids }: CreditBasedReconfigureRequest,
  identifier: number,
): void {
  const channels: CreditBasedChannel[] = [];
  for (const cid of destinationCids) {
    const channel = table.peer(cid);
    if (channel?.enhanced && channel.open && !channels.includes(channel)) channels.push(channel);
  }
  const known = channels.length === destinationCids.length;
  const result = known ? resultOf(channels, mtu, mps) : ReconfigureResult.InvalidDestinationCid;
  const [first] = channels;
  if (result === ReconfigureResult.Success && first) {
    for (const channel of channels) channel.limit(mtu, mps);
    // Longer K-frames may be on the link: the peer takes the answer for the last of them.
    signaling.respondAfter(first.priority, CreditBasedReconfigureResponse, identifier, { result });
    return;
  }
  signaling.respond(CreditBasedReconfigureResponse, identifier, { result });
  if (result !== ReconfigureResult.MtuReductionNotAllowed) return;
  // "The receiver shall disconnect all included channels." 4.27
  const reason = new ChannelFaultError("the peer made its MTU less than it was");
  for (const channel of channels) channel.input({ type: "fault", reason });
}

/** Vol 3, Part A, 4.27 and 4.28. */
function resultOf(channels: readonly CreditBasedChannel[], mtu: number, mps: number): number {
  if (channels.length === 0 || !areLegal(mtu, mps, true)) return ReconfigureResult.UnacceptableParameters;
  if (channels.some(({ peerMtu }) => mtu < peerMtu)) return ReconfigureResult.MtuReductionNotAllowed;
  if (channels.length > 1 && channels.some(({ peerMps }) => mps < peerMps)) {
    return ReconfigureResult.MpsReductionNotAllowed;
  }
  return ReconfigureResult.Success;
}
