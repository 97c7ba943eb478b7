/** What goes wrong between a controller and its host, on purpose. */
export interface HciTrouble {
  /** The controller neither takes nor gives anything; what the host sends waits. */
  readonly hung: boolean;
  /** The probability that the host gets an event twice. */
  readonly duplicate: number;
  /** How much later than they could events come, in ms; data is not held back. */
  readonly delayMs: number;
}

/** Everything is in order. */
export const noTrouble: HciTrouble = { hung: false, duplicate: 0, delayMs: 0 };
