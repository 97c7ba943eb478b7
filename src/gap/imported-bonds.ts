import type { BondRecordJson } from "./bond-document.ts";

/**
 * Refuses what is none, for programs that no compiler checks.
 *
 * @param call - The function, as the program writes it.
 * @throws {@link TypeError} It is no such object.
 */
export function checkImported(call: string, imported: unknown): void {
  const isObject = typeof imported === "object" && imported !== null;
  if (isObject && "bonds" in imported && Array.isArray(imported.bonds)) return;
  throw new TypeError(
    `${call}: give { bonds: [...] }, such as bluezBonds, bondsFromSecrets and host.bonds.export() give`,
  );
}

/** Bonds of another stack or another host, for `host.bonds.import`. */
export interface ImportedBonds {
  /** The identity resolving key that their peers know the host by, 16 octets as hex, most significant first. */
  readonly irk?: string | undefined;
  readonly bonds: readonly BondRecordJson[];
}
