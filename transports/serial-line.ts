/** How a serial port is set up. Eight data bits and one stop bit, always. */
export interface SerialSettings {
  /** Such as `/dev/ttyACM0` or `COM3`. */
  readonly path: string;
  /** In bits per second. */
  readonly baudRate: number;
  /** Whether the lines RTS and CTS say when the other end can take more. */
  readonly rtscts: boolean;
  readonly parity: "none" | "even" | "odd";
  /** Whether XON and XOFF do. */
  readonly xonxoff: boolean;
}

/** A serial port of this computer, as far as the operating system tells. */
export interface SerialPortInfo {
  readonly path: string;
  /** Of the USB device it is, four hex digits. */
  readonly vendorId?: string | undefined;
  /** Of the USB device it is, four hex digits. */
  readonly productId?: string | undefined;
  readonly manufacturer?: string | undefined;
}

/** Who takes what comes from a serial port. */
export interface SerialLineUser {
  /** The next octets, *borrowed* until the call returns. */
  octets(chunk: Uint8Array): void;
  /** The device is gone, or takes nothing any more: the last call. Not made after {@link SerialLine.close}. */
  lost(error: Error): void;
}

/** A serial port that is open: octets both ways. */
export interface SerialLine {
  /** Gives everything from now on to `user`, in place of whoever had it. Calls nobody before it has returned. */
  start(user: SerialLineUser): void;
  /** Queues octets, which it *owns* from now on. Calls nobody. */
  write(octets: Uint8Array): void;
  /** Goes on at another rate. */
  setBaudRate(baudRate: number): Promise<void>;
  /** Sends what waits, as far as the device takes it, and lets go of the device. Again does nothing. */
  close(): Promise<void>;
}

/** The serial ports of a computer. */
export interface SerialPorts {
  list(): Promise<readonly SerialPortInfo[]>;
  /**
   * Opens a port, for this program alone.
   *
   * @throws {@link TransportError} It cannot be opened; the message tells what to do about it.
   */
  open(settings: SerialSettings): Promise<SerialLine>;
}
