import { readFileSync } from "node:fs";

/** A package of `test/interop/package.json`: which version there is, or why there is none. */
export interface Installed {
  /** Its name and version, for titles; with the reason why it is skipped. */
  readonly title: string;
  readonly skipped: boolean;
}

/** Looks whether a package of the repository itself loads, such as one that needs native code. */
export async function installedAtRoot(name: string): Promise<Installed> {
  try {
    await import(name);
    const path = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { readonly version: string };
    return { title: `${name} ${version}`, skipped: false };
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
    return { title: `${name} (skipped: ${why})`, skipped: true };
  }
}

/** Looks whether `npm run test:interop` has installed a package. */
export function installed(name: string): Installed {
  const path = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  try {
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { readonly version: string };
    return { title: `${name} ${version}`, skipped: false };
  } catch {
    return { title: `${name} (skipped: it is not installed; npm run test:interop does that)`, skipped: true };
  }
}
