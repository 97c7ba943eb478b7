import type { Address } from "../common/address.ts";
import { checkOptions, type OptionKinds } from "../common/options.ts";
import type { CallOptions } from "../common/promised.ts";
import { requireWhole } from "../common/whole-number.ts";
import { encodeOobData, type OobData } from "../smp/oob-data.ts";
import { passkeyNumber, type PairingAgent } from "./agent.ts";

/** How this host pairs; all of it has a default. */
export interface PairingOptions {
  /** Keys are kept for the next time, if the peer wants so too. Default `true`. Vol 3, Part C, 9.4. */
  readonly bond?: boolean;
  /**
   * Protection from a man in the middle: `true` requires it, `false` asks for none, even where an agent could give it.
   * Default: where the capabilities of both sides allow it.
   */
  readonly mitm?: boolean;
  /**
   * LE Secure Connections: `"off"` for LE legacy pairing; `"preferred"`, where the peer can; `"required"`; or `"only"`,
   * which takes nothing but authenticated keys of 16 octets, new or stored, and of a host holds for each of its pairings.
   * What is off stays off, whatever a peer asks for. Default `"preferred"`. Vol 3, Part C, 10.2.4.
   */
  readonly secureConnections?: "off" | "preferred" | "required" | "only";
  /**
   * The least octets of a key that is accepted, 7 to 16. Default 16: shorter ones can be tried out. What the host has
   * goes for the keys of bonds too, and for one pairing it can only be raised.
   */
  readonly minKeySize?: number;
  /** The most octets of a key, 7 to 16. Default 16. */
  readonly maxKeySize?: number;
  /** Tells the peer of keys typed here, and shows those typed there. Default `true`. Vol 3, Part H, 3.5.8. */
  readonly keypress?: boolean;
  /**
   * What to do when a peer that there is a bond with wants to pair anew, without having proved to be that peer: the
   * default `"ask"` has the agent authorize it, and refuses where nobody can be asked.
   */
  readonly repairing?: "refuse" | "ask" | "allow";
  /** Also pairs with a peer that shows the debug key, which protects from nobody. Default `false`. */
  readonly allowDebugKey?: boolean;
  /**
   * The passkey to show, 0 to 999999, also as digits, in place of a fresh one each time. For devices with a sticker in
   * place of a display: whoever has listened to one pairing knows it.
   */
  readonly passkey?: number | string;
}

/** How a host pairs with all its peers. */
export interface HostPairingOptions extends PairingOptions {
  /**
   * What has come of a peer out of band, for pairings that the peer begins.
   *
   * @param peer - The address that the peer uses, or its identity where it is known.
   */
  readonly oob?: (peer: Address) => OobData | undefined;
}

/** How to pair with one peer; what is left out is as the host has it. */
export interface PairOptions extends PairingOptions, CallOptions {
  /** Who is asked, registered with `host.agents`. Default: the default agent. */
  readonly agent?: PairingAgent;
  /** What has come of the peer out of band. */
  readonly oob?: OobData;
  /**
   * Pairs anew, although there is a key already that would do. Default `false`. As central this side encrypts the link
   * with that key first, so that the peer need not ask who this is; a peer that does not know it any more is paired with
   * all the same, whoever it is. One that has another key loses the link at that (0x3d): then remove the bond first.
   */
  readonly renew?: boolean;
}

const sharedNames = [
  ...["bond", "mitm", "secureConnections", "minKeySize", "maxKeySize", "keypress", "repairing"],
  ...["allowDebugKey", "passkey", "oob"],
];
const ownKinds: OptionKinds = { agent: "object", renew: "boolean", signal: "signal" };
const pairNames = [...sharedNames, "agent", "renew", "signal"];

const choices = {
  secureConnections: ["off", "preferred", "required", "only"],
  repairing: ["refuse", "ask", "allow"],
} as const;

/**
 * Refuses options before anything has begun.
 *
 * @throws {@link RangeError} An option is out of its range; the message names it.
 * @throws {@link TypeError} An option is of the wrong kind.
 */
export function checkPairingOptions(options: HostPairingOptions): void {
  checkShared("pairing", options, sharedNames);
  if (options.oob !== undefined && typeof options.oob !== "function") {
    throw new TypeError(
      "pairing.oob: give a function of the peer's address; for one pairing give oob to pair()",
    );
  }
}

function checkShared(name: string, options: PairingOptions, names: readonly string[]): void {
  if (typeof options !== "object" || (options as unknown) === null) {
    throw new TypeError(`${name}: it is no object with options, such as { mitm: true }`);
  }
  // What is misspelt would pass for left out, and protect less than was meant.
  const unknown = Object.keys(options).find((option) => !names.includes(option));
  if (unknown !== undefined) {
    throw new TypeError(`${name}: "${unknown}" is no option of it; there are ${names.join(", ")}`);
  }
  checkKeySizes(options);
  for (const [name, allowed] of Object.entries(choices)) {
    const value = options[name as keyof typeof choices];
    if (value === undefined || (allowed as readonly string[]).includes(value)) continue;
    throw new RangeError(`${name}: "${value}" is none of ${allowed.join(", ")}`);
  }
  for (const name of ["bond", "mitm", "keypress", "allowDebugKey"] as const) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== "boolean") {
      throw new TypeError(`${name}: it is neither true nor false`);
    }
  }
  if (options.passkey !== undefined) passkeyNumber(options.passkey);
}

/**
 * Refuses options of one pairing, alone or together with those of the host.
 *
 * @throws {@link RangeError} An option is out of its range; the message names it.
 * @throws {@link TypeError} An option is of the wrong kind.
 */
export function checkPairOptions(options: PairOptions, host: HostPairingOptions = {}): void {
  checkShared("pair", options, pairNames);
  const { agent, renew, signal } = options;
  checkOptions("pair", { agent, renew, signal }, ownKinds, "{ renew: true }");
  checkKeySizes({ ...present(host), ...present(options) });
  checkNotLowered(options, host);
  if (options.oob !== undefined) checkPeerOob(options.oob);
}

/**
 * Refuses what has come of a peer out of band and is of no use: a pairing with it would protect less than was meant.
 *
 * @throws {@link RangeError} There is no secret in it, or one of another size.
 * @throws {@link TypeError} It is none.
 */
export function checkPeerOob(data: OobData): void {
  if (typeof data !== "object" || (data as unknown) === null) {
    throw new TypeError("oob: it is no data; oobDataFromText and decodeOobData give some");
  }
  encodeOobData(data); // tells what is wrong with them
  if (data.temporaryKey || data.confirm) return;
  throw new RangeError("oob: it holds neither temporaryKey nor confirm and random");
}

/** A key that is shorter than the host takes would be of no use for the next link, and weaken this one. */
function checkNotLowered(options: PairOptions, host: HostPairingOptions): void {
  const least = host.minKeySize ?? leastKeySize(host);
  for (const name of ["minKeySize", "maxKeySize"] as const) {
    const size = options[name] ?? least;
    if (size >= least) continue;
    throw new RangeError(
      `${name}: ${size} is less than the ${least} octets that this host asks of every key`,
    );
  }
}

/** The default of `minKeySize`: the longest that `maxKeySize` leaves. */
export function leastKeySize({ maxKeySize = 16 }: PairingOptions): number {
  return maxKeySize;
}

function checkKeySizes(options: PairingOptions): void {
  const { minKeySize = leastKeySize(options), maxKeySize = 16 } = options;
  requireWhole("maxKeySize", maxKeySize, 7, 16);
  requireWhole("minKeySize", minKeySize, 7, 16);
  if (minKeySize > maxKeySize) {
    throw new RangeError(`minKeySize: ${minKeySize} is more than maxKeySize, ${maxKeySize}`);
  }
  if (options.secureConnections === "only" && minKeySize < 16) {
    throw new RangeError('minKeySize: with secureConnections "only" a key has 16 octets');
  }
}

/** The options that are given; `undefined` is as if it were left out. */
export function present(options: PairingOptions = {}): PairingOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
