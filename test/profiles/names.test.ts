import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { appearanceName, companyName, serviceName } from "../../src/common/assigned-names.ts";
import { appearances } from "../../src/common/generated/appearance-names.ts";
import { companies } from "../../src/common/generated/company-names.ts";

describe("Names of companies", () => {
  it.each([
    [0x0000, "Ericsson AB"],
    [0x004c, "Apple, Inc."],
    [0x0059, "Nordic Semiconductor ASA"],
    [0x08b1, "CORE|vision BV"],
    [0x0225, "Nestlé Nespresso S.A."],
    [0xffff, "For use in internal and interoperability tests"],
  ])("%d is %s", (identifier, name) => {
    expect(companyName(identifier)).toBe(name);
  });

  it("are for assigned numbers only", () => {
    for (const other of [0xfff0, 0x1_0000, -1, 0.5, Number.NaN]) expect(companyName(other)).toBeUndefined();
  });
});

describe("Names of appearances", () => {
  it.each([
    [0x0000, "Unknown"],
    [0x0040, "Phone"],
    [0x00c1, "Watch: Sports Watch"],
    [0x0341, "Heart Rate Sensor: Heart Rate Belt"],
    [0x03c0, "Human Interface Device"],
    [0x03c1, "Human Interface Device: Keyboard"],
    [0x0c41, "Pulse Oximeter: Fingertip"],
    [0x0d40, "Insulin Pump"],
    [0x1440, "Outdoor Sports Activity"],
  ])("%d is %s", (appearance, name) => {
    expect(appearanceName(appearance)).toBe(name);
  });

  it("fall back to the category", () => {
    expect(appearanceName(0x03ff)).toBe("Human Interface Device");
    expect(appearanceName(0xffff)).toBeUndefined();
    expect(appearanceName(-1)).toBeUndefined();
  });
});

describe("The tables of names", () => {
  it("have all that were assigned as of the version in their header", () => {
    const count = (rows: Readonly<Record<number, string>>): number =>
      Object.values(rows).flatMap((names) => names.split("\n").filter((name) => name !== "")).length;
    expect(count(companies)).toBe(3405);
    expect(count(appearances)).toBe(152);
    for (const names of [...Object.values(companies), ...Object.values(appearances)]) {
      expect(names.split("\n").length).toBeLessThanOrEqual(16);
    }
  });

  it("take UUIDs in every form", () => {
    expect(serviceName("180d")).toBe("Heart Rate");
    expect(serviceName(0x180d)).toBe("Heart Rate");
    expect(() => serviceName("heart")).toThrow(SyntaxError);
  });

  it.each(["src/index.ts", "src/profiles/index.ts"])("are not loaded with %s", (entry) => {
    const loaded = modulesOf(new URL(`../../${entry}`, import.meta.url));
    expect(loaded.length, "modules that it loads").toBeGreaterThan(30);
    expect(loaded.filter((module) => /generated|assigned-names/.test(module))).toEqual([]);
    expect(modulesOf(new URL("../../src/common/assigned-names.ts", import.meta.url)).length).toBeGreaterThan(
      3,
    );
  });
});

/** Every module of this repository that is loaded with one of them: type imports leave no trace. */
function modulesOf(entry: URL, seen = new Set<string>()): string[] {
  if (seen.has(entry.href)) return [];
  seen.add(entry.href);
  const source = readFileSync(entry, "utf8");
  for (const [, what = "", path = ""] of source.matchAll(
    /^(?:import|export) ([^;]*?)(?: from )?"(\.[^"]*\.ts)";/gms,
  )) {
    if (!what.startsWith("type ")) modulesOf(new URL(path, entry), seen);
  }
  for (const [, path = ""] of source.matchAll(/import\("(\.[^"]*\.ts)"\)/g)) {
    expect.soft(path, "a module that is loaded later").not.toMatch(/generated/);
  }
  return [...seen];
}
