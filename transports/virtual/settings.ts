import type { Address } from "../../src/common/address.ts";
import { checkOptions, type OptionKind } from "../../src/common/options.ts";
import { checkOctets, checkWithin } from "./range-check.ts";
import { publicAddress } from "./device-address.ts";
import { core54, txPowerRange } from "./identity.ts";
import { LeFeature, setFeature } from "./le-feature.ts";
import type { VirtualControllerOptions } from "./controller-options.ts";
import { featuresOfProfile, type Profile, profileOf } from "./profiles.ts";

/** All of {@link VirtualControllerOptions}, decided. */
export type Settings = Required<Omit<VirtualControllerOptions, "address" | "profile">> & {
  readonly profile: Profile;
  readonly address: Address;
  /** The first connection handle this controller gives, a different one for each of an air. */
  readonly firstHandle: number;
  /** Which controller of its air it is, from 1. */
  readonly index: number;
};

/** What the options that are whole numbers are by default, at least and at most. */
const numbers = {
  aclPackets: [12, 1, 255],
  aclOctets: [251, 27, 65_535],
  commandPackets: [1, 1, 255],
  connections: [64, 1, 1024],
  acceptListSize: [16, 1, 255],
  resolvingListSize: [16, 0, 255],
  advertisingSets: [4, 1, 240],
  advertisingDataOctets: [1650, 31, 1650],
  scanDataOctets: [1650, 31, 1650],
  periodicSyncs: [8, 1, 255],
  periodicAdvertiserListSize: [8, 1, 255],
  dataOctets: [251, 27, 251],
  rssi: [-50, -127, 20],
  txPower: [0, txPowerRange.least, txPowerRange.greatest],
  sensitivity: [-95, -127, 20],
  version: [core54, 0x06, 0xff],
  creditDelayMs: [0, 0, 60_000],
} as const satisfies Partial<Record<keyof VirtualControllerOptions, readonly [number, number, number]>>;

const kinds: Readonly<Record<keyof VirtualControllerOptions, OptionKind>> = {
  ...(Object.fromEntries(Object.keys(numbers).map((name) => [name, "number"])) as Record<
    keyof typeof numbers,
    "number"
  >),
  profile: "text",
  address: "anything",
  leBufferSizeZero: "boolean",
  leFeatures: "anything",
};

type NumberName = keyof typeof numbers;

/**
 * Fills in the defaults: those of the profile, then those of all controllers.
 *
 * @param index - Which controller of its air it is, from 1.
 * @throws {@link RangeError} An option is out of its range; the message names it.
 */
export function settingsOf(given: VirtualControllerOptions, index: number): Settings {
  checkOptions("controller", given, kinds, '{ profile: "4.2", rssi: -70 }');
  const profile = profileOf(given.profile ?? "5.4");
  const options = { ...profile.options, ...given };
  return {
    ...numbersIn(options),
    profile,
    address: publicAddress(options.address, index),
    leBufferSizeZero: options.leBufferSizeZero ?? false,
    leFeatures: featuresIn(options, profile),
    index,
    // A host that mixes up its own handle with its peer's shall not get away with it.
    firstHandle: (index * 0x40) % 0xe00,
  };
}

/** What is told is done: no more than the profile has, and no privacy without a resolving list. Vol 6, Part B, 4.6. */
function featuresIn(
  { leFeatures, resolvingListSize }: VirtualControllerOptions,
  profile: Profile,
): Uint8Array {
  const features = featuresOfProfile(profile);
  if (leFeatures) {
    checkOctets("leFeatures", leFeatures, features.length);
    for (let i = 0; i < features.length; i++) features[i] = (features[i] ?? 0) & (leFeatures[i] ?? 0);
  }
  if (resolvingListSize === 0) setFeature(features, LeFeature.LlPrivacy, false);
  return features;
}

function numbersIn(options: VirtualControllerOptions): Readonly<Record<NumberName, number>> {
  const chosen: Partial<Record<NumberName, number>> = {};
  for (const name of Object.keys(numbers) as NumberName[]) {
    const [otherwise, least, most] = numbers[name];
    const value = options[name] ?? otherwise;
    checkWithin(name, value, least, most);
    chosen[name] = value;
  }
  return chosen as Record<NumberName, number>;
}
