import { RejectedError } from "../agent-error.ts";
import { type AgentCapabilityLike, type PairingAgent, passkeyNumber, sixDigits } from "../agent.ts";

/**
 * Types the same passkey for every peer: automatic pairing, without a person, with devices that have a fixed one.
 *
 * It protects against a man in the middle only as long as nobody knows the passkey, and whoever has listened to one
 * pairing does. A peer that shows none (Just Works) is refused.
 */
export class FixedPasskeyAgent implements PairingAgent {
  readonly capability: AgentCapabilityLike = "KeyboardOnly";
  readonly #passkey: number;
  readonly #pinCode: string;

  /**
   * @param passkey - 0 to 999999, also as digits.
   * @param options.pinCode - What BR/EDR would be told, 1 to 16 characters. Default: the six digits.
   * @throws {@link RangeError} The passkey or the PIN code is none.
   */
  constructor(passkey: number | string, { pinCode }: { readonly pinCode?: string } = {}) {
    this.#passkey = passkeyNumber(passkey);
    this.#pinCode = pinCode ?? sixDigits(this.#passkey);
    if (this.#pinCode.length < 1 || this.#pinCode.length > 16) {
      throw new RangeError(`pinCode: ${this.#pinCode.length} characters are not 1 to 16`);
    }
  }

  requestPasskey(): number {
    return this.#passkey;
  }

  requestPinCode(): string {
    return this.#pinCode;
  }

  requestAuthorization(): void {
    throw new RejectedError("a peer that shows no passkey may not pair");
  }
}
