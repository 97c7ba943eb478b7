/** What an HCI controller says of itself; what it does not know is left out. */
export interface ControllerIdentity {
  /** The name it was given, where it keeps one. */
  readonly name?: string | undefined;
  /** The version of the specification, such as `5.4`. */
  readonly version?: string | undefined;
  /** Who made it. */
  readonly manufacturer?: string | undefined;
  /** Such as `C0:FF:EE:00:00:01`; left out where it was never given one. */
  readonly address?: string | undefined;
  /** Whether it can do Bluetooth LE, without which jelling can do nothing. */
  readonly supportsLe: boolean;
  /** What it can do beyond Bluetooth 4.0, in the specification's words. */
  readonly features: readonly string[];
}

/** What answers at a serial port. */
export type ProbeResult =
  /** A controller, which speaks H4 or the three-wire UART. */
  | {
      readonly kind: "hci";
      readonly protocol: "h4" | "h5";
      readonly baudRate: number;
      readonly controller: ControllerIdentity;
    }
  /** A module in AT-command firmware: a serial-port modem. */
  | { readonly kind: "at"; readonly baudRate: number; readonly answer: string }
  /** A program that loads another one. */
  | { readonly kind: "bootloader"; readonly baudRate: number; readonly name: string }
  /** What is sent comes back: RX and TX are joined, or a terminal echoes. */
  | { readonly kind: "echo"; readonly baudRate: number }
  /** Something that speaks to people: a console, a log. */
  | { readonly kind: "text"; readonly baudRate: number; readonly said: string }
  /** Octets that make no sense at any of the rates. */
  | { readonly kind: "garbage"; readonly baudRates: readonly number[] }
  | { readonly kind: "silence"; readonly baudRates: readonly number[] };
