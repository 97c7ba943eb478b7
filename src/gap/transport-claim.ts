import { TransportError } from "../common/errors.ts";
import type { HciTransport } from "../hci/transport.ts";

/** Transports that a host has, or has had: none serves a second one. */
const claimed = new WeakSet<HciTransport>();

/**
 * Makes a transport a host's own, before that touches it: whoever comes second must not close it for the first.
 *
 * @throws {@link TransportError} Another host has it, and goes on.
 * @throws {@link TypeError} It is no transport, for programs that no compiler checks.
 */
export function claimTransport(transport: HciTransport): void {
  requireTransport(transport);
  if (claimed.has(transport)) {
    throw new TransportError("another host has this transport, or has had it: open one for each host", {
      reason: "busy",
    });
  }
  claimed.add(transport);
}

function requireTransport(transport: Partial<HciTransport> | null | undefined): void {
  if (typeof transport?.start === "function" && typeof transport.send === "function") return;
  throw new TypeError(
    'Host.open takes a transport, or the name of one such as "hci:0"; ' +
      "a virtual controller gives one with controller.transport()",
  );
}
