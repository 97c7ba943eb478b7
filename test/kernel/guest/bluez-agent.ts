import type { Bluez } from "./bluez.ts";
import { Interface } from "./bluez.ts";
import type { Plain } from "./bridge.ts";

/** What BlueZ's agent is asked and told, and how it answers. */
export interface AgentScript {
  readonly capability:
    "DisplayOnly" | "DisplayYesNo" | "KeyboardOnly" | "NoInputNoOutput" | "KeyboardDisplay";
  /** The passkey that somebody types here; none where nobody does. */
  readonly passkey?: () => Promise<number>;
  /** Whether the number shown is the right one. Default: always. */
  readonly confirm?: (passkey: number) => boolean | Promise<boolean>;
  /** Somebody is to type this at the other side. */
  readonly show?: (passkey: number) => void;
}

const path = "/jelling/agent";
const rejected = "org.bluez.Error.Rejected";

/** An agent of BlueZ that follows a script; ends with its disposal. */
export class BluezAgent implements AsyncDisposable {
  /** The methods that were called. */
  readonly calls: string[] = [];
  readonly #bluez: Bluez;
  readonly #script: AgentScript;
  readonly #off: () => void;
  #ended = false;

  private constructor(bluez: Bluez, script: AgentScript) {
    this.#bluez = bluez;
    this.#script = script;
    this.#off = bluez.bridge.listen((event) => {
      if (event.event === "told") this.#told(event.method, event.arguments);
      if (event.event === "asked") void this.#asked(event.question, event.method, event.arguments);
    });
  }

  static async register(bluez: Bluez, script: AgentScript): Promise<BluezAgent> {
    await bluez.bridge.request("agent", { path });
    const agent = new BluezAgent(bluez, script);
    const { AgentManager } = Interface;
    const { capability } = script;
    await bluez.call("/org/bluez", AgentManager, "RegisterAgent", {
      signature: "os",
      arguments: [path, capability],
    });
    await bluez.call("/org/bluez", AgentManager, "RequestDefaultAgent", {
      signature: "o",
      arguments: [path],
    });
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#off();
    const { AgentManager } = Interface;
    await this.#bluez.call("/org/bluez", AgentManager, "UnregisterAgent", {
      signature: "o",
      arguments: [path],
    });
    await this.#bluez.bridge.request("remove", { path });
  }

  #told(method: string, [, passkey]: readonly Plain[]): void {
    this.calls.push(method);
    if (method === "DisplayPasskey") this.#script.show?.(Number(passkey));
  }

  async #asked(question: number, method: string, [, value]: readonly Plain[]): Promise<void> {
    this.calls.push(method);
    const answer = await this.#answer(method, value).catch(() => ({ error: rejected }));
    await this.#bluez.bridge.request("answer", { question, ...answer });
  }

  async #answer(method: string, value: Plain | undefined): Promise<object> {
    const { passkey, confirm = () => true } = this.#script;
    switch (method) {
      case "RequestPasskey":
        return passkey ? { value: ["u", await passkey()] } : { error: rejected };
      case "RequestConfirmation":
        return (await confirm(Number(value))) ? {} : { error: rejected };
      default:
        return {};
    }
  }
}
