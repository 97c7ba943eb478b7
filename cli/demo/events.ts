import type { Address, ConnectionParameters, SecurityState, Uuid } from "../../src/index.ts";

/** Which of the two hosts. */
export type Side = "peripheral" | "central";

/** A UUID with the name the Bluetooth SIG, or the server's own description, gives it. */
export interface Named {
  readonly uuid: Uuid;
  readonly name: string | undefined;
}

/** An attribute that was discovered. */
export interface NamedAttribute extends Named {
  readonly handle: number;
}

/** A characteristic that was discovered. */
export interface NamedCharacteristic extends NamedAttribute {
  readonly properties: readonly string[];
  readonly descriptors: readonly NamedAttribute[];
}

/** A service that was discovered. */
export interface NamedService extends NamedAttribute {
  readonly endHandle: number;
  readonly characteristics: readonly NamedCharacteristic[];
}

/** What happens in the demo, by the name of each event. With `--json` each is a line. */
export interface DemoEvents {
  /** What comes now, and why, for people. */
  step: { readonly title: string };
  opened: { readonly host: Side; readonly address: Address };
  advertising: { readonly name: string; readonly services: readonly Uuid[] };
  found: {
    readonly address: Address;
    readonly name: string | undefined;
    /** In dBm. */
    readonly rssi: number | undefined;
    readonly services: readonly Named[];
  };
  connected: { readonly address: Address; readonly parameters: ConnectionParameters };
  mtu: { readonly mtu: number };
  services: { readonly services: readonly NamedService[] };
  read: Named & {
    /** Hex. */
    readonly value: string;
    readonly octets: number;
    /** What the octets mean. */
    readonly meaning: string;
    readonly requests: number;
  };
  /** The central asks for a value that needs pairing; `read` follows. */
  reading: Named;
  /** One side shows a number that the other has to show too. */
  comparing: { readonly host: Side; readonly digits: string };
  /** The link is protected from now on. */
  secured: SecurityState;
  writing: Named & { /** Hex. */ readonly value: string };
  /** The peripheral has answered; `refused` tells why it did not like the value. */
  written: Named & { readonly refused: string | undefined };
  /** On the peripheral: Energy Expended begins anew. */
  energyReset: { readonly kilojoules: number };
  measurement: {
    readonly number: number;
    readonly beatsPerMinute: number;
    readonly contact: boolean | undefined;
    readonly kilojoules: number | undefined;
    readonly rrIntervalsMs: readonly number[];
  };
  /** The central has opened a credit-based channel. */
  channel: {
    readonly spsm: number;
    /** Octets of the longest SDU, and of the longest K-frame, that the peripheral receives. */
    readonly peerMtu: number;
    readonly peerMps: number;
    /** How many K-frames the central may send at first. */
    readonly credits: number;
  };
  /** The peripheral has answered what it was sent with its SHA-256. */
  uploaded: {
    readonly octets: number;
    readonly sdus: number;
    readonly milliseconds: number;
    /** Hex, of what was sent. */
    readonly sha256: string;
    /** Whether it is the one of what has arrived. */
    readonly intact: boolean;
  };
  disconnected: { readonly host: Side; readonly reason: string };
  done: { readonly seconds: number; readonly trace: string | undefined };
}

/** One of them. */
export type DemoEvent = { [E in keyof DemoEvents]: { readonly event: E } & DemoEvents[E] }[keyof DemoEvents];

/** Told of everything as it happens. */
export type Report = (event: DemoEvent) => void;
