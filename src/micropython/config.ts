import type { AgentCapability, ConfigureOptions, HostOptions } from "../index.ts";
import * as constants from "./constants.ts";
import { type AddressTuple, type BufferLike, octetsOf } from "./octets.ts";
import { OSError, requireWithin } from "./os-error.ts";

/** What `config` sets, all by MicroPython's names. */
export interface ConfigSettings {
  /** 0 the public address, 1 a random static one, 2 resolvable private ones, 3 non-resolvable private ones. */
  readonly addr_mode?: number;
  /** The Device Name of the GAP service. */
  readonly gap_name?: BufferLike;
  /** Octets of the buffer for events, 16 to 65535: here, how many results may wait. */
  readonly rxbuf?: number;
  /** The most octets of an ATT PDU that this side receives, 23 to 517, for exchanges of the MTU to come. */
  readonly mtu?: number;
  /** Keep the keys of pairings. */
  readonly bond?: boolean;
  /** Protect pairings from a man in the middle, which takes an `io` that can. */
  readonly mitm?: boolean;
  /** What this device can show and ask: one of `_IO_CAPABILITY_*`. */
  readonly io?: number;
  /** Pair with LE Secure Connections alone. */
  readonly le_secure?: boolean;
}

/** What `config` tells, by the name that is asked for. */
export interface ConfigValues extends Required<Omit<ConfigSettings, "gap_name">> {
  readonly gap_name: Uint8Array;
  /** The address that others see. */
  readonly mac: AddressTuple;
}

/** What the program has said that the host is not asked for again. */
interface Wishes {
  /** `undefined` while nothing was said. */
  readonly rxbuf: number | undefined;
  readonly bond: boolean;
  readonly mitm: boolean;
  readonly io: number;
  readonly le_secure: boolean;
}

/** As NimBLE has it. */
const defaultMtu = 256;
const leastMtu = 23;
const mostMtu = 517;
const mostNameOctets = 248;
const defaultRxbuf = 512;
const leastRxbuf = 16;
const mostRxbuf = 0xffff;
/** Octets of a scan result or a value in the buffer, about. */
const eventOctets = 40;

const capabilities: readonly AgentCapability[] = [
  "DisplayOnly",
  "DisplayYesNo",
  "KeyboardOnly",
  "NoInputNoOutput",
  "KeyboardDisplay",
];

const addressModes: readonly Pick<ConfigureOptions, "addressType" | "privacy">[] = [
  { addressType: "public", privacy: "none" },
  { addressType: "random", privacy: "none" },
  { privacy: "resolvable" },
  { privacy: "nonResolvable" },
];

/** What of it a host must be there for. */
const ofTheHost = ["addr_mode", "gap_name", "mtu"] as const;

/** The parameters that can be set. */
const names = ["addr_mode", "gap_name", "rxbuf", "mtu", "bond", "mitm", "io", "le_secure"] as const;

/** What the program has configured, also before the interface is active. */
export class Config {
  #wishes: Wishes = {
    rxbuf: undefined,
    bond: false,
    mitm: false,
    io: constants._IO_CAPABILITY_NO_INPUT_OUTPUT,
    le_secure: false,
  };

  /** What a host is opened with. */
  get hostOptions(): HostOptions {
    const { rxbuf } = this.#wishes;
    return {
      mtu: defaultMtu,
      pairing: this.pairing,
      ...(rxbuf !== undefined && { receiveBuffer: resultsIn(rxbuf) }),
      // The program asks for all that it wants to have asked.
      raiseSecurity: "off",
      cache: "off",
    };
  }

  /** What can be told without a host. */
  get values(): Omit<ConfigValues, (typeof ofTheHost)[number] | "mac"> {
    return { ...this.#wishes, rxbuf: this.#wishes.rxbuf ?? defaultRxbuf };
  }

  get capability(): AgentCapability {
    return capabilities[this.#wishes.io] ?? "NoInputNoOutput";
  }

  get pairing(): NonNullable<HostOptions["pairing"]> {
    const { bond, mitm, io, le_secure } = this.#wishes;
    // A device that can neither show nor ask cannot protect itself: NimBLE then goes without, and so must this.
    const possible = io !== constants._IO_CAPABILITY_NO_INPUT_OUTPUT;
    return {
      bond,
      mitm: mitm && possible,
      secureConnections: le_secure ? "required" : "preferred",
      repairing: "allow", // a peer that has forgotten its bond gets a new one, unasked
    };
  }

  /**
   * Takes what the program sets, all of it or nothing.
   *
   * @param active - Whether there is a host.
   * @returns What the host has to be told.
   * @throws {@link OSError} ENODEV: the interface is not active; EINVAL: a number is out of range.
   * @throws {@link RangeError} There is no such parameter, or an `rxbuf` is out of range.
   */
  set(settings: ConfigSettings, active: boolean): ConfigureOptions {
    check(settings, active);
    const { addr_mode, gap_name, mtu, rxbuf, bond, mitm, io, le_secure } = settings;
    const wishes = this.#wishes;
    this.#wishes = {
      rxbuf: rxbuf ?? wishes.rxbuf,
      bond: bond ?? wishes.bond,
      mitm: mitm ?? wishes.mitm,
      io: io ?? wishes.io,
      le_secure: le_secure ?? wishes.le_secure,
    };
    return {
      ...(addr_mode !== undefined && addressModes[addr_mode]),
      ...(gap_name !== undefined && { name: new TextDecoder().decode(octetsOf("gap_name", gap_name)) }),
      ...(mtu !== undefined && { mtu }),
      ...(rxbuf !== undefined && { receiveBuffer: resultsIn(rxbuf) }),
      // All that is known of pairing: what is left out of it is as it was.
      pairing: { ...this.pairing },
    };
  }
}

function resultsIn(rxbuf: number): number {
  return Math.ceil(rxbuf / eventOctets);
}

function check(settings: ConfigSettings, active: boolean): void {
  const other = Object.keys(settings).find((name) => !names.some((known) => known === name));
  if (other !== undefined) throw new RangeError(`config: "${other}" is no parameter that can be set`);
  const needs = ofTheHost.find((name) => settings[name] !== undefined);
  if (!active && needs !== undefined) throw new OSError("ENODEV", `${needs}: the interface is not active`);
  checkNumbers(settings);
  const { gap_name } = settings;
  if (gap_name !== undefined && octetsOf("gap_name", gap_name).length > mostNameOctets)
    throw new OSError("EINVAL", `gap_name: up to ${mostNameOctets} octets`);
}

function checkNumbers({ addr_mode, mtu, rxbuf, io }: ConfigSettings): void {
  if (addr_mode !== undefined) requireWithin("addr_mode", addr_mode, 0, addressModes.length - 1);
  if (io !== undefined) requireWithin("io", io, 0, capabilities.length - 1);
  if (mtu !== undefined) requireWithin("mtu", mtu, leastMtu, mostMtu);
  if (rxbuf === undefined || (Number.isInteger(rxbuf) && rxbuf >= leastRxbuf && rxbuf <= mostRxbuf)) return;
  throw new RangeError(`rxbuf: ${leastRxbuf} to ${mostRxbuf} octets, not ${rxbuf}`);
}
