import { constants, copyFile, open, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type BondDocument, bondContents } from "./bond-document.ts";
import { type BondStore, BondStoreError } from "./bond-store.ts";
import { FileLock } from "./file-lock.ts";

/**
 * Keeps bonds in one JSON file that only its owner may read (mode 0600).
 *
 * A save writes a new file beside it (`*.new`), makes it safe on the disk and puts it in the place of the old one: a
 * crash at any moment leaves the old state or the new one. A damaged file is never overwritten: opening fails, and a
 * copy is kept beside it (`*.damaged-<date>`). While a host uses the file, another that opens it is refused (`*.lock`).
 *
 * @param path - The file; its folder must exist. A symbolic link is followed.
 * @throws {@link TypeError} The path is none.
 */
export function fileBondStore(path: string): BondStore {
  // For programs that no compiler checks: what would be told only when the host opens.
  if (typeof path !== "string" || path === "") throw new TypeError("path: it is no path of a file");
  return new BondFile(path);
}

class BondFile implements BondStore {
  /** As the program has named it. */
  readonly #name: string;
  /** Where it is, links followed. */
  #path: string;
  #lock: FileLock | undefined;

  constructor(path: string) {
    this.#name = path;
    this.#path = path;
  }

  async load(): Promise<BondDocument | undefined> {
    this.#path = await realpath(this.#name).catch(() => this.#name);
    this.#lock = await FileLock.take(`${this.#path}.lock`, this.#name);
    try {
      return await this.#read();
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async save(document: BondDocument): Promise<void> {
    if (!this.#lock) throw new BondStoreError(`${this.#name} is not open: load comes before save`);
    try {
      await replaceFile(this.#path, `${JSON.stringify(document, undefined, 2)}\n`);
    } catch (error) {
      throw new BondStoreError(`${this.#name} cannot be written: ${messageOf(error)}`, { cause: error });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const lock = this.#lock;
    this.#lock = undefined;
    await lock?.release();
  }

  async #read(): Promise<BondDocument | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw new BondStoreError(`${this.#name} cannot be read: ${messageOf(error)}`, { cause: error });
    }
    try {
      const document: unknown = parse(text);
      bondContents(document);
      return document as BondDocument;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const kept = await keepAside(this.#path);
      const help = `a copy is kept as ${kept}; mend the file, or remove it to begin without bonds`;
      throw new BondStoreError(`${this.#name} is damaged: ${error.message}; ${help}`);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SyntaxError("it is no JSON"); // what the parser says may repeat a secret
  }
}

/** Old or new, never less: the order of these steps is what makes it so. */
async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = `${path}.new`;
  await rm(fresh, { force: true }); // of a run that was cut off; a link that somebody laid here is not followed
  const file = await open(fresh, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await syncFolder(dirname(path));
}

/** Makes the names in a folder safe; the system knows no such thing on Windows. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Named by when the file was written: a service that starts over and over makes one copy, not thousands. */
async function keepAside(path: string): Promise<string> {
  const { mtime } = await stat(path);
  const kept = `${path}.damaged-${mtime.toISOString().replaceAll(":", "-")}`;
  try {
    await copyFile(path, kept, constants.COPYFILE_EXCL);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) {
      throw new BondStoreError(`${path} is damaged, and no copy can be kept: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }
  return kept;
}

function isMissing(error: unknown): boolean {
  return hasCode(error, "ENOENT");
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
