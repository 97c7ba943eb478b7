/** What a host wishes a link's parameters to be; units of `LinkParameters`. */
export interface ConnectionWish {
  readonly intervalMin: number;
  readonly intervalMax: number;
  readonly maxLatency: number;
  readonly timeout: number;
  /** In 0.625 ms; 0 for as long as there is room. */
  readonly maxCeLength?: number;
}

/** A wish of the peripheral that the central's host has been asked about. */
export interface PendingWish {
  readonly wish: ConnectionWish;
  /** The peripheral's procedure is over. */
  readonly done: () => void;
}
