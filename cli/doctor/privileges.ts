import { adaptersOf } from "./adapters.ts";
import type { Finding } from "./finding.ts";
import type { Files, Surroundings } from "./surroundings.ts";

/** What Linux asks of a process that takes a controller for itself, CAP_NET_ADMIN, by its bit. */
const netAdmin = 12n;

/** Whether this Node may open adapters. The doctor has the rights that every program of this Node has. */
export function lookAtPrivileges(files: Files, { execPath }: Surroundings): readonly Finding[] {
  const [, digits] = /^CapEff:\s*([0-9a-f]+)$/m.exec(files.text("proc/self/status") ?? "") ?? [];
  if (digits === undefined) return [];
  const effective = BigInt(`0x${digits}`);
  if (((effective >> netAdmin) & 1n) === 1n) {
    return [{ about: "privileges", verdict: "ok", text: `${execPath} may open adapters` }];
  }
  return [
    {
      about: "privileges",
      verdict: adaptersOf(files).length > 0 ? "problem" : "note",
      text: `${execPath} may not open adapters: it lacks cap_net_admin`,
      mend: `sudo setcap cap_net_raw,cap_net_admin+eip ${execPath}`,
    },
  ];
}
