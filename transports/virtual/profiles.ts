import { CoreVersion, featuresOf, hasCommand } from "./core-version.ts";
import { featuresAllow } from "./command-features.ts";
import { leFeatures, leStates, lmpFeatures, version } from "./identity.ts";
import { type VirtualControllerOptions, type VirtualProfile, virtualProfiles } from "./controller-options.ts";

/** Commands: the first opcode, and how many there are in a row. */
type Commands = readonly (readonly [first: number, count: number])[];

/** What makes a kind of controller. */
export interface Profile {
  /** By which the commands, events and features that it has are chosen; what it says may be another. */
  readonly core: CoreVersion;
  /** Commands that it lacks all the same. */
  readonly lacks: Commands;
  /** Up to which version it claims to support commands, whether it knows them or not; absent: it is honest. */
  readonly pretends?: CoreVersion;
  /** Commands that it knows and does not say it supports. */
  readonly conceals: Commands;
  /** The LMP features. Vol 2, Part C, 3.3. */
  readonly lmpFeatures: Uint8Array;
  /** The combinations of states. Vol 4, Part E, 7.8.27. */
  readonly leStates: Uint8Array;
  /** Who made it. Vol 4, Part E, 7.4.1. */
  readonly companyIdentifier: number;
  readonly subversion: number;
  /** What its options are unless they are given. */
  readonly options: VirtualControllerOptions;
}

/** LE Supported, and BR/EDR. Vol 2, Part C, 3.3. */
const dualMode = Uint8Array.of(0, 0, 0, 0, 0x40, 0, 0, 0);
/** Without low duty cycle directed advertising, and without a peripheral that is also something else. */
const leStates40 = Uint8Array.of(0xff, 0xff, 0xff, 0x1f, 0, 0, 0, 0);
/** As Assigned Numbers, 7.1, has Cambridge Silicon Radio, whose chips are the ones imitated. */
const oftenImitated = 0x000a;

const plain = {
  lacks: [],
  conceals: [],
  lmpFeatures,
  leStates,
  companyIdentifier: version.companyIdentifier,
  subversion: version.subversion,
} satisfies Partial<Profile>;

const profiles: Readonly<Record<VirtualProfile, Profile>> = {
  "4.0": {
    ...plain,
    core: CoreVersion.V4_0,
    leStates: leStates40,
    options: {
      version: CoreVersion.V4_0,
      aclOctets: 27,
      aclPackets: 8,
      connections: 16,
      acceptListSize: 8,
      resolvingListSize: 0,
      dataOctets: 27,
    },
  },
  "4.2": {
    ...plain,
    core: CoreVersion.V4_2,
    options: { version: CoreVersion.V4_2, aclPackets: 8, connections: 16, resolvingListSize: 8 },
  },
  "5.0": {
    ...plain,
    core: CoreVersion.V5_0,
    options: { version: CoreVersion.V5_0, advertisingDataOctets: 251, scanDataOctets: 251 },
  },
  "5.4": { ...plain, core: CoreVersion.V5_4, options: {} },
  small: {
    ...plain,
    core: CoreVersion.V5_4,
    options: {
      aclOctets: 27,
      aclPackets: 3,
      connections: 1,
      acceptListSize: 1,
      resolvingListSize: 0,
      advertisingSets: 1,
      advertisingDataOctets: 31,
      scanDataOctets: 31,
      periodicSyncs: 1,
      periodicAdvertiserListSize: 1,
      dataOctets: 27,
    },
  },
  "clone dongle": {
    ...plain,
    core: CoreVersion.V4_0,
    lacks: [
      [0x0c2d, 1], // Read Transmit Power Level
      [0x0c31, 1], // Set Controller To Host Flow Control
      [0x0c33, 1], // Host Buffer Size
      [0x0c35, 1], // Host Number Of Completed Packets
      [0x0c63, 1], // Set Event Mask Page 2
      [0x1405, 1], // Read RSSI
      [0x2007, 1], // LE Read Advertising Physical Channel Tx Power
      [0x2014, 2], // LE Set Host Channel Classification, LE Read Channel Map
      [0x201c, 4], // LE Read Supported States, the tests
    ],
    pretends: CoreVersion.V4_2,
    conceals: [
      [0x041d, 1], // Read Remote Version Information
      [0x2010, 1], // LE Clear Filter Accept List
      [0x2017, 2], // LE Encrypt, LE Rand
    ],
    lmpFeatures: dualMode,
    leStates: leStates40,
    companyIdentifier: oftenImitated,
    subversion: 0x22bb,
    options: {
      version: CoreVersion.V4_2,
      aclOctets: 310,
      aclPackets: 4,
      leBufferSizeZero: true,
      connections: 4,
      acceptListSize: 4,
      resolvingListSize: 0,
      dataOctets: 27,
    },
  },
};

/** @throws {@link RangeError} There is none of that name. */
export function profileOf(name: VirtualProfile): Profile {
  const profile = (profiles as Readonly<Partial<Record<string, Profile>>>)[name];
  if (!profile) throw new RangeError(`profile is one of ${virtualProfiles.join(", ")}: ${name}`);
  return profile;
}

/**
 * Whether a controller of that kind with these LE features carries out a command, if virtual controllers do at all.
 */
export function knows({ core, lacks }: Profile, leFeatures: Uint8Array, opcode: number): boolean {
  return hasCommand(core, opcode) && !includes(lacks, opcode) && featuresAllow(leFeatures, opcode);
}

/** Whether it says that it does. Vol 4, Part E, 6.27. */
export function claims(profile: Profile, leFeatures: Uint8Array, opcode: number): boolean {
  if (includes(profile.conceals, opcode)) return false;
  return profile.pretends === undefined
    ? knows(profile, leFeatures, opcode)
    : hasCommand(profile.pretends, opcode);
}

/** The LE features of a kind of controller. The caller *owns* them. Vol 6, Part B, 4.6. */
export function featuresOfProfile({ core }: Profile): Uint8Array {
  return featuresOf(core, leFeatures);
}

function includes(commands: Commands, opcode: number): boolean {
  return commands.some(([first, count]) => opcode >= first && opcode < first + count);
}
