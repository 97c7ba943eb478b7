import { noOctets } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import type { Command, Nothing } from "../../src/hci/command.ts";
import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import type { CommandSet } from "./command-set.ts";
import type { LinkEnd } from "./link-end.ts";

/** How the controller carries out one command. */
export interface CommandHandler {
  readonly opcode: number;
  /** Answers without carrying it out. `parameters`, where they are known, hold the handle that the answer names. */
  refuse(chip: Chip, status: Refusal, parameters?: Uint8Array): void;
  /** Checks, answers, carries out. `parameters` is what follows the command's header. */
  run(chip: Chip, parameters: Uint8Array): void;
}

/** A status that says the command was not carried out. */
export type Refusal = Exclude<Status, typeof Status.Success>;

/** What goes beyond the check of a command. */
export interface Extras<P> {
  /** Done after the answer, and only if it was Success: events come behind it. */
  readonly then?: (chip: Chip, parameters: P) => void;
  /** Where the parameters have octets that are 0 or 1 and nothing else. */
  readonly flagsAt?: readonly number[];
}

/** The same for a command about one link. */
export interface LinkExtras<P> {
  readonly then?: (end: LinkEnd, parameters: P, chip: Chip) => void;
}

/** The answer to a command that returns nothing but its status. */
export const nothing: Nothing = {};

/** A command that Command Complete answers: `handle` gives the return parameters, or the status of a refusal. */
export function completes<P, R extends object>(
  definition: Command<P, R>,
  handle: (chip: Chip, parameters: P) => R | Refusal,
  { then, flagsAt = [] }: Extras<P> = {},
): CommandHandler {
  const { opcode } = definition;
  const refuse = (chip: Chip, status: Status): void => {
    chip.hci.complete(opcode, status);
  };
  return {
    opcode,
    refuse,
    run(chip, octets) {
      const parameters = decoded(definition, octets, flagsAt);
      const outcome =
        parameters === undefined ? Status.InvalidHciCommandParameters : handle(chip, parameters);
      if (typeof outcome === "number") {
        refuse(chip, outcome);
        return;
      }
      chip.hci.complete(opcode, Status.Success, definition.returns?.encode(outcome));
      if (parameters !== undefined) then?.(chip, parameters);
    },
  };
}

/** The same for a command about one link; refusals name its handle too. Vol 4, Part E, 4.5. */
export function completesForLink<P extends { readonly connectionHandle: number }, R extends object>(
  definition: Command<P, R>,
  handle: (end: LinkEnd, parameters: P, chip: Chip) => Omit<R, "connectionHandle"> | Refusal,
  { then }: LinkExtras<P> = {},
): CommandHandler {
  const { opcode } = definition;
  const refuse = (chip: Chip, status: Status, octets: Uint8Array = noOctets): void => {
    const handleOctets = octets.length < 2 ? new Uint8Array(2) : octets.subarray(0, 2);
    chip.hci.complete(opcode, status, handleOctets);
  };
  return {
    opcode,
    refuse,
    run(chip, octets) {
      const parameters = decoded(definition, octets, []);
      const end = parameters && chip.links.get(parameters.connectionHandle);
      const outcome = end ? handle(end, parameters, chip) : missing(parameters);
      if (typeof outcome === "number" || !end) {
        refuse(chip, typeof outcome === "number" ? outcome : Status.UnknownConnectionIdentifier, octets);
        return;
      }
      // Sound: what `handle` leaves out of R is the handle alone.
      const returns = { connectionHandle: end.handle, ...outcome } as unknown as R;
      chip.hci.complete(opcode, Status.Success, definition.returns?.encode(returns));
      then?.(end, parameters, chip);
    },
  };
}

/** A command that is answered only to refuse it. Vol 4, Part E, 7.3.40. */
export function completesIfRefused<P>(
  definition: Command<P, Nothing>,
  handle: (chip: Chip, parameters: P) => Refusal | undefined,
): CommandHandler {
  const { opcode } = definition;
  const refuse = (chip: Chip, status: Status): void => {
    chip.hci.complete(opcode, status);
  };
  return {
    opcode,
    refuse,
    run(chip, octets) {
      const parameters = decoded(definition, octets, []);
      const refusal =
        parameters === undefined ? Status.InvalidHciCommandParameters : handle(chip, parameters);
      if (refusal !== undefined) refuse(chip, refusal);
    },
  };
}

/** A command that Command Status answers with the outcome of `check`; the rest is `then`'s. */
export function defers<P>(
  definition: Command<P, Nothing>,
  check: (chip: Chip, parameters: P) => Status,
  { then, flagsAt = [] }: Extras<P>,
): CommandHandler {
  const { opcode } = definition;
  return {
    opcode,
    refuse(chip, status) {
      chip.hci.status(opcode, status);
    },
    run(chip, octets) {
      const parameters = decoded(definition, octets, flagsAt);
      const status = parameters === undefined ? Status.InvalidHciCommandParameters : check(chip, parameters);
      chip.hci.status(opcode, status);
      if (parameters !== undefined && status === Status.Success) then?.(chip, parameters);
    },
  };
}

/** The same for a command about one link. */
export function defersForLink<P extends { readonly connectionHandle: number }>(
  definition: Command<P, Nothing>,
  check: (end: LinkEnd, parameters: P, chip: Chip) => Status,
  { then }: LinkExtras<P>,
): CommandHandler {
  return defers(
    definition,
    (chip, parameters) => {
      const end = chip.links.get(parameters.connectionHandle);
      if (!end) return Status.UnknownConnectionIdentifier;
      const status = check(end, parameters, chip);
      return status === Status.Success && end.procedures.full ? Status.ControllerBusy : status;
    },
    {
      then(chip, parameters) {
        const end = chip.links.get(parameters.connectionHandle);
        if (end) then?.(end, parameters, chip);
      },
    },
  );
}

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

/** `undefined` when the parameters are too short, too long or out of the range of their fields. */
function decoded<P>(
  definition: Command<P, unknown>,
  octets: Uint8Array,
  flagsAt: readonly number[],
): P | undefined {
  if (flagsAt.some((at) => (octets[at] ?? 0) > 1)) return undefined;
  try {
    return definition.parameters.decode(octets);
  } catch (error) {
    if (error instanceof MalformedPduError) return undefined;
    throw error;
  }
}

function missing(parameters: unknown): Refusal {
  return parameters === undefined ? Status.InvalidHciCommandParameters : Status.UnknownConnectionIdentifier;
}
