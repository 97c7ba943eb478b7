import { arch, cpus, platform, release } from "node:os";
import { readFileSync } from "node:fs";

/** Where and when, without which figures say nothing. */
export interface Machine {
  readonly date: string;
  readonly version: string;
  readonly node: string;
  readonly processor: string;
  readonly processors: number;
  readonly system: string;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    version: packageVersion(),
    node: process.version,
    processor: cpus()[0]?.model.trim() ?? "unknown processor",
    processors: cpus().length,
    system: `${platform()} ${release()} ${arch()}`,
  };
}

function packageVersion(): string {
  const text = readFileSync(new URL(import.meta.resolve("jelling/package.json")), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
