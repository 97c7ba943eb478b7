import {
  type AgentCapability,
  CanceledError,
  type Connection,
  type Host,
  type PairingAgent,
  RejectedError,
} from "../index.ts";
import {
  _IRQ_PASSKEY_ACTION,
  _PASSKEY_ACTION_DISPLAY,
  _PASSKEY_ACTION_INPUT,
  _PASSKEY_ACTION_NUMERIC_COMPARISON,
} from "./constants.ts";
import type { Irq } from "./irq.ts";
import type { Links } from "./links.ts";
import { OSError, requireWithin } from "./os-error.ts";

/** A question of a pairing that `gap_passkey` answers. */
interface Question {
  readonly action: number;
  readonly answer: (passkey: number) => void;
}

const mostPasskey = 999_999;

/** `gap_pair` and `gap_passkey`: an agent that asks through events. */
export class Pairing {
  readonly #host: Host;
  readonly #links: Links;
  readonly #irq: Irq;
  readonly #questions = new Map<Connection, Question>();
  readonly #pairing = new Set<Connection>();
  readonly #agent: PairingAgent;
  #registered: (Disposable & { readonly capability: AgentCapability }) | undefined;

  constructor(host: Host, links: Links, irq: Irq) {
    this.#host = host;
    this.#links = links;
    this.#irq = irq;
    this.#agent = {
      requestPasskey: (device, signal) => this.#ask(device, _PASSKEY_ACTION_INPUT, 0, signal),
      choosePasskey: (device, signal) => this.#ask(device, _PASSKEY_ACTION_DISPLAY, 0, signal),
      displayPasskey: () => undefined, // the program has made it, and shows it
      requestConfirmation: async (device, passkey, signal) => {
        const action = _PASSKEY_ACTION_NUMERIC_COMPARISON;
        if ((await this.#ask(device, action, Number(passkey), signal)) === 0)
          throw new RejectedError("the numbers are not the same");
      },
      requestAuthorization: () => undefined, // MicroPython asks nobody
    };
  }

  /** Says what the program can show and ask from now on. */
  become(capability: AgentCapability): void {
    if (this.#registered?.capability === capability) return;
    this.#registered?.[Symbol.dispose]();
    this.#registered = Object.assign(this.#host.agents.register(this.#agent, capability), { capability });
  }

  /** @throws {@link OSError} EALREADY: that link is being paired. */
  pair(conn_handle: number): void {
    const connection = this.#links.get(conn_handle);
    if (this.#pairing.has(connection)) throw new OSError("EALREADY", "that connection is being paired");
    this.#pairing.add(connection);
    const told = this.#links.protectionTold(connection);
    const over = (): void => {
      this.#pairing.delete(connection);
      // Where nothing has changed no event has told so: the link was as good before, or could not be made better.
      if (connection.connected && this.#links.protectionTold(connection) === told)
        this.#links.tellProtection(connection);
    };
    connection.pair().then(over, over);
  }

  /**
   * Answers `_IRQ_PASSKEY_ACTION`.
   *
   * @throws {@link OSError} ENOENT: nothing was asked; EINVAL: something else was.
   */
  passkey(conn_handle: number, action: number, passkey: number): void {
    const connection = this.#links.get(conn_handle);
    const question = this.#questions.get(connection);
    if (!question) throw new OSError("ENOENT", "nothing was asked about that connection");
    if (question.action !== action)
      throw new OSError("EINVAL", `action ${question.action} was asked for, not ${action}`);
    requireWithin("passkey", passkey, 0, mostPasskey);
    this.#questions.delete(connection);
    question.answer(passkey);
  }

  #ask(device: Connection, action: number, passkey: number, signal: AbortSignal): Promise<number> {
    return new Promise((answer, refuse) => {
      const question = { action, answer };
      this.#questions.set(device, question);
      signal.addEventListener("abort", () => {
        if (this.#questions.get(device) === question) this.#questions.delete(device);
        refuse(new CanceledError("the pairing is over"));
      });
      // Here and now, while there is somebody to answer.
      this.#irq.deliverInTurn(_IRQ_PASSKEY_ACTION, [device.handle, action, passkey]);
    });
  }
}
