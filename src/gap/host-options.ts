import { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { checkOptions, type OptionKind } from "../common/options.ts";
import type { CallOptions } from "../common/promised.ts";
import type { Random } from "../common/random.ts";
import { requireWholeIfGiven } from "../common/whole-number.ts";
import { defaultMtu, mostMtu } from "../att/att.ts";
import type { Connection } from "./connection.ts";
import type { RequestedParameters } from "./connection-updates.ts";
import type { AgentCapabilityLike } from "./agent.ts";
import { isCapability } from "./agents.ts";
import type { BondStore } from "./bond-store.ts";
import { type GapServiceOptions, mostNameOctets } from "./gap-service.ts";
import type { Privacy } from "./own-address.ts";
import { checkPairingOptions, type HostPairingOptions, present } from "./pairing-options.ts";
import type { SubrateRequest } from "./link-control.ts";
import type { PrivacyMode } from "./resolved-peers.ts";
import { subrateParameters } from "./subrate-options.ts";

/** What a host is told when it opens; all of it has a default. */
export interface HostOptions extends CallOptions {
  /** The Device Name of the GAP service, up to 248 octets of UTF-8. Default `"jelling"`. */
  readonly name?: string;
  /** The Appearance of the GAP service. Assigned Numbers, 2.6. Default 0, unknown. */
  readonly appearance?: number;
  /** What else the GAP service has, and whether peers may write it. */
  readonly gap?: GapServiceOptions;
  /** The most octets of an ATT PDU that this host receives, 23 to 517. Default 517. */
  readonly mtu?: number;
  /**
   * Which address others see: the controller's public one, or a random static one. Default random where
   * `randomAddress` is given or the controller has no public one, else public.
   */
  readonly addressType?: "public" | "random";
  /** The random static address, `C0:FF:EE:00:00:01/random`. Default: that of `bonds`, else a fresh one each time. */
  readonly randomAddress?: Address | string;
  /**
   * Whether a peripheral gets the connection parameters it asks for, where this host is the central. By default it does,
   * if they are legal; the others never do.
   */
  readonly acceptParameters?: (requested: RequestedParameters, connection: Connection) => boolean;
  /**
   * The subrating that a peripheral gets which asks for some, where this host is the central and its controller knows
   * of subrating. Default: none. Vol 4, Part E, 7.8.123.
   */
  readonly acceptSubrating?: SubrateRequest;
  /**
   * Uses private addresses in place of the one above, which only peers with a bond then know: `"resolvable"`, so that
   * they know this host by it, or `"nonResolvable"`, so that nobody does. Default `"none"`. Peers get the key
   * to know it by when they bond: those that bonded without must do so anew. Vol 3, Part C, 10.7.
   *
   * A host that opens with `"resolvable"` says in its GAP service that it uses nothing else (12.4 and 12.5), and
   * cannot be configured otherwise.
   */
  readonly privacy?: Privacy | "none";
  /**
   * Whether a bonded peer that can be known by its private addresses is taken by its identity address too (`"device"`,
   * the default: many use it), or is ignored then (`"network"`). Vol 3, Part C, 10.7.
   */
  readonly privacyMode?: PrivacyMode;
  /** After how long the private address changes, 1000 to 41,400,000 ms. Default 900,000, a quarter of an hour. */
  readonly addressRotationMs?: number;
  /**
   * Where bonds outlive the host, such as `fileBondStore(path)`, and with them who the host is to its peers. Default:
   * they last as long as the host.
   */
  readonly bonds?: BondStore;
  /** How to pair. Default: as well as the capabilities of both sides allow, and keeping the keys. */
  readonly pairing?: HostPairingOptions;
  /**
   * What agents can show and ask that do not say it themselves, as `""`, KeyboardDisplay, which is the default. Without
   * any agent the host can neither show nor ask.
   */
  readonly io?: AgentCapabilityLike;
  /**
   * How many values may wait for a program that is slower than they come, 1 to 1,048,576: results of each scan, of
   * which the oldest is then dropped (default 256), and values of each subscription, which then ends with
   * QueueOverflowError (default 1024). What comes of it is counted in `dropped`. `capacity` of a scan or a subscription
   * goes before it.
   */
  readonly receiveBuffer?: number;
  /**
   * Whether what was discovered of servers is remembered by their Database Hash, and of bonded ones in any case. Default
   * `"auto"`. Vol 3, Part G, 2.5.2 and 7.3.
   */
  readonly cache?: "auto" | "off";
  /**
   * Whether a link is encrypted or paired, once for each request, when a server asks for more security than it has.
   * Default `"auto"`. Vol 3, Part C, 10.3.2.
   */
  readonly raiseSecurity?: "auto" | "off";
  /**
   * How many Enhanced ATT bearers a link may have beside the fixed one, 0 to 5. They are opened and taken on encrypted
   * links to peers that have them. Default 0. Vol 3, Part G, 5.3.
   */
  readonly enhancedBearers?: number;
  /** Where time comes from. Default: the operating system. */
  readonly clock?: Clock;
  /** Where chance comes from. Default: the operating system. */
  readonly random?: Random;
}

/** What may be changed while the host is open. What is left out stays as it is; of `pairing`, each option for itself. */
export type ConfigureOptions = Pick<
  HostOptions,
  "name" | "appearance" | "mtu" | "addressType" | "privacy" | "pairing" | "io" | "receiveBuffer"
>;

/** The name of a host that is given none. */
export const defaultName = "jelling";

const mostReceiveBuffer = 2 ** 20;

const changeable: readonly string[] = [
  "name",
  "appearance",
  "mtu",
  "addressType",
  "privacy",
  "pairing",
  "io",
  "receiveBuffer",
] satisfies (keyof ConfigureOptions)[];

/**
 * Refuses what is to be changed, before anything is.
 *
 * @param pairing - How the host pairs: what is changed must go with it.
 * @throws {@link TypeError} It cannot be changed, or is of the wrong kind.
 * @throws {@link RangeError} An option is out of its range; the message names it.
 */
export function checkConfigureOptions(options: ConfigureOptions, pairing: HostPairingOptions): void {
  if (typeof options !== "object" || (options as unknown) === null) {
    throw new TypeError('configure: give options such as { name: "lamp" }');
  }
  const other = Object.keys(options).find((name) => !changeable.includes(name));
  if (other !== undefined) {
    throw new TypeError(`configure: "${other}" cannot be changed; what can is ${changeable.join(", ")}`);
  }
  checkHostOptions(options);
  if (options.pairing) checkPairingOptions({ ...pairing, ...present(options.pairing) });
}

const kinds: Readonly<Record<keyof HostOptions, OptionKind>> = {
  name: "text",
  appearance: "number",
  gap: "object",
  mtu: "number",
  addressType: "text",
  randomAddress: "anything",
  acceptParameters: "function",
  acceptSubrating: "object",
  privacy: "text",
  privacyMode: "text",
  addressRotationMs: "number",
  bonds: "object",
  pairing: "object",
  io: "text",
  receiveBuffer: "number",
  cache: "text",
  raiseSecurity: "text",
  enhancedBearers: "number",
  clock: "object",
  random: "object",
  signal: "signal",
};

/**
 * Refuses options before anything has begun.
 *
 * @throws {@link TypeError} There is no such option, or it is of another kind; the message names it.
 * @throws {@link RangeError} An option is out of its range; the message names it.
 * @throws {@link SyntaxError} The address is none.
 */
export function checkHostOptions(options: HostOptions): void {
  checkOptions("Host.open", options, kinds, '{ name: "lamp", mtu: 185 }');
  const { name, mtu, appearance, addressType, randomAddress, acceptSubrating, bonds, pairing } = options;
  const { privacy, privacyMode, addressRotationMs, cache, raiseSecurity, enhancedBearers } = options;
  const { io = "", receiveBuffer } = options;
  checkName(name);
  requireWholeIfGiven("mtu", mtu, defaultMtu, mostMtu);
  requireWholeIfGiven("appearance", appearance, 0, 0xffff);
  requireWholeIfGiven("receiveBuffer", receiveBuffer, 1, mostReceiveBuffer);
  checkSubrating(acceptSubrating);
  if (pairing !== undefined) checkPairingOptions(pairing);
  if (io !== "" && !isCapability(io))
    throw new RangeError(`io: "${String(io)}" is no capability of an agent`);
  requireStore(bonds);
  requireWholeIfGiven("enhancedBearers", enhancedBearers, 0, 5);
  checkSwitch("cache", cache);
  checkSwitch("raiseSecurity", raiseSecurity);
  checkPrivacy(privacy, privacyMode, addressRotationMs);
  checkAddress(addressType, randomAddress);
}

function checkName(name: string | undefined): void {
  if (name === undefined) return;
  const octets = new TextEncoder().encode(name).length;
  if (octets <= mostNameOctets) return;
  throw new RangeError(`name: ${octets} octets of UTF-8 are more than ${mostNameOctets}`);
}

function checkSubrating(acceptSubrating: SubrateRequest | undefined): void {
  if (acceptSubrating === undefined) return;
  const kinds = { minFactor: "number", maxFactor: "number", maxLatency: "number" } as const;
  const more = { continuationNumber: "number", supervisionTimeoutMs: "number" } as const;
  const example = "{ minFactor: 1, maxFactor: 10 }";
  checkOptions("acceptSubrating", acceptSubrating, { ...kinds, ...more }, example);
  subrateParameters(acceptSubrating, "acceptSubrating.");
}

function checkAddress(addressType: string | undefined, randomAddress: Address | string | undefined): void {
  if (addressType !== undefined && !["public", "random"].includes(addressType)) {
    throw new RangeError(`addressType: "${addressType}" is neither "public" nor "random"`);
  }
  if (randomAddress !== undefined && Address.from(randomAddress).kind !== "static") {
    throw new RangeError(
      `randomAddress: ${String(randomAddress)} is no static address, whose two highest bits are 1`,
    );
  }
}

function checkSwitch(name: string, value: string | undefined): void {
  if (value === undefined || value === "auto" || value === "off") return;
  throw new RangeError(`${name}: "${value}" is neither "auto" nor "off"`);
}

function checkPrivacy(
  privacy: string | undefined,
  mode: string | undefined,
  rotationMs: number | undefined,
): void {
  if (privacy !== undefined && !["resolvable", "nonResolvable", "none"].includes(privacy)) {
    throw new RangeError(`privacy: "${privacy}" is none of "resolvable", "nonResolvable", "none"`);
  }
  if (mode !== undefined && !["network", "device"].includes(mode)) {
    throw new RangeError(`privacyMode: "${mode}" is neither "network" nor "device"`);
  }
  requireWholeIfGiven("addressRotationMs", rotationMs, 1_000, 41_400_000);
}

/** @throws {@link TypeError} For programs that no compiler checks. */
function requireStore(store: Partial<BondStore> | undefined): void {
  if (store === undefined) return;
  if (typeof store.load === "function" && typeof store.save === "function") return;
  throw new TypeError("bonds: it is no store with load and save; fileBondStore(path) gives one");
}
