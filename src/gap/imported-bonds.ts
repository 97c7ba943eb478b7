import type { BondRecordJson } from "./bond-document.ts";

/** Bonds of another stack or another host, for `host.bonds.import`. */
export interface ImportedBonds {
  /** The identity resolving key that their peers know the host by, 16 octets as hex, most significant first. */
  readonly irk?: string | undefined;
  readonly bonds: readonly BondRecordJson[];
}
