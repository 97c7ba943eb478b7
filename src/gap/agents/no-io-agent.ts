import type { AgentCapabilityLike, PairingAgent } from "../agent.ts";

/** Pairs with whoever asks, and asks nobody: for devices without display and keys. No protection from a man in the middle. */
export class NoIoAgent implements PairingAgent {
  readonly capability: AgentCapabilityLike = "NoInputNoOutput";

  requestAuthorization(): void {
    // To return is to say yes.
  }

  authorizeService(): void {
    // The same.
  }
}
