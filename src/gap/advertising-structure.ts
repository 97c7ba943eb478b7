/** One AD structure: what it is about, and the octets that say it. Vol 3, Part C, 11. */
export interface AdStructure {
  /** The AD type, such as `AdType.Flags`; any octet. */
  readonly type: number;
  /** 0 to 254 octets. */
  readonly data: Uint8Array;
}

/** What the walk over advertising data found. */
export interface AdStructures {
  readonly structures: readonly AdStructure[];
  /** The data ended in the middle of a structure, which is left out. */
  readonly truncated: boolean;
}

/** Most octets behind the type octet of one structure. */
export const maximumStructureData = 254;

/**
 * Takes advertising data, a scan response or an extended inquiry response apart. Vol 3, Part C, 11.
 *
 * Any octets will do. A length of zero ends the significant part; what stands behind it is padding.
 * The result *borrows* views of `octets`.
 */
export function structuresIn(octets: Uint8Array): AdStructures {
  const structures: AdStructure[] = [];
  let at = 0;
  for (;;) {
    const length = octets[at] ?? 0;
    if (length === 0) return { structures, truncated: false };
    const end = at + 1 + length;
    const type = octets[at + 1];
    if (type === undefined || end > octets.length) return { structures, truncated: true };
    structures.push({ type, data: octets.subarray(at + 2, end) });
    at = end;
  }
}

/** Octets that a structure takes with its length and type. */
export function structureSize({ data }: AdStructure): number {
  return 2 + data.length;
}

/** The structures one after the other, each behind its length. The caller *owns* the octets. */
export function joinStructures(structures: readonly AdStructure[]): Uint8Array {
  const octets = new Uint8Array(structures.reduce((size, structure) => size + structureSize(structure), 0));
  let at = 0;
  for (const structure of structures) {
    octets[at] = 1 + structure.data.length;
    octets[at + 1] = structure.type;
    octets.set(structure.data, at + 2);
    at += structureSize(structure);
  }
  return octets;
}
