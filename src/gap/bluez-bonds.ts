import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { Address } from "../common/address.ts";
import { fromHex, reversed, toHex } from "../common/bytes.ts";
import { JsonPlace } from "../common/json.ts";
import type { Bond, LongTermKey, SigningKey } from "../smp/bond.ts";
import { type BondJson, bondFromJson, bondToJson } from "../smp/bond-json.ts";
import type { ImportedBonds } from "./imported-bonds.ts";

/** Groups of an info file, each with its values. */
type Groups = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What BlueZ numbers the kinds of long term keys by: bit 0 authenticated, bit 1 LE Secure Connections; 4 is the debug key. */
const debugKey = 4;

const identityPattern = /^(?:[0-9A-F]{2}:){5}[0-9A-F]{2}$/i;

/**
 * The bonds of an adapter of BlueZ, from its folder: `/var/lib/bluetooth/<adapter>`, which only root may read.
 *
 * They are of use to a host with the address of that adapter, on the controller that it was; BlueZ must not use it at
 * the same time. Devices without LE keys are left out.
 *
 * @throws {@link SyntaxError} A file is none of BlueZ's; the message names it.
 */
export async function bluezBonds(folder: string): Promise<ImportedBonds> {
  const names = (await readdir(folder)).filter((name) => identityPattern.test(name)).sort();
  const bonds: BondJson[] = [];
  for (const name of names) {
    const text = await textOf(join(folder, name, "info"));
    const bond = text === undefined ? undefined : bluezBond(text, name);
    if (bond) bonds.push(bond);
  }
  const identity = await textOf(join(folder, "identity"));
  const irk = identity && groupsOf(identity).get("General")?.get("IdentityResolvingKey");
  return { irk: irk ? toHex(keyOf(irk, `${basename(folder)}/identity`)) : undefined, bonds };
}

/**
 * The bond that an info file of BlueZ holds; `undefined` when it has no LE keys, or only a debug key.
 *
 * @param info - The text of the file.
 * @param name - The name of its folder: the address of the device, `C0:FF:EE:00:00:01`.
 * @throws {@link SyntaxError} It is none.
 */
export function bluezBond(info: string, name: string): BondJson | undefined {
  const groups = groupsOf(info);
  const central = longTermKey(groups, ["LongTermKey"], name);
  const peripheral = longTermKey(groups, ["PeripheralLongTermKey", "SlaveLongTermKey"], name);
  // Of LE Secure Connections there is one key for both roles, which stands in either group.
  const shared = [central, peripheral].find((key) => key?.secureConnections);
  const bond: Bond = {
    identity: identityOf(groups, name),
    irk: irkOf(groups, name),
    centralKey: shared ?? central,
    peripheralKey: shared ?? peripheral,
    localSigning: signingKey(groups, "LocalSignatureKey", name),
    peerSigning: signingKey(groups, "RemoteSignatureKey", name),
  };
  return bond.centralKey || bond.peripheralKey ? bondToJson(bond) : undefined;
}

/**
 * A bond as an info file of BlueZ: for `/var/lib/bluetooth/<adapter>/<device>/info`, in place while BlueZ is stopped.
 *
 * @throws {@link SyntaxError} The bond is none.
 */
export function toBluezInfo(json: BondJson): string {
  const bond = bondFromJson(new JsonPlace(json, "bond"));
  const { identity, irk, centralKey, peripheralKey, localSigning, peerSigning } = bond;
  const type = identity.type === "public" ? "public" : "static";
  const shared = peripheralKey?.secureConnections ? peripheralKey : undefined;
  return [
    group("General", [
      ["AddressType", type],
      ["SupportedTechnologies", "LE;"],
    ]),
    irk && group("IdentityResolvingKey", [["Key", digits(irk)]]),
    !shared && centralKey && group("LongTermKey", longTermKeyLines(centralKey)),
    // Both names: BlueZ has changed it and reads either.
    peripheralKey && group("PeripheralLongTermKey", longTermKeyLines(peripheralKey)),
    peripheralKey && group("SlaveLongTermKey", longTermKeyLines(peripheralKey)),
    localSigning && group("LocalSignatureKey", signingKeyLines(localSigning)),
    peerSigning && group("RemoteSignatureKey", signingKeyLines(peerSigning)),
  ]
    .filter((text) => typeof text === "string")
    .join("\n");
}

function identityOf(groups: Groups, name: string): Address {
  const type = groups.get("General")?.get("AddressType") ?? "public";
  if (!identityPattern.test(name) || (type !== "public" && type !== "static")) {
    throw new SyntaxError(`${name}: no identity address, public or static`);
  }
  return Address.parse(`${name}/${type === "public" ? "public" : "random"}`);
}

function irkOf(groups: Groups, name: string): Uint8Array | undefined {
  const key = groups.get("IdentityResolvingKey")?.get("Key");
  return key === undefined ? undefined : keyOf(key, name);
}

function longTermKey(groups: Groups, names: readonly string[], device: string): LongTermKey | undefined {
  const values = names.map((name) => groups.get(name)).find((found) => found !== undefined);
  const key = values?.get("Key");
  if (!values || key === undefined) return undefined;
  const kind = whole(values.get("Authenticated") ?? "0", debugKey, device);
  if (kind === debugKey) return undefined;
  return {
    key: keyOf(key, device),
    ediv: whole(values.get("EDiv") ?? "0", 0xffff, device),
    rand: randOf(values.get("Rand") ?? "0", device),
    keySize: Math.max(whole(values.get("EncSize") ?? "16", 16, device), 7),
    authenticated: (kind & 1) === 1,
    secureConnections: (kind & 2) === 2,
  };
}

function signingKey(groups: Groups, name: string, device: string): SigningKey | undefined {
  const values = groups.get(name);
  const key = values?.get("Key");
  if (!values || key === undefined) return undefined;
  return {
    key: keyOf(key, device),
    counter: whole(values.get("Counter") ?? "0", 0xffff_ffff, device),
    authenticated: ["true", "1"].includes(values.get("Authenticated") ?? "false"),
  };
}

function longTermKeyLines(value: LongTermKey): Lines {
  const { key, ediv, rand, keySize, authenticated, secureConnections } = value;
  return [
    ["Key", digits(key)],
    ["Authenticated", String((authenticated ? 1 : 0) | (secureConnections ? 2 : 0))],
    ["EncSize", String(keySize)],
    ["EDiv", String(ediv)],
    ["Rand", BigInt(`0x${toHex(rand)}`).toString()],
  ];
}

function signingKeyLines({ key, counter, authenticated }: SigningKey): Lines {
  return [
    ["Key", digits(key)],
    ["Counter", String(counter)],
    ["Authenticated", String(authenticated)],
  ];
}

type Lines = readonly (readonly [name: string, value: string])[];

function group(name: string, lines: Lines): string {
  return [`[${name}]`, ...lines.map(([key, value]) => `${key}=${value}`), ""].join("\n");
}

/** The form of GLib's key files, as far as BlueZ uses it. */
function groupsOf(text: string): Groups {
  const groups = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const [, name] = /^\[(.+)\]\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      current = groups.get(name) ?? new Map<string, string>();
      groups.set(name, current);
      continue;
    }
    const equals = line.indexOf("=");
    if (current && equals > 0 && !line.startsWith("#")) {
      current.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
    }
  }
  return groups;
}

/** BlueZ writes keys in the order of the air, least significant octet first. */
function digits(key: Uint8Array): string {
  return toHex(reversed(key)).toUpperCase();
}

function keyOf(text: string, device: string): Uint8Array {
  const bare = text.replace(/^0x/i, "");
  if (!/^[0-9a-f]{32}$/i.test(bare)) throw new SyntaxError(`${device}: a key is not 16 octets of hex`);
  return reversed(fromHex(bare));
}

function randOf(text: string, device: string): Uint8Array {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) >= 2n ** 64n) {
    throw new SyntaxError(`${device}: Rand is no number of 64 bits`);
  }
  return fromHex(BigInt(text).toString(16).padStart(16, "0"));
}

function whole(text: string, most: number, device: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) throw new SyntaxError(`${device}: a number is not within 0 to ${most}`);
  return value;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
