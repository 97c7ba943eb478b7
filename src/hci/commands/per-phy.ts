import { type Field, type Fields, group, list, mapped, u8 } from "../../common/struct.ts";

/** Parameters that hold for one PHY. */
export type OnPhy<T> = T & {
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded. */
  readonly phy: number;
};

const bitsOf = (mask: number): number[] => [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (mask >> bit) & 1);

/**
 * The PHYs of a bit mask with the parameters of each behind it, lowest bit first, as in Vol 4, Part E, 7.8.64.
 *
 * The mask is made from the elements, which may stand in any order when encoding and come in the mask's when decoding.
 * A PHY out of range or named twice throws RangeError. Stands at the end of a packet only.
 */
export function perPhy<T extends object>(fields: Fields<T>): Field<readonly OnPhy<T>[]> {
  return mapped<{ readonly mask: number; readonly each: readonly T[] }, readonly OnPhy<T>[]>(
    group({ mask: u8, each: list(group(fields)) }),
    ({ mask, each }) => {
      const bits = bitsOf(mask);
      if (bits.length !== each.length)
        throw new RangeError(`${bits.length} PHYs but parameters for ${each.length}`);
      return each.map((parameters, index) => ({ phy: 1 + (bits[index] ?? 0), ...parameters }));
    },
    (phys) => {
      const each = [...phys].sort((a, b) => a.phy - b.phy);
      let mask = 0;
      for (const { phy } of each) {
        const bit = phy >= 1 && phy <= 8 ? 1 << (phy - 1) : 0;
        if (bit === 0 || mask & bit) throw new RangeError(`PHY ${phy} is out of range or named twice`);
        mask |= bit;
      }
      return { mask, each };
    },
  );
}
