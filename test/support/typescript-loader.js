/**
 * Lets Node run the sources: `node --import ./test/support/typescript-loader.js file.ts`. For tests of whole processes,
 * which so need no build.
 */
import { register } from "node:module";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

if (isMainThread) register(import.meta.url);

/** A module hook: takes the types out of what is TypeScript. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith(".ts")) return nextLoad(url, context);
  const { default: typescript } = await import("typescript");
  const { target, module } = { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.ESNext };
  const text = await readFile(fileURLToPath(url), "utf8");
  const { outputText } = typescript.transpileModule(text, { compilerOptions: { target, module } });
  return { format: "module", source: outputText, shortCircuit: true };
}
