import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { nodeCrypto } from "../common/node-crypto.ts";
import { BondStoreError } from "./bond-store.ts";

/**
 * That one process uses a file: a file beside it names who. One that its process has left behind, killed or crashed, is
 * taken over.
 */
export class FileLock {
  readonly #path: string;
  readonly #holder: string;

  private constructor(path: string, holder: string) {
    this.#path = path;
    this.#holder = holder;
  }

  /**
   * @param path - Where the lock is.
   * @param name - What is locked, for the message.
   * @throws {@link BondStoreError} A process that runs has it, or it cannot be written.
   */
  static async take(path: string, name: string): Promise<FileLock> {
    const holder = `${process.pid} ${await startOf(process.pid)} ${nodeCrypto().randomUUID()}\n`;
    const own = `${path}.${process.pid}-${nodeCrypto().randomUUID()}`;
    try {
      await writeFile(own, holder, { flag: "wx", mode: 0o600 });
      await clearAbandoned(path, own, name);
      await link(own, path); // fails where there is one: only one of two at the same moment succeeds
    } catch (error) {
      if (error instanceof BondStoreError) throw error;
      if (hasCode(error, "EEXIST")) throw inUse(name, "another process");
      const why = error instanceof Error ? error.message : String(error);
      throw new BondStoreError(`${name} cannot be locked: ${why}`, { cause: error });
    } finally {
      await rm(own, { force: true });
    }
    return new FileLock(path, holder);
  }

  /** Gives the file free, unless somebody has taken it over. */
  async release(): Promise<void> {
    if ((await contentsOf(this.#path)) === this.#holder) await rm(this.#path, { force: true });
  }
}

async function clearAbandoned(path: string, own: string, name: string): Promise<void> {
  const holder = await contentsOf(path);
  if (holder === undefined) return;
  const [pid = "", start = ""] = holder.trim().split(" ");
  if (isRunning(Number(pid)) && (await startOf(Number(pid))) === start) {
    throw inUse(name, Number(pid) === process.pid ? "another host of this process" : `process ${pid}`);
  }
  const aside = `${own}.old`;
  await rename(path, aside).catch((error: unknown) => {
    if (!hasCode(error, "ENOENT")) throw error; // somebody else is clearing up
  });
  const moved = await contentsOf(aside);
  // Somebody was quicker, and this is the lock they have taken: it goes back.
  if (moved !== undefined && moved !== holder) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
}

function inUse(name: string, who: string): BondStoreError {
  return new BondStoreError(`${name} is in use by ${who}: one host at a time may keep its bonds there`);
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0); // sends nothing
    return true;
  } catch (error) {
    return hasCode(error, "EPERM"); // it runs, as somebody else
  }
}

/** When a process has begun, where the system tells: numbers of processes are given out again. */
async function startOf(pid: number): Promise<string> {
  const line = await contentsOf(`/proc/${pid}/stat`);
  // The name of the program stands in parentheses and may hold anything; the start is the 20th field after it.
  return line?.slice(line.lastIndexOf(")") + 2).split(" ")[19] ?? "unknown";
}

async function contentsOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
