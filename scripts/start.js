/**
 * `npm start`: builds dist/ where it is missing or older than the sources, then runs `jelling demo` with the arguments
 * given.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = "tsconfig.build.json";
const command = join(root, "dist/lib/jelling.js");
/** Written by every build; without the rest of dist/ it would keep the compiler from writing it again. */
const buildInfo = join(root, "dist/.tsbuildinfo");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`jelling needs Node 20.19 or later; this is ${process.version}`);
  process.exit(1);
}
if (!isFresh()) build();

process.argv.splice(1, process.argv.length, command, "demo", ...process.argv.slice(2));
await import(new URL("../dist/lib/jelling.js", import.meta.url).href);

function isFresh() {
  if (!existsSync(command) || !existsSync(buildInfo)) return false;
  const { include } = JSON.parse(readFileSync(join(root, project), "utf8"));
  const built = statSync(buildInfo).mtimeMs;
  return [...include, project, "tsconfig.json", "package.json", "scripts/bundle.js"].every(
    (path) => newest(join(root, path)) <= built,
  );
}

/** When a file, or a folder or anything in it, was last changed. */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function build() {
  const isFirst = !existsSync(command);
  console.error(
    isFirst ? "building jelling (first run only) ..." : "building jelling (the sources have changed) ...",
  );
  if (isFirst) rmSync(buildInfo, { force: true });
  for (const step of [[compiler(), "-p", project], [join(root, "scripts/bundle.js")]]) run(step);
  // The compiler leaves it alone when the sources are newer but not different.
  utimesSync(buildInfo, new Date(), new Date());
}

/** @param {string[]} parameters */
function run(parameters) {
  const { status, signal, error } = spawnSync(process.execPath, parameters, {
    cwd: root,
    stdio: ["ignore", 2, 2], // standard output is for the demo alone: --json
  });
  if (status === 0) return;
  rmSync(buildInfo, { force: true });
  const why = error?.message ?? (signal ? `ended by ${signal}` : `exit status ${status}`);
  console.error(`jelling could not be built: ${why}`);
  process.exit(signal === "SIGINT" ? 130 : 1);
}

function compiler() {
  try {
    return createRequire(import.meta.url).resolve("typescript/bin/tsc");
  } catch (error) {
    console.error('the compiler is missing; run "npm install" first, without --omit=dev');
    console.error(error.message);
    process.exit(1);
  }
}
