import { readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";

const folder = new URL("../examples/", import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));

/** What each example prints, a line a string. */
const printed: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  "battery.ts": ["jelling has a battery at 93 %"],
  "central.ts": [
    "1800 has 2a00, 2a01",
    "1801 has 2a05, 2b29, 2b2a",
    "1815 has 2a56",
    "was 0",
    "is now 1",
    "has become 0",
    "disconnected: Connection Terminated by Local Host (0x16)",
  ],
  "coc.ts": ["the peer takes up to 4096 octets at a time", "the peer says hello"],
  "configure.ts": [
    '02:00:00:00:00:02/public calls it "lamp in the hall"',
    "its address is resolvable private now",
    'the phone hears "lamp in the hall", resolvable private',
  ],
  "file-transfer.ts": [/^\d{4} octets, every one as it was sent, are in .*file-transfer\.ts$/],
  "environment.ts": ["21.62 °C, 48.25 % humidity, 318.9 lux"],
  "heart-rate.ts": ["watch: 72 beats a minute, on the skin, 812.5 828.125 ms"],
  "hid-keyboard.ts": ["the keyboard has typed hi"],
  "micropython-temperature.ts": ["24.5 °C"],
  "micropython-uart.ts": ["it says HELLO"],
  "nordic-uart.ts": ["it says HELLO"],
  "handlers.ts": [
    "lamp: 02:00:00:00:00:02/public sets 80 %",
    /^visitor: AttError: Out of Range \(0xff\) on handle 0x[0-9a-f]{4}/,
    "visitor: the lamp is at 80 %",
  ],
  "oob-qr.ts": [/^BLEOOB:[0-9A-F]{90}$/, "authenticated: true"],
  "pair.ts": [
    /^(lock: shows \d{6} and somebody presses yes|phone: does 02:00:00:00:00:01\/public show \d{6} too\? yes)$/,
    /^(lock: shows \d{6} and somebody presses yes|phone: does 02:00:00:00:00:01\/public show \d{6} too\? yes)$/,
    "phone: authenticated true secure connections true key of 16",
    "phone: encrypted at once true",
    "phone: knows 02:00:00:00:00:01/public (authenticated, LE Secure Connections)",
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
  "temperature.ts": ["24.5 °C"],
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
    for (const line of lines) removeFile(line);
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

/** Removes the file that an example says it has written, with the folder that it made for it. */
function removeFile(line: string): void {
  const [, path] = / in (\S+\.(?:btsnoop|ts))$/.exec(line) ?? [];
  if (path === undefined) return;
  const folder = dirname(path);
  rmSync(basename(folder).startsWith("jelling-") ? folder : path, { recursive: true });
}
