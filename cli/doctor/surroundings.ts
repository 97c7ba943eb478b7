import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

/** What the doctor looks at: a computer, or what a test has put in its place. */
export interface Surroundings {
  /** Where the file system begins: `/`. */
  readonly root: string;
  readonly platform: string;
  /** The program that runs Node. */
  readonly execPath: string;
  /** Whether this user may read and write the file at a path, which begins at the root. */
  mayOpen(path: string): boolean;
  /** Loads an npm package as the transport does that needs it; rejects where it is missing or does not load. */
  load(name: string): Promise<unknown>;
  /** What answers behind the name of a transport; rejects with why nothing does. */
  probe(name: string, signal: AbortSignal): Promise<Answerer>;
}

/** What answers behind the name of a transport. */
export interface Answerer {
  /** In words. */
  readonly text: string;
  /** Whether it is a controller that jelling can use. */
  readonly isUsable: boolean;
}

/** The file system of {@link Surroundings}: what is not there, or may not be read, is `undefined` or empty. */
export class Files {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** The text of a file, without white space at its ends. */
  text(...path: readonly string[]): string | undefined {
    return tried(() => readFileSync(this.#path(path), "utf8").trim());
  }

  /** The names in a folder, numbers in their order. */
  names(...path: readonly string[]): readonly string[] {
    const names = tried(() => readdirSync(this.#path(path))) ?? [];
    return names.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  }

  /** Where a link leads, as a path within the root. */
  target(...path: readonly string[]): string | undefined {
    const root = tried(() => realpathSync(this.#root)) ?? this.#root;
    const target = tried(() => realpathSync(this.#path(path)));
    return target?.startsWith(root) ? target.slice(root === "/" ? 0 : root.length) : undefined;
  }

  /** The number of the group that a file belongs to. */
  groupOf(...path: readonly string[]): number | undefined {
    return tried(() => statSync(this.#path(path)).gid);
  }

  has(...path: readonly string[]): boolean {
    return tried(() => statSync(this.#path(path))) !== undefined;
  }

  #path(path: readonly string[]): string {
    return join(this.#root, ...path);
  }
}

/** Files of a system come and go, and some are for others alone: both are answers and no faults. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return undefined;
  }
}
