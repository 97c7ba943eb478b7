import { once } from "node:events";
import { CanceledError, RejectedError } from "../agent-error.ts";
import { type AgentCapabilityLike, type PairingAgent, passkeyNumber } from "../agent.ts";
import type { Connection } from "../connection.ts";

/** Where a {@link TerminalAgent} reads and writes. */
export interface TerminalOptions {
  /** Default: the process's standard input. */
  readonly input?: NodeJS.ReadableStream;
  /** Default: the process's standard output. */
  readonly output?: NodeJS.WritableStream;
  /** Default `""`, KeyboardDisplay. */
  readonly capability?: AgentCapabilityLike;
}

/** Asks whoever sits at the terminal. Questions wait for each other; one that is called off is taken back. */
export class TerminalAgent implements PairingAgent {
  readonly capability: AgentCapabilityLike;
  readonly #input: NodeJS.ReadableStream;
  readonly #output: NodeJS.WritableStream;
  #line: Promise<unknown> = Promise.resolve();

  constructor({ input = process.stdin, output = process.stdout, capability = "" }: TerminalOptions = {}) {
    this.capability = capability;
    this.#input = input;
    this.#output = output;
  }

  async requestPasskey(device: Connection, signal: AbortSignal): Promise<number> {
    const typed = (await this.#ask(`${nameOf(device)} shows a passkey; type it: `, signal)).replaceAll(
      " ",
      "",
    );
    return passkeyNumber(typed);
  }

  displayPasskey(device: Connection, passkey: string, entered: number): void {
    if (entered === 0) this.#say(`Type at ${nameOf(device)}: ${grouped(passkey)}`);
    else this.#say(`  ${"*".repeat(entered)}`);
  }

  async requestConfirmation(device: Connection, passkey: string, signal: AbortSignal): Promise<void> {
    await this.#requireYes(`Does ${nameOf(device)} show ${grouped(passkey)}?`, signal);
  }

  async requestAuthorization(device: Connection, signal: AbortSignal): Promise<void> {
    await this.#requireYes(`May ${nameOf(device)} pair? Nobody can tell whether it is what it says.`, signal);
  }

  async authorizeService(device: Connection, uuid: string, signal: AbortSignal): Promise<void> {
    await this.#requireYes(`May ${nameOf(device)} use service ${uuid}?`, signal);
  }

  cancel(): void {
    this.#say("(pairing: over)");
  }

  async #requireYes(question: string, signal: AbortSignal): Promise<void> {
    const answer = await this.#ask(`${question} (yes/no) `, signal);
    if (!/^y(es)?$/i.test(answer.trim())) throw new RejectedError("the answer was no");
  }

  /** One question at a time, however many links pair. */
  async #ask(question: string, signal: AbortSignal): Promise<string> {
    const asked = this.#line.then(async () => {
      signal.throwIfAborted();
      const { createInterface } = await import("node:readline/promises"); // few programs have a person to ask
      const reader = createInterface({ input: this.#input, output: this.#output });
      const ended = once(reader, "close").then((): never => {
        throw new CanceledError("there is nobody at the terminal any more");
      });
      try {
        return await Promise.race([reader.question(question, { signal }), ended]);
      } finally {
        ended.catch(() => undefined); // closing it here is the usual end
        reader.close();
      }
    });
    this.#line = asked.catch(() => undefined);
    return asked;
  }

  #say(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

/** In two groups, as people read them. */
function grouped(passkey: string): string {
  return `${passkey.slice(0, 3)} ${passkey.slice(3)}`;
}

function nameOf(device: Connection): string {
  return device.peerAddress.toString();
}
