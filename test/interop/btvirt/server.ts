import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeCommand } from "../../../src/hci/command.ts";
import { ReadBdAddr } from "../../../src/hci/commands/informational.ts";

/** The kinds of controllers with LE that btvirt serves: with LE alone, and with BR/EDR, which knows more of LE. */
export type ControllerKind = "le" | "bredrle";

/** A btvirt of our own: whoever connects to one of its sockets gets a new controller on one radio. */
export interface BtvirtServer extends AsyncDisposable {
  readonly version: string;
  /** The socket of a kind of controllers. */
  path(kind: ControllerKind): string;
}

/** Where btvirt serves when nothing is done about it; it leaves its sockets behind. */
const fixedPrefix = "/tmp/bt-server-";
const kinds = ["bredrle", "bredr", "le", "amp", "mon"];

const preloadSource = fileURLToPath(new URL("preload.c", import.meta.url));

/** Starts btvirt; a sentence instead where it does not run. */
export async function startServer(): Promise<BtvirtServer | string> {
  const { error, stdout } = spawnSync("btvirt", ["--version"], { encoding: "utf8" });
  if (error) return "btvirt is not installed (Debian: bluez-test-tools)";
  const folder = mkdtempSync(join(tmpdir(), "jelling-btvirt-"));
  const preload = join(folder, "preload.so");
  const made = spawnSync("gcc", ["-O2", "-shared", "-fPIC", "-o", preload, preloadSource, "-ldl"]);
  const isAlone = made.status === 0;
  const prefix = isAlone ? `${folder}/` : fixedPrefix;
  const env = isAlone ? { ...process.env, LD_PRELOAD: preload, BTVIRT_FOLDER: folder } : process.env;
  if (!isAlone) for (const kind of kinds) rmSync(prefix + kind, { force: true });
  const server = spawn("btvirt", ["-s"], { stdio: "ignore", env });
  const dispose = async (): Promise<void> => {
    await stop(server);
    rmSync(folder, { recursive: true });
    if (!isAlone) for (const kind of kinds) rmSync(prefix + kind, { force: true });
  };
  if (await answers(`${prefix}bredrle`)) {
    return { version: stdout.trim(), path: (kind) => prefix + kind, [Symbol.asyncDispose]: dispose };
  }
  await dispose();
  return "btvirt makes no LE controllers here: the kernel has no AF_ALG, and without gcc there is nothing in its place";
}

/** Connects to a socket of btvirt's. */
export async function dial(path: string): Promise<Socket> {
  const socket = connect(path);
  await once(socket, "connect");
  return socket;
}

async function answers(path: string): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    await pause(20);
    const socket = await dial(path).catch(() => undefined);
    if (!socket) continue;
    const answered = new Promise<boolean>((resolve) => {
      socket.once("data", () => resolve(true));
      socket.once("close", () => resolve(false));
      socket.once("error", () => resolve(false));
    });
    socket.write(encodeCommand(ReadBdAddr, {}));
    const works = await answered;
    socket.destroy();
    return works;
  }
  return false;
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill();
  await once(server, "exit");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
