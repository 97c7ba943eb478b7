/** A port of this computer. */
export interface TcpPlace {
  readonly kind: "tcp";
  /** 0 for one that is free. */
  readonly port: number;
  /** The address of the interface; default `127.0.0.1`: whoever can reach a door may use it. */
  readonly host?: string;
}

/** A socket in the file system, which is gone when the door is closed. */
export interface UnixPlace {
  readonly kind: "unix";
  /** Nothing may be there, but for a socket that nobody listens on any more. */
  readonly path: string;
}

/** A pseudo-terminal, which to a host is a serial port. Needs the program socat. */
export interface PtyPlace {
  readonly kind: "pty";
}

/** Where a door is to be. */
export type DoorPlace = TcpPlace | UnixPlace | PtyPlace;

/** Where a door is. */
export type DoorLocation =
  { readonly kind: "tcp"; readonly port: number } | { readonly kind: "unix" | "pty"; readonly path: string };
