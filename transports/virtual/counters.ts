/** What a controller has done on its links. */
export interface Counters {
  /** Packets sent, empty ones and retransmissions among them. */
  packets: number;
  /** Packets sent again because no acknowledgement came. */
  retransmissions: number;
  /** Connection events held. */
  connectionEvents: number;
}

/** All zero. */
export function noCounters(): Counters {
  return { packets: 0, retransmissions: 0, connectionEvents: 0 };
}

/** Adds `more` to `sum`. */
export function addCounters(sum: Counters, more: Counters): void {
  sum.packets += more.packets;
  sum.retransmissions += more.retransmissions;
  sum.connectionEvents += more.connectionEvents;
}
