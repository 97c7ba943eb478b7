import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../../", import.meta.url);
const page = readFileSync(new URL("docs/security.md", folder), "utf8");

/** The table of attacks: what, what is done about it, and the tests of that. */
const rows = page
  .slice(page.indexOf("## Attacks"), page.indexOf("## Privacy"))
  .split("\n")
  .filter((line) => /^\| (?!attack|-)/.test(line))
  .map((line) => line.slice(1, -1).split("|"))
  .map((cells) => cells.map((cell) => cell.trim()))
  .map(([attack = "", remedy = "", tests = ""]) => ({ attack, remedy, tests }));

/** The tests that a cell names: files, each with titles of what is in it. */
function named(tests: string): { readonly file: string; readonly titles: readonly string[] }[] {
  return tests.split(/; (?=`)/).map((part) => ({
    file: /^`([^`]+)`/.exec(part)?.[1] ?? "",
    titles: [...part.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => title),
  }));
}

/** The titles of suites and tests in a file, as they are written there. */
function titlesIn(file: string): string[] {
  const source = readFileSync(new URL(file, folder), "utf8");
  return [...source.matchAll(/["`]((?:[^"`\\\n]|\\.)+)["`],\s*(?:async\s*)?(?:\(|function)/g)].map(
    ([, title = ""]) => title,
  );
}

describe("docs/security.md: the attacks and their tests", () => {
  it.each(rows)("$attack: every test that is named is there", ({ remedy, tests }) => {
    expect(remedy).not.toBe("");
    for (const { file, titles } of named(tests)) {
      expect(file).toMatch(/^test\/.*\.test\.ts$/);
      expect(existsSync(new URL(file, folder)), file).toBe(true);
      expect(titlesIn(file)).toEqual(expect.arrayContaining([...titles]));
    }
  });

  it.each([
    ["peer public key on the curve", "CVE-2018-5383"],
    ["reflected key by X coordinate", "CVE-2020-26558"],
    ["debug key refused unless allowed", "debug key"],
    ["fresh ECDH key per pairing", "key pair that serves twice"],
    ["passkey single use", "passkey that serves twice"],
    ["key-size downgrade", "KNOB"],
    ["no trust in an unencrypted reconnection", "BLESA"],
    ["bond never replaced by a weaker one", "CVE-2020-15802"],
    ["repeated attempts", "2.3.6"],
    ["commands out of phase, before a link, twice, in the wrong role, with wrong length", "out of phase"],
    ["signing counter replay", "signed write played again"],
    ["eavesdropping", "Listening"],
  ])("has a row for %s", (_name, word) => {
    expect(rows.filter(({ attack }) => attack.includes(word))).toHaveLength(1);
  });

  it("says plainly what a host cannot mend: method confusion first of all", () => {
    expect(page).toContain("**Method confusion** (CVE-2020-10134)");
  });
});
