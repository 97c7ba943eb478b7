import process from "node:process";
import type { Host } from "../index.ts";

/** Tells of what has failed after its method had returned: as a fault of the host, or a warning where nobody listens. */
export function tellFault(host: Host, error: unknown): void {
  if (host.listenerCount("fault") > 0) host.emit("fault", error);
  else process.emitWarning(error instanceof Error ? error : String(error)); // it must not pass unseen
}
