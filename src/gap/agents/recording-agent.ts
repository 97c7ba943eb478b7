import { CanceledError, RejectedError } from "../agent-error.ts";
import type { AgentCapabilityLike, PairingAgent } from "../agent.ts";
import type { Connection } from "../connection.ts";

/** What pairing has asked of an agent, in order. */
export interface AgentCall {
  readonly method: Exclude<keyof PairingAgent, "capability">;
  /** Absent for `release` and `cancel`. */
  readonly device?: Connection;
  /** Six digits, of `displayPasskey` and `requestConfirmation`. */
  readonly passkey?: string;
  /** How many digits have been typed at the peer, of `displayPasskey`. */
  readonly entered?: number;
  /** Of `authorizeService`. */
  readonly uuid?: string;
}

/** How a {@link RecordingAgent} answers. */
export interface RecordingOptions {
  /** Default `""`, KeyboardDisplay: everything is asked. */
  readonly capability?: AgentCapabilityLike;
  /** Told of every call, at once. */
  readonly onCall?: (call: AgentCall) => void;
  /** What to answer: `true` is yes, `false` rejects, `"wait"` never answers. Default `true`. */
  readonly answer?: boolean | "wait";
  /** The passkey to type; without one, a request for one is rejected. */
  readonly passkey?: () => number | string | Promise<number | string>;
}

/**
 * Tells in order which methods the pairing of a peer calls, and says yes to all: to find out, with that peer, which of
 * them an agent needs. Not for use: it lets anyone in.
 *
 * @example
 * ```ts
 * host.agents.register(new RecordingAgent({ onCall: ({ method, passkey }) => console.log(method, passkey) }));
 * ```
 */
export class RecordingAgent implements PairingAgent {
  readonly capability: AgentCapabilityLike;
  /** Every call so far. */
  readonly calls: AgentCall[] = [];
  readonly #options: RecordingOptions;

  constructor(options: RecordingOptions = {}) {
    this.capability = options.capability ?? "";
    this.#options = options;
  }

  /** The names of the methods called so far. */
  get methods(): readonly AgentCall["method"][] {
    return this.calls.map(({ method }) => method);
  }

  release(): void {
    this.#note({ method: "release" });
  }

  cancel(): void {
    this.#note({ method: "cancel" });
  }

  async requestPinCode(device: Connection, signal: AbortSignal): Promise<string> {
    await this.#answer({ method: "requestPinCode", device }, signal);
    return "0000";
  }

  displayPinCode(device: Connection, _pinCode: string, signal: AbortSignal): Promise<void> {
    return this.#answer({ method: "displayPinCode", device }, signal);
  }

  async requestPasskey(device: Connection, signal: AbortSignal): Promise<number | string> {
    await this.#answer({ method: "requestPasskey", device }, signal);
    if (!this.#options.passkey) throw new RejectedError("there is no passkey to type");
    return this.#options.passkey();
  }

  displayPasskey(device: Connection, passkey: string, entered: number, signal: AbortSignal): Promise<void> {
    return this.#answer({ method: "displayPasskey", device, passkey, entered }, signal);
  }

  requestConfirmation(device: Connection, passkey: string, signal: AbortSignal): Promise<void> {
    return this.#answer({ method: "requestConfirmation", device, passkey }, signal);
  }

  requestAuthorization(device: Connection, signal: AbortSignal): Promise<void> {
    return this.#answer({ method: "requestAuthorization", device }, signal);
  }

  authorizeService(device: Connection, uuid: string, signal: AbortSignal): Promise<void> {
    return this.#answer({ method: "authorizeService", device, uuid }, signal);
  }

  #note(call: AgentCall): void {
    this.calls.push(call);
    this.#options.onCall?.(call);
  }

  async #answer(call: AgentCall, signal: AbortSignal): Promise<void> {
    this.#note(call);
    const { answer = true } = this.#options;
    if (answer === false) throw new RejectedError();
    if (answer === "wait") await untilAborted(signal);
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener(
      "abort",
      () => {
        reject(new CanceledError());
      },
      { once: true },
    );
  });
}
