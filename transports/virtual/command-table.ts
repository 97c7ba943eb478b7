import { supportedCommandBit } from "../../src/hci/supported-commands.ts";
import type { CommandHandler } from "./command-handler.ts";
import { controllerBaseband } from "./commands/controller-baseband.ts";
import { informational } from "./commands/informational.ts";
import { leAdvertising } from "./commands/le-advertising.ts";
import { leChannelMap } from "./commands/le-channel-map.ts";
import { leConnection } from "./commands/le-connection.ts";
import { leCreateConnection } from "./commands/le-create-connection.ts";
import { leExtendedAdvertising } from "./commands/le-extended-advertising.ts";
import { leExtendedScanning } from "./commands/le-extended-scanning.ts";
import { lePeriodicAdvertising } from "./commands/le-periodic-advertising.ts";
import { lePeriodicSync } from "./commands/le-periodic-sync.ts";
import { lePeriodicSyncTransfer } from "./commands/le-periodic-sync-transfer.ts";
import { leResolvingList } from "./commands/le-resolving-list.ts";
import { leController } from "./commands/le-controller.ts";
import { leDataLength } from "./commands/le-data-length.ts";
import { leEncryption } from "./commands/le-encryption.ts";
import { leFilterAcceptList } from "./commands/le-filter-accept-list.ts";
import { leP256 } from "./commands/le-p256.ts";
import { lePhy } from "./commands/le-phy.ts";
import { lePower } from "./commands/le-power.ts";
import { leScanning } from "./commands/le-scanning.ts";
import { leSubrating } from "./commands/le-subrating.ts";
import { linkControl } from "./commands/link-control.ts";
import { claims, knows } from "./profiles.ts";
import type { Settings } from "./settings.ts";

const handlers: readonly CommandHandler[] = [
  ...linkControl,
  ...controllerBaseband,
  ...informational(({ settings }) => commandsOf(settings).supported),
  ...leController,
  ...leAdvertising,
  ...leScanning,
  ...leFilterAcceptList,
  ...leCreateConnection,
  ...leExtendedAdvertising,
  ...leExtendedScanning,
  ...lePeriodicAdvertising,
  ...lePeriodicSync,
  ...lePeriodicSyncTransfer,
  ...leResolvingList,
  ...leConnection,
  ...leDataLength,
  ...leChannelMap,
  ...leEncryption,
  ...leP256,
  ...lePhy,
  ...lePower,
  ...leSubrating,
];

/** Every command a virtual controller knows, by its opcode. */
export const commandTable: ReadonlyMap<number, CommandHandler> = new Map(
  handlers.map((handler) => [handler.opcode, handler]),
);

/** The commands of one kind of controller. */
export interface KnownCommands {
  /** What it carries out, by its opcode. */
  readonly handlers: ReadonlyMap<number, CommandHandler>;
  /** What Read Local Supported Commands says. Vol 4, Part E, 6.27. */
  readonly supported: Uint8Array;
}

const known = new WeakMap<Settings, KnownCommands>();

/** What a controller knows of {@link commandTable}, and what it says of it. */
export function commandsOf(settings: Settings): KnownCommands {
  const { profile, leFeatures } = settings;
  const existing = known.get(settings);
  if (existing) return existing;
  const commands = {
    handlers: new Map([...commandTable].filter(([opcode]) => knows(profile, leFeatures, opcode))),
    supported: bitsOf([...commandTable.keys()].filter((opcode) => claims(profile, leFeatures, opcode))),
  };
  known.set(settings, commands);
  return commands;
}

function bitsOf(opcodes: readonly number[]): Uint8Array {
  const octets = new Uint8Array(64);
  for (const opcode of opcodes) {
    const bit = supportedCommandBit(opcode);
    if (bit !== undefined) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  return octets;
}
