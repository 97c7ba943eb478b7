import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const page = readFileSync(new URL("../docs/from-micropython.md", import.meta.url), "utf8");

/** One line of a table: what MicroPython calls it, its number there, and the lines of jelling that do it. */
interface Entry {
  readonly table: string;
  readonly name: string;
  readonly code: string | undefined;
  readonly lines: readonly string[];
}

const entries = [...page.matchAll(/<!-- table: ([^>]+) -->\n\n((?:\|.*\n)+)/g)].flatMap(
  ([, table = "", text = ""]) => {
    const [header = [], , ...rows] = text.trim().split("\n").map(cells);
    const [name, code, jelling] = ["MicroPython", "code", "jelling"].map((each) => header.indexOf(each)) as [
      number,
      number,
      number,
    ];
    return rows.map((row): Entry => {
      const lines = [...(row[jelling] ?? "").matchAll(/`([^`]+)`/g)].map(([, line = ""]) => line);
      return { table, name: row[name]!, code: row[code], lines };
    });
  },
);

/** A `|` in a cell is written `\|`. */
function cells(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

describe("docs/from-micropython.md", () => {
  it("has a line of jelling for every entry, and no entry twice", () => {
    expect(entries.length).toBeGreaterThan(100);
    for (const { name, lines } of entries) expect(lines.length, name).toBeGreaterThan(0);
    const names = entries.map(({ table, name }) => `${table}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it("has every event from 1 to 31, in their order", () => {
    const codes = entries.filter(({ table }) => table === "events").map(({ code }) => Number(code));
    expect(codes).toEqual(Array.from({ length: 31 }, (_, at) => at + 1));
  });

  it("shows lines that the compiler takes for jelling", () => {
    const [, names = ""] = /<!-- names -->\n\n```ts\n(.*?)```/s.exec(page) ?? [];
    const functions = entries.map(
      ({ name, lines }, at) => `// ${name}\nexport async function entry${at}() {\n${lines.join("\n")}\n}\n`,
    );
    const source = `${names.replace('"jelling"', '"../src/index.ts"')}\n${functions.join("\n")}`;
    expect(complaintsAbout(source)).toEqual([]);
  }, 120_000);

  it("would tell of a line that is none", () => {
    expect(complaintsAbout('import { Host } from "../src/index.ts";\nHost.opne();\n')).toEqual([
      expect.stringContaining("'opne' does not exist"),
    ]);
  }, 120_000);
});

const reference = ["micropython", "openmv"].map(
  (name) => new URL(`../../shared/reference/${name}-bluetooth.txt`, import.meta.url),
);
const isThere = reference.every((file) => existsSync(file));

/** What the modules' own documentation names, and the numbers that it gives. */
function documentedNames(): {
  readonly names: ReadonlySet<string>;
  readonly codes: ReadonlyMap<string, number>;
} {
  const names = new Set<string>();
  const codes = new Map<string, number>();
  for (const file of reference) {
    const text = readFileSync(file, "utf8");
    const constant = /_(?:IRQ|FLAG|GATTS|PASSKEY_ACTION|IO_CAPABILITY)_[A-Z0-9_]+/;
    for (const [name] of text.matchAll(new RegExp(constant, "g"))) names.add(name);
    for (const [name] of text.matchAll(/\b(?:gap_(?!name)|gatts_|gattc_|l2cap_)[a-z_]+/g)) names.add(name);
    for (const [, name = ""] of text.matchAll(/'([a-z_]+)'\s*:/g)) names.add(`config('${name}')`);
    for (const [name] of text.matchAll(/\b(?:PUBLIC|RANDOM|RPA|NRPA|ADV_[A-Z_]+|SCAN_RSP)\b/g))
      names.add(name);
    const numbered = new RegExp(`(${constant.source})(?: = const\\(|\\s+)(0x[0-9a-f]+|\\d+)\\b`, "gi");
    // The first mention lists it; later ones may go on with other numbers.
    for (const [, name = "", code] of text.matchAll(numbered))
      if (!codes.has(name)) codes.set(name, Number(code));
  }
  for (const name of ["active", "config", "irq", "UUID"]) names.add(name);
  return { names, codes };
}

describe.skipIf(!isThere)("docs/from-micropython.md and the documentation of the modules", () => {
  it("leaves none of their names out", () => {
    const { names } = documentedNames();
    expect(names.size).toBeGreaterThan(90);
    const written = entries.map(({ name }) => name.replaceAll("`", "")).join("\n");
    const missing = [...names].filter((name) => {
      const whole = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      return !new RegExp(`(?<![\\w'])${whole}(?!\\w)`, "m").test(written);
    });
    expect(missing).toEqual([]);
  });

  it("gives the same numbers", () => {
    const { codes } = documentedNames();
    expect(codes.size).toBe(60);
    for (const [name, code] of codes) {
      const entry = entries.find((each) => each.name === `\`${name}\``);
      expect([name, Number(entry?.code)]).toEqual([name, code]);
    }
  });
});

/** What the compiler has against a program that stands beside the documents. */
function complaintsAbout(source: string): string[] {
  const file = fileURLToPath(new URL("../docs/from-micropython.check.ts", import.meta.url));
  const { config } = ts.readConfigFile(fileURLToPath(new URL("../tsconfig.json", import.meta.url)), (path) =>
    ts.sys.readFile(path),
  ) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      noEmit: true,
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      incremental: false,
      composite: false,
      skipLibCheck: true,
    },
    fileURLToPath(new URL("..", import.meta.url)),
  );
  const host = ts.createCompilerHost(options);
  const inner = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, source, rest[0], true) : inner(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const own = program.getSourceFile(file);
  return [...program.getSyntacticDiagnostics(own), ...program.getSemanticDiagnostics(own)].map(
    ({ messageText, start = 0 }) => {
      const line = source.slice(0, start).split("\n").length;
      return `${source.split("\n")[line - 1]}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    },
  );
}
