import type { Command } from "../command.ts";
import * as controllerBaseband from "./controller-baseband.ts";
import * as informational from "./informational.ts";
import * as leAdvertising from "./le-advertising.ts";
import * as leConnection from "./le-connection.ts";
import * as leController from "./le-controller.ts";
import * as leEncryption from "./le-encryption.ts";
import * as leExtendedAdvertising from "./le-extended-advertising.ts";
import * as leExtendedConnection from "./le-extended-connection.ts";
import * as leExtendedScanning from "./le-extended-scanning.ts";
import * as leFilterAcceptList from "./le-filter-accept-list.ts";
import * as lePeriodicAdvertising from "./le-periodic-advertising.ts";
import * as lePeriodicSync from "./le-periodic-sync.ts";
import * as lePeriodicSyncTransfer from "./le-periodic-sync-transfer.ts";
import * as lePower from "./le-power.ts";
import * as leResolvingList from "./le-resolving-list.ts";
import * as leScanning from "./le-scanning.ts";
import * as leSubrating from "./le-subrating.ts";
import * as linkControl from "./link-control.ts";
import * as statusParameters from "./status-parameters.ts";

/** Every command with a definition. For decoders: the stack itself imports the commands it sends. */
export const commands: readonly Command<unknown, unknown>[] = [
  linkControl,
  controllerBaseband,
  informational,
  statusParameters,
  leController,
  leAdvertising,
  leScanning,
  leConnection,
  leFilterAcceptList,
  leEncryption,
  leResolvingList,
  leExtendedAdvertising,
  lePeriodicAdvertising,
  leExtendedScanning,
  leExtendedConnection,
  lePeriodicSync,
  lePeriodicSyncTransfer,
  lePower,
  leSubrating,
].flatMap((file) => Object.values<Command<unknown, unknown>>(file));

const byOpcode = new Map(commands.map((command) => [command.opcode, command]));

/** The definition of a command, if there is one. */
export function commandByOpcode(opcode: number): Command<unknown, unknown> | undefined {
  return byOpcode.get(opcode);
}
