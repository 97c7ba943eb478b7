import { supportedCommandBit } from "../../src/hci/supported-commands.ts";
import type { CommandHandler } from "./command-handler.ts";
import { controllerBaseband } from "./commands/controller-baseband.ts";
import { informational } from "./commands/informational.ts";
import { leAdvertising } from "./commands/le-advertising.ts";
import { leConnection } from "./commands/le-connection.ts";
import { leController } from "./commands/le-controller.ts";
import { leDataLength } from "./commands/le-data-length.ts";
import { leFilterAcceptList } from "./commands/le-filter-accept-list.ts";
import { leScanning } from "./commands/le-scanning.ts";
import { linkControl } from "./commands/link-control.ts";

const handlers: readonly CommandHandler[] = [
  ...linkControl,
  ...controllerBaseband,
  ...informational(() => supportedCommands),
  ...leController,
  ...leAdvertising,
  ...leScanning,
  ...leFilterAcceptList,
  ...leConnection,
  ...leDataLength,
];

/** Every command a virtual controller knows, by its opcode. */
export const commandTable: ReadonlyMap<number, CommandHandler> = new Map(
  handlers.map((handler) => [handler.opcode, handler]),
);

/** What Read Local Supported Commands says: the bits of what is in the table and of nothing else. */
const supportedCommands = new Uint8Array(64);
for (const { opcode } of handlers) {
  const bit = supportedCommandBit(opcode);
  if (bit !== undefined) supportedCommands[bit >> 3] = (supportedCommands[bit >> 3] ?? 0) | (1 << (bit & 7));
}
