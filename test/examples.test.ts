import { readdirSync, readFileSync, rmSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";

const folder = new URL("../examples/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));

/** What each example prints, a line a string. */
const printed: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "battery.ts": ["jelling has a battery at 93 %"],
  "central.ts": [
    "1800 has 2a00, 2a01",
    "1801 has 2a05",
    "1815 has 2a56",
    "was 0",
    "is now 1",
    "has become 0",
    "disconnected: Connection Terminated by Local Host (0x16)",
  ],
  "handlers.ts": [
    "lamp: 02:00:00:00:00:02/public sets 80 %",
    "visitor: AttError: Out of Range (0xff) on handle 0x000c",
    "visitor: the lamp is at 80 %",
  ],
  "peripheral.ts": [
    "belt: connected to 02:00:00:00:00:02/public",
    "visitor: 72 beats a minute",
    "belt: disconnected: Remote User Terminated Connection (0x13)",
  ],
  "scan.ts": [
    "02:00:00:00:00:01/public -40 dBm (no name) connectable",
    "  offers 3a0f0001-7d4c-4e0b-9d39-2f6b1c8e5a10",
    "02:00:00:00:00:01/public -40 dBm lamp in the kitchen connectable",
    "  offers 3a0f0001-7d4c-4e0b-9d39-2f6b1c8e5a10",
    "02:00:00:00:00:02/public -62 dBm (no name) not connectable",
    "  says of 181a 52,8",
  ],
  "trace.ts": [/^\d\d packets are in .*\.btsnoop$/],
  "virtual-time.ts": [
    "found lamp",
    /^C0:FF:EE:00:00:01\/random did not answer within 30000 ms/,
    "90000 ms have passed on the clock, 0 timers are left",
  ],
};

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the examples", () => {
  it("are all known here", () => {
    expect(files.sort()).toEqual(Object.keys(printed).sort());
  });

  it.each(files)("%s does what it is there to show", async (file) => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((...words) => {
      lines.push(words.map(String).join(" "));
    });
    await import(new URL(file, folder).href);
    expect(lines).toEqual(
      printed[file]?.map((line): unknown => (typeof line === "string" ? line : expect.stringMatching(line))),
    );
    for (const line of lines) removeTrace(line);
  });

  it.each(files)("%s has less than 60 lines", (file) => {
    expect(source(file).split("\n").length).toBeLessThan(61);
  });
});

describe("README.md", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const blocks = [...readme.matchAll(/<!-- examples\/(\S+) -->\n\n?```ts\n(.*?)```/gs)];

  it("shows examples", () => {
    expect(blocks.map(([, file]) => file)).toEqual(
      expect.arrayContaining(["battery.ts", "peripheral.ts", "central.ts"]),
    );
  });

  it.each(blocks.map(([, file = "", code]) => [file, code]))("shows examples/%s as it is", (file, code) => {
    expect(code).toBe(source(file));
  });

  it("shows no other programs", () => {
    expect(readme.match(/```ts/g)).toHaveLength(blocks.length);
  });
});

function source(file: string): string {
  return readFileSync(new URL(file, folder), "utf8");
}

function removeTrace(line: string): void {
  const [, path] = / in (.*\.btsnoop)$/.exec(line) ?? [];
  if (path !== undefined) rmSync(path);
}
