import { Status } from "../../src/hci/status.ts";
import type { CommandHandler } from "./command-handler.ts";

/** Which of the two sets of commands a host advertises, scans and connects with. Vol 4, Part E, 3.1.1. */
export type CommandSet = "legacy" | "extended";

/** The same commands, refused once the host has used one of the other set since reset. Vol 4, Part E, 3.1.1. */
export function ofSet(set: CommandSet, handlers: readonly CommandHandler[]): readonly CommandHandler[] {
  return handlers.map((handler) => ({
    ...handler,
    run(chip, parameters) {
      chip.commandSet ??= set;
      if (chip.commandSet === set) handler.run(chip, parameters);
      else handler.refuse(chip, Status.CommandDisallowed, parameters);
    },
  }));
}
