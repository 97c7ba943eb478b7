import { describe, expect, it } from "vitest";
import { type Linked, LinkTable } from "../../transports/virtual/link-table.ts";

/** Connection handles are 0x0000 to 0x0eff. Vol 4, Part E, 5.3.1. */
const handles = 0x0f00;

function add(table: LinkTable<Linked>, value: number): number {
  const handle = table.freeHandle();
  table.add({ handle, peer: { address: { type: 0, value } } });
  return handle;
}

describe("connection handles (Vol 4, Part E, 5.3.1)", () => {
  it("are enough for every controller of an air, wherever it begins", () => {
    for (const first of [0x40, 0xdc0, 0xeff]) {
      const table = new LinkTable<Linked>(first, 1024);
      const given = Array.from({ length: 1024 }, (_, i) => add(table, i));
      expect(given[0]).toBe(first);
      expect(new Set(given).size).toBe(1024);
      expect(Math.max(...given)).toBeLessThan(handles);
      expect(table.full).toBe(true);
    }
  });

  it("are not given again until all others have been", () => {
    const table = new LinkTable<Linked>(0x40, 1);
    const given = Array.from({ length: handles }, (_, i) => {
      const handle = add(table, i);
      table.remove({ handle, peer: { address: { type: 0, value: i } } });
      return handle;
    });
    expect(new Set(given).size).toBe(handles);
  });
});
