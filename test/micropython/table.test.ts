import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as bluetooth from "../../src/micropython/index.ts";
import { BLE } from "../../src/micropython/index.ts";

const page = readFileSync(new URL("../../docs/from-micropython.md", import.meta.url), "utf8");

/** One line of a table of docs/from-micropython.md. */
interface Entry {
  readonly name: string;
  readonly code: string | undefined;
  readonly test: string;
}

const entries = [...page.matchAll(/<!-- table: [^>]+ -->\n\n((?:\|.*\n)+)/g)].flatMap(([, text = ""]) => {
  const [header = [], , ...rows] = text.trim().split("\n").map(cells);
  const [code, test] = [header.indexOf("code"), header.indexOf("test")];
  return rows.map((row): Entry => {
    const [name = ""] = row;
    return { name: name.replaceAll("`", ""), code: row[code], test: (row[test] ?? "").replaceAll("`", "") };
  });
});

function cells(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const exported: Readonly<Record<string, unknown>> = bluetooth;
const methods: Readonly<Record<string, unknown>> = BLE.prototype as never;

/** The names of a function's arguments. */
function argumentsOf(method: unknown): string[] {
  const [, list = ""] = /^[^(]*\(([^)]*)\)/.exec(String(method)) ?? [];
  return list.split(",").flatMap((each) => /^\s*(\w+)/.exec(each)?.[1] ?? []);
}

describe("docs/from-micropython.md and the facade", () => {
  it("name a test for every entry, which speaks of it", () => {
    expect(entries.length).toBeGreaterThan(110);
    for (const { name, test } of entries) {
      const file = new URL(test, import.meta.url);
      expect(existsSync(file), `${name}: ${test}`).toBe(true);
      const word = /^config\('(\w+)'\)/.exec(name)?.[1] ?? /^\w+/.exec(name)?.[0] ?? name;
      const meant = { PUBLIC: "addr_mode", RANDOM: "addr_mode", SCAN_RSP: "resp_data" }[word] ?? word;
      expect(readFileSync(file, "utf8").includes(meant), `${name}: ${test}`).toBe(true);
    }
  });

  it("give the constants the same numbers", () => {
    const constants = entries.filter(({ name, code }) => /^_[A-Z]/.test(name) && code !== undefined);
    expect(constants.length).toBe(60);
    for (const { name, code } of constants) expect([name, exported[name]]).toEqual([name, Number(code)]);
  });

  it("have the same methods", () => {
    const named = entries.flatMap(({ name }) => /^(?:gap|gatts|gattc|l2cap)_\w+/.exec(name)?.[0] ?? []);
    const own = Object.getOwnPropertyNames(BLE.prototype).filter((name) => /^(gap|gatt|l2cap)/.test(name));
    expect([...new Set(named)].sort()).toEqual(own.sort());
    for (const name of ["active", "config", "irq"]) expect(typeof methods[name]).toBe("function");
  });
});

const reference = ["micropython", "openmv"].map(
  (name) => new URL(`../../../shared/reference/${name}-bluetooth.txt`, import.meta.url),
);
const isThere = reference.every((file) => existsSync(file));

// The documents of the modules are not part of this repository: the lists above stand for them where they are absent.
describe.skipIf(!isThere)("the documents of the modules and the facade", () => {
  const texts = isThere ? reference.map((file) => readFileSync(file, "utf8")) : [];

  it("have the same constants, flags and events", () => {
    const names = new Set(
      texts.flatMap(
        (text) => text.match(/_(?:IRQ|FLAG|GATTS|PASSKEY_ACTION|IO_CAPABILITY)_[A-Z0-9_]+/g) ?? [],
      ),
    );
    expect(names.size).toBe(60);
    expect([...names].filter((name) => typeof exported[name] !== "number")).toEqual([]);
    for (const [, name = "", code] of texts[0]!.matchAll(/(?<![A-Z])(_[A-Z0-9_]+) = const\((\w+)\)/g)) {
      expect([name, exported[name]]).toEqual([name, Number(code)]);
    }
    // `bluetooth.FLAG_READ` and the like, which the examples use.
    for (const [, name = ""] of texts.join("\n").matchAll(/bluetooth\.(FLAG_\w+)/g)) {
      expect(typeof exported[name], name).toBe("number");
    }
  });

  it("have the same methods, with the same arguments in the same order", () => {
    const signatures = [...texts[1]!.matchAll(/^((?:gap|gatts|gattc|l2cap)_\w+)\((.*)\) \S.*$/gm)];
    expect(signatures.length).toBe(23);
    for (const [, name = "", list = ""] of signatures) {
      const [positional = "", keywords] = list.replace(", /", "").split(", *, ");
      const documented = positional.split(/, (?=\w+:)/).flatMap((each) => /^\w+(?=:)/.exec(each)?.[0] ?? []);
      const own = argumentsOf(methods[name]);
      expect([name, own]).toEqual([name, keywords ? [...documented, "keywords"] : documented]);
    }
    const mentioned = texts.flatMap(
      (text) => text.match(/\b(?:gap_(?!name)|gatts_|gattc_|l2cap_)[a-z_]+/g) ?? [],
    );
    expect([...new Set(mentioned)].filter((name) => typeof methods[name] !== "function")).toEqual([]);
  });

  it("have the same parameters of config", () => {
    const names = new Set(
      texts.flatMap((text) => [...text.matchAll(/'([a-z_]+)'\s*:/g)].map(([, name]) => name)),
    );
    expect([...names].sort()).toEqual(
      ["addr_mode", "bond", "gap_name", "io", "le_secure", "mac", "mitm", "mtu", "rxbuf"].sort(),
    );
    const ble = new BLE({ transport: () => Promise.reject(new Error("not opened")) });
    for (const name of ["bond", "io", "le_secure", "mitm", "rxbuf"] as const) {
      expect(() => ble.config(name)).not.toThrow();
    }
  });
});
