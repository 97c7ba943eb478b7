import { IoCapability } from "../smp/pdu.ts";
import type { Connection } from "./connection.ts";

/** What an agent can show and ask, by the names of BlueZ and of the specification. Vol 3, Part H, 2.3.2 and 3.5.1. */
export type AgentCapability = keyof typeof IoCapability;

/** The same as it is registered with: `""` stands for KeyboardDisplay. */
export type AgentCapabilityLike = AgentCapability | "";

/** Done, now or later. A rejection is a refusal. */
export type Answer<T = void> = T | Promise<T>;

/**
 * Who is asked when a pairing needs a person: the verbs of BlueZ's `org.bluez.Agent1`.
 *
 * All may be asynchronous. Each gets a signal that is aborted when the answer is wanted no more: the peer has given up,
 * the link is lost, or 30 s have passed (Vol 3, Part H, 3.4); then `cancel` is called too. To refuse, throw: a
 * `RejectedError`, a `CanceledError`, or anything; `false` refuses too. Only what the capability asks for is called, so only that is needed.
 * A passkey is always six digits, `"001234"`, ready to be shown.
 */
export interface PairingAgent {
  /** What the agent is registered with where `register` is not told. */
  readonly capability?: AgentCapabilityLike;
  /** The agent is no longer registered. */
  release?(): Answer;
  /** Asks for the PIN code of a peer, 1 to 16 characters. For BR/EDR: never called on LE. */
  requestPinCode?(device: Connection, signal: AbortSignal): Answer<string>;
  /** Shows a PIN code. For BR/EDR: never called on LE. */
  displayPinCode?(device: Connection, pinCode: string, signal: AbortSignal): Answer;
  /** Asks for the passkey that the peer shows: 0 to 999999, also as digits. */
  requestPasskey?(device: Connection, signal: AbortSignal): Answer<number | string>;
  /**
   * Makes the passkey that is shown next: 0 to 999999, also as digits. Without it, and with `passkey` of the options, the
   * host does. One that serves twice can be found out.
   */
  choosePasskey?(device: Connection, signal: AbortSignal): Answer<number | string>;
  /**
   * Shows a passkey that is typed at the peer, until `cancel` is called or the signal aborted.
   *
   * Called again for each key when the peer tells of them. Pairing does not wait for it to return; to throw refuses.
   *
   * @param entered - How many digits have been typed.
   */
  displayPasskey?(device: Connection, passkey: string, entered: number, signal: AbortSignal): Answer;
  /** Asks whether the peer shows the same number. To return is to say yes. Vol 3, Part H, 2.3.5.6.2. */
  requestConfirmation?(device: Connection, passkey: string, signal: AbortSignal): Answer;
  /**
   * Asks whether the peer may pair that has begun to, with nothing to compare or to type (Just Works). To return is to
   * say yes. An agent without it says no, unless its capability is NoInputNoOutput.
   */
  requestAuthorization?(device: Connection, signal: AbortSignal): Answer;
  /**
   * Asks whether the peer may use a service whose values ask for it with `"authorized"` and have no `onAuthorize`, or to
   * which a listener's `authorize` says that its channels belong. To return is to say yes; the answer holds for the link.
   * An agent without it says no.
   *
   * @param uuid - Of the service: four digits, or the long form.
   */
  authorizeService?(device: Connection, uuid: string, signal: AbortSignal): Answer;
  /** What was asked for, or shown, is wanted no more. */
  cancel?(): Answer;
}

/** What an agent must be able to do for each capability: the methods that pairing calls. Vol 3, Part H, 2.3.5.1. */
export const methodsNeeded: Readonly<Record<AgentCapability, readonly (keyof PairingAgent)[]>> = {
  DisplayOnly: ["displayPasskey"],
  DisplayYesNo: ["displayPasskey", "requestConfirmation"],
  KeyboardOnly: ["requestPasskey"],
  NoInputNoOutput: [],
  KeyboardDisplay: ["displayPasskey", "requestPasskey", "requestConfirmation"],
};

/** A passkey as it is shown: six digits, zeros first. Vol 3, Part H, 2.3.5.3. */
export function sixDigits(passkey: number): string {
  return passkey.toString().padStart(6, "0");
}

/**
 * The number that an agent has answered.
 *
 * @throws {@link RangeError} It is none from 0 to 999999.
 */
export function passkeyNumber(answer: unknown): number {
  const text = typeof answer === "number" ? answer.toString() : answer;
  // Not what it was: messages end up in logs.
  if (typeof text !== "string" || !/^\d{1,6}$/.test(text)) {
    throw new RangeError("passkey: it is no number from 0 to 999999");
  }
  return Number(text);
}
