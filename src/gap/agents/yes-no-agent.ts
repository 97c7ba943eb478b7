import { RejectedError } from "../agent-error.ts";
import type { AgentCapabilityLike, PairingAgent } from "../agent.ts";
import type { Connection } from "../connection.ts";

/** Shows a number and takes a yes or a no: for numeric comparison. */
export class YesNoAgent implements PairingAgent {
  readonly capability: AgentCapabilityLike = "DisplayYesNo";
  readonly #confirm: Confirm;
  readonly #cancel: (() => void) | undefined;

  /**
   * @param confirm - Shows six digits and tells whether the peer shows the same. For a pairing without any (Just
   *   Works), it is called without digits and tells whether the peer may pair.
   * @param cancel - Called when the answer is wanted no more.
   * @throws {@link TypeError} `confirm` is no function.
   */
  constructor(confirm: Confirm, cancel?: () => void) {
    if (typeof confirm !== "function") throw new TypeError("confirm: give a function that tells yes or no");
    this.#confirm = confirm;
    this.#cancel = cancel;
  }

  async requestConfirmation(device: Connection, passkey: string, signal: AbortSignal): Promise<void> {
    requireYes(await this.#confirm(device, passkey, signal));
  }

  async requestAuthorization(device: Connection, signal: AbortSignal): Promise<void> {
    requireYes(await this.#confirm(device, undefined, signal));
  }

  async displayPasskey(
    device: Connection,
    passkey: string,
    entered: number,
    signal: AbortSignal,
  ): Promise<void> {
    // Once: what is typed at the peer meanwhile is no other question. A no ends the pairing.
    if (entered === 0) requireYes(await this.#confirm(device, passkey, signal));
  }

  cancel(): void {
    this.#cancel?.();
  }
}

/** Tells whether the number, or the pairing, is right. */
export type Confirm = (
  device: Connection,
  passkey: string | undefined,
  signal: AbortSignal,
) => boolean | Promise<boolean>;

function requireYes(answer: boolean): void {
  // For programs that no compiler checks: only `true` is a yes.
  if ((answer as unknown) !== true) throw new RejectedError("the answer was no");
}
