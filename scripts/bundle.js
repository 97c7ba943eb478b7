/**
 * Puts the compiled modules of the package into few files, dist/lib: a program that imports it loads a handful of them
 * and not three hundred, which takes a sixth of the time (docs/decisions/). What package.json exports are the entries;
 * the declarations stay where the compiler puts them.
 */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = join(root, "dist/lib");

/**
 * Of each entry, the module that the compiler has written.
 *
 * @param {Record<string, string | { types: string, default: string }>} exports
 * @param {Record<string, string>} bin
 */
function entriesOf(exports, bin) {
  const modules = Object.values(exports).flatMap((target) =>
    typeof target === "string" ? [] : [[target.default, target.types.replace(/\.d\.ts$/, ".js")]],
  );
  const commands = Object.values(bin).map((path) => [path, path.replace("dist/lib", "dist/cli")]);
  return Object.fromEntries(
    [...modules, ...commands].map(([path, module]) => [nameOf(path), join(root, module)]),
  );
}

/** @param {string} path A file of dist/lib. */
function nameOf(path) {
  return path.replace(/^\.\/dist\/lib\//, "").replace(/\.js$/, "");
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const outside = [
  ...Object.keys(manifest.dependencies ?? {}),
  ...Object.keys(manifest.optionalDependencies ?? {}),
  ...Object.keys(manifest.peerDependencies ?? {}),
  manifest.name,
];

const entries = entriesOf(manifest.exports, manifest.bin);
const common = {
  platform: "node",
  external: (id) =>
    id.startsWith("node:") || outside.some((name) => id === name || id.startsWith(`${name}/`)),
  // What is wrong with the sources the compiler has said already.
  onLog: (level, log, handler) => handler(level === "warn" ? "error" : level, log),
};

const first = await modulesOf(entries.index);
rmSync(out, { recursive: true, force: true });
const bundle = await rolldown({ ...common, input: entries });
await bundle.write({
  dir: out,
  format: "esm",
  sourcemap: true,
  chunkFileNames: "[name]-[hash].js",
  // Each file costs as much to open as 20 KiB to compile: whatever the package needs at once is one of them.
  codeSplitting: { groups: [{ name: "first", test: (id) => first.has(id) }] },
  // Lines and names stay: Node prints the line that throws, and stack traces are there to be read.
  comments: false,
});
await bundle.close();

/**
 * All modules that are loaded with `entry`, and not only when they are needed.
 *
 * @param {string} entry
 */
async function modulesOf(entry) {
  const bundle = await rolldown({ ...common, input: { entry } });
  const { output } = await bundle.generate({ format: "esm" });
  await bundle.close();
  const chunks = new Map(output.map((chunk) => [chunk.fileName, chunk]));
  const modules = new Set();
  for (const line = ["entry.js"]; line.length > 0;) {
    const chunk = chunks.get(line.pop());
    if (!chunk || chunk.type !== "chunk") continue;
    chunks.delete(chunk.fileName);
    line.push(...chunk.imports);
    for (const id of chunk.moduleIds) modules.add(id);
  }
  return modules;
}
