import { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import type { Command, Nothing } from "../hci/command.ts";
import type { OnConnection } from "../hci/commands/on-connection.ts";
import { HciError } from "../hci/error.ts";
import type { Event } from "../hci/event.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";

/** An event that names its connection, and may tell whether it went well. */
export interface LinkEvent {
  readonly connectionHandle: number;
  readonly status?: number;
}

interface Question {
  readonly opcode: number;
  readonly ask: () => void;
  readonly done: (outcome: LinkEvent | BleError) => void;
}

/**
 * Commands that the controller answers with an event of the connection later on. Two of one kind on one connection wait
 * for each other, or nobody could tell whose answer came.
 */
export class LinkQuestions {
  readonly #hci: Hci;
  /** By event and connection handle; the first of each line has been asked. */
  readonly #lines = new Map<string, Question[]>();

  constructor(hci: Hci) {
    this.#hci = hci;
  }

  /** Sends `command` when those before it were answered; `done` gets the event, or why there is none. */
  ask<P extends OnConnection, T extends LinkEvent>(
    command: Command<P, Nothing>,
    parameters: P,
    event: Event<T>,
    done: Done<T>,
  ): void {
    const key = keyOf(event, parameters.connectionHandle);
    const line = this.#lines.get(key) ?? [];
    this.#lines.set(key, line);
    line.push({
      opcode: command.opcode,
      ask: () => {
        this.#hci.send(command, parameters, (outcome) => {
          if (outcome instanceof BleError) this.#settle(key, outcome);
        });
      },
      done: done as Question["done"], // the line of an event is asked for that event alone
    });
    if (line.length === 1) line[0]?.ask();
  }

  /** An event has come; it may be the answer to something. */
  answered<T extends LinkEvent>(event: Event<T>, parameters: T): void {
    const key = keyOf(event, parameters.connectionHandle);
    const [question] = this.#lines.get(key) ?? [];
    const { status = Status.Success } = parameters;
    if (question)
      this.#settle(key, status === Status.Success ? parameters : new HciError(status, question.opcode));
  }

  /** The link is gone: nothing will be answered. */
  disconnected(connectionHandle: number, reason: BleError): void {
    for (const [key, line] of [...this.#lines]) {
      if (!key.endsWith(`/${connectionHandle}`)) continue;
      this.#lines.delete(key);
      for (const { done } of line) done(reason);
    }
  }

  #settle(key: string, outcome: LinkEvent | BleError): void {
    const line = this.#lines.get(key);
    const question = line?.shift();
    if (line?.length === 0) this.#lines.delete(key);
    else line?.[0]?.ask();
    question?.done(outcome);
  }
}

function keyOf(
  { code, subevent }: Pick<Event<unknown>, "code" | "subevent">,
  connectionHandle: number,
): string {
  return `${code}.${subevent ?? 0}/${connectionHandle}`;
}
