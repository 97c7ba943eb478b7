/** One of the two controllers that a scene talks to. */
export type Seat = "a" | "b";

/** Both seats, in the order in which they are looked at. */
export const seats: readonly Seat[] = ["a", "b"];

/** Two fresh controllers of one radio, whoever made them, with nothing but HCI in between. */
export interface Rig extends AsyncDisposable {
  /** Their public device addresses. */
  readonly addresses: Readonly<Record<Seat, number>>;
  /** Sends one packet and waits until everything that comes of it at once has come. */
  send(seat: Seat, packet: Uint8Array): Promise<void>;
  /** Takes out what a controller has sent since, in order. */
  take(seat: Seat): Uint8Array[];
}
