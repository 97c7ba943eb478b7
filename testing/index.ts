/**
 * For testing Bluetooth LE codecs and hosts, this package's or anybody's, by properties: values and PDUs to try,
 * an adversary to play them, and what has to hold. Needs fast-check, and no test runner in particular.
 */
export { codec, codecs } from "./codecs.ts";
export type { PduCodec, Protocol } from "./pdu-codec.ts";
export type { Mutation, MutationKind } from "./mutation.ts";
export type { SignalingPdu } from "./signaling-codec.ts";

export { FixedCid, type HciPacket, type LinkPdu, otherSide, type Side } from "./conversation.ts";
export { attConversations } from "./att-conversation.ts";
export { channelConversations, enhancedChannelConversations } from "./channel-conversation.ts";
export { hciConversations } from "./hci-conversation.ts";
export { legacyPairingConversations } from "./legacy-pairing-conversation.ts";
export { type PairingConversation, pairingConversations } from "./pairing-conversation.ts";

export { Adversary, type AcceptOptions, type AdversaryOptions, type WaitOptions } from "./adversary.ts";
export type { AdversaryLink, AnswerOptions, EncryptOptions, SendOptions } from "./adversary-link.ts";
export { type AttackOptions, attacks, type Step } from "./attack.ts";

export { InvariantError } from "./invariant.ts";
export {
  agree,
  type Decoder,
  decodedUnlessMalformed,
  decodesOrThrowsMalformed,
  reencodes,
  type RefusalOptions,
  roundTrips,
  type Transcoder,
} from "./codec-invariants.ts";
export {
  answersEveryCommandOnce,
  answersEveryRequestOnce,
  answersEverySignalOnce,
  type ExchangeOptions,
  noKeyInClear,
} from "./exchange-invariants.ts";
export {
  type FaultKeeper,
  memoryBounded,
  type MemoryOptions,
  noHostFaults,
  nothingPending,
  type Pending,
} from "./host-invariants.ts";
export { staysAlive } from "./staying-alive.ts";
