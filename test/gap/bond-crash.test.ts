import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import typescript from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bondContents } from "../../src/gap/bond-document.ts";
import { fileBondStore } from "../../src/gap/bond-file.ts";
import { SeededRandom } from "../../src/common/random.ts";

const source = fileURLToPath(new URL("../../src/", import.meta.url));
let folder: string;

/** The modules that a file needs, as JavaScript: a process that is killed 200 times should start quickly. */
async function transpile(file: string, done = new Set<string>()): Promise<void> {
  if (done.has(file)) return;
  done.add(file);
  const text = await readFile(join(source, file), "utf8");
  const { target, module } = { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext };
  const { outputText } = typescript.transpileModule(text, { compilerOptions: { target, module } });
  const to = join(folder, file).replace(/\.ts$/, ".mjs");
  await mkdir(dirname(to), { recursive: true });
  await writeFile(to, outputText.replaceAll(/(from "\..*)\.ts"/g, '$1.mjs"'));
  for (const [, path = ""] of outputText.matchAll(/from "(\..*\.ts)"/g)) {
    await transpile(join(dirname(file), path), done);
  }
}

/** Saves documents without end, each larger or smaller than the last, and tells the number of each that is safe. */
const writer = `
import { writeSync } from "node:fs";
import { fileBondStore } from "./gap/bond-file.mjs";
const store = fileBondStore(process.argv[2]);
const before = await store.load();
for (let n = Number(before?.databases.number ?? 0) + 1; ; n++) {
  const filling = String(n).repeat(((n * 7919) % 97) * 200);
  await store.save({
    version: 1,
    local: { irk: "00".repeat(16), randomAddress: "C0:FF:EE:00:00:01/random" },
    bonds: [],
    databases: { number: n, filling },
  });
  writeSync(1, n + "\\n");
}
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jelling-crash-"));
  await transpile("gap/bond-file.ts");
  await writeFile(join(folder, "writer.mjs"), writer);
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** One life of a writing process. @returns The last number that it had told. */
async function killedAfter(path: string, ms: number): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [join(folder, "writer.mjs"), path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (told += text));
  const closed = once(child, "close");
  if (child.stdout) await once(child.stdout, "data");
  await pause(ms);
  child.kill("SIGKILL");
  await closed;
  return Number(told.trimEnd().split("\n").at(-1));
}

async function livesOn(path: string, lives: number, seed: number): Promise<void> {
  const random = new SeededRandom(seed);
  for (let life = 0; life < lives; life++) {
    const told = await killedAfter(path, random.below(25));
    const store = fileBondStore(path);
    const document = await store.load();
    await store[Symbol.asyncDispose]?.();
    const { databases } = bondContents(document);
    const number = Number(databases.get("number"));
    // The last that was told is safe; the one after it may be there or not, but whole.
    expect(number).toBeGreaterThanOrEqual(told);
    expect(number).toBeLessThanOrEqual(told + 1);
    expect(databases.get("filling")).toBe(String(number).repeat(((number * 7919) % 97) * 200));
  }
}

describe("The file of fileBondStore", () => {
  it("is the old or the new one, whole, however often a writing process is killed: 200 times", async () => {
    await Promise.all([1, 2].map((seed) => livesOn(join(folder, `bonds-${seed}.json`), 100, seed)));
  }, 240_000);
});
