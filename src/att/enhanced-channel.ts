import type { Channel } from "../l2cap/channel.ts";

/** The SPSM that Enhanced ATT bearers are opened on. Assigned Numbers, 2.8; Vol 3, Part G, 5.3. */
export const enhancedBearerSpsm = 0x0027;

/** The least MTU of a channel that carries one, in octets. Vol 3, Part G, 5.3.1. */
export const leastEnhancedMtu = 64;

/** An L2CAP channel in enhanced credit based flow control mode, as far as a bearer needs it. */
export interface EnhancedChannel extends Channel {
  /** The largest SDU that this side receives, in octets. */
  readonly mtu: number;
  /** The largest SDU that the peer receives, in octets. */
  readonly peerMtu: number;
}
