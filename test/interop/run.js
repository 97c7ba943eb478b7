/**
 * `npm run test:interop`: installs the stacks that jelling is tested against, runs what tests against them and against
 * btvirt, and writes what came of it to results/summary.md and results/summary.json. `--write-docs` puts it into
 * docs/interop.md too.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));
const results = `${here}results`;
const installMinutes = 2;

/** Without their install scripts: none of the native code is used. */
function install() {
  const quiet = ["--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"];
  const flags = ["--omit=optional", "--ignore-scripts", "--prefer-offline", ...quiet];
  const timeout = installMinutes * 60_000;
  const { status, stderr, error } = spawnSync("npm", ["ci", ...flags], {
    cwd: here,
    encoding: "utf8",
    timeout,
  });
  if (status === 0) return undefined;
  const said = stderr.split("\n").filter((line) => /^npm error (?!A complete log)/.test(line));
  const reason = error?.message ?? said.slice(0, 2).join(", ");
  return `The other stacks could not be installed, so what needs them is skipped: ${reason}`;
}

function runTests() {
  const report = `${results}/vitest.json`;
  const vitest = `${root}node_modules/vitest/vitest.mjs`;
  const config = ["--config", "test/interop/vitest.config.ts"];
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const { status } = spawnSync(process.execPath, [vitest, "run", ...config, ...reporters], {
    cwd: root,
    stdio: "inherit",
  });
  return { failed: status !== 0, report: JSON.parse(readFileSync(report, "utf8")) };
}

/** Every test with what it was run against; those that were skipped once, with the reason. */
function rowsOf({ testResults }) {
  const rows = new Map();
  for (const { assertionResults } of testResults) {
    for (const { ancestorTitles, title, status, duration } of assertionResults) {
      const against = ancestorTitles.join(", ");
      const skipped = status !== "passed" && status !== "failed";
      const what = skipped ? "" : title;
      rows.set(`${against}|${what}`, {
        against,
        what,
        result: skipped ? "skipped" : status,
        ms: Math.round(duration ?? 0),
      });
    }
  }
  return [...rows.values()].sort((a, b) => (a.against < b.against ? -1 : a.against > b.against ? 1 : 0));
}

/** Which tests stand in one table: those whose subjects match, a column each. */
const tables = [
  ["Their peripherals, our central", / as peripheral/],
  ["Their centrals, our peripheral", / as central/],
  ["Two hosts of ours on BlueZ's controllers", / two hosts on its /],
  ["The real serialport binding", /^serialport/],
  ["BlueZ's controllers beside ours", /^BlueZ's virtual controller/],
];

function markdownOf(rows) {
  const parts = tables.map(([title, subjects]) => {
    const chosen = rows.filter(({ against }) => subjects.test(against));
    return `### ${title}\n\n${tableOf(chosen)}\n`;
  });
  return parts.join("\n");
}

function tableOf(rows) {
  const columns = [...new Set(rows.map(({ against }) => against))];
  const subjects = [...new Set(rows.map(({ what }) => what))];
  const cell = (against, what) => {
    const row = rows.find((each) => each.against === against && each.what === what);
    return row ? { passed: "✓", failed: "**✗**", skipped: "skipped" }[row.result] : "";
  };
  const lines = subjects.map(
    (what) => `| ${what} | ${columns.map((against) => cell(against, what)).join(" | ")} |`,
  );
  return [`| | ${columns.join(" | ")} |`, `| --- |${" --- |".repeat(columns.length)}`, ...lines].join("\n");
}

function writeDocs(markdown) {
  const path = `${root}docs/interop.md`;
  const text = readFileSync(path, "utf8");
  const [begin, end] = [
    "<!-- results: written by npm run test:interop -- --write-docs -->",
    "<!-- /results -->",
  ];
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (to < from) throw new Error("docs/interop.md has no place for the results");
  writeFileSync(path, `${text.slice(0, from)}\n\n${markdown}\n${text.slice(to)}`);
  spawnSync(process.execPath, [`${root}node_modules/prettier/bin/prettier.cjs`, "--write", path], {
    stdio: "ignore",
  });
}

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const trouble = install();
if (trouble) console.log(trouble);
const began = Date.now();
const { failed, report } = runTests();
const rows = rowsOf(report);
const seconds = Math.round((Date.now() - began) / 1000);
const environment = { node: process.version, kernel: release(), seconds, trouble };
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const { result } of rows) counts[result]++;
writeFileSync(`${results}/summary.json`, `${JSON.stringify({ environment, counts, rows }, undefined, 2)}\n`);
const markdown = markdownOf(rows);
writeFileSync(`${results}/summary.md`, markdown);
if (process.argv.includes("--write-docs")) writeDocs(markdown);
console.log(`interop: ${JSON.stringify(counts)} in ${seconds} s; see test/interop/results/summary.md`);
process.exitCode = failed ? 1 : 0;
