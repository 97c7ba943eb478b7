import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { TransportError } from "../../src/common/errors.ts";
import type { VirtualController } from "../virtual/controller.ts";
import type { DoorLocation } from "./place.ts";
import { SocketDoor } from "./socket-door.ts";

/** How long to wait for the name of a terminal to come free, in ms, and how many times. */
const patience = 50;
const mostAttempts = 20;

/** A pseudo-terminal, and the process that joins it to a socket. */
interface Terminal {
  readonly path: string;
  readonly process: ChildProcess;
}

/**
 * A door that is a pseudo-terminal. Node cannot make one: socat does, and carries the octets to a socket in a folder of
 * this door. When a client closes the terminal socat ends with it, and another one takes its place.
 */
export class PtyDoor implements AsyncDisposable {
  readonly controller: VirtualController;
  readonly #socketDoor: SocketDoor;
  readonly #folder: string;
  readonly #onTrouble: (error: Error) => void;
  #terminal: Terminal;
  #closed = false;
  #replacing: Promise<void> | undefined;

  private constructor(
    socketDoor: SocketDoor,
    folder: string,
    terminal: Terminal,
    onTrouble: (error: Error) => void,
  ) {
    this.controller = socketDoor.controller;
    this.#socketDoor = socketDoor;
    this.#folder = folder;
    this.#terminal = terminal;
    this.#onTrouble = onTrouble;
    this.#watch(terminal);
  }

  /**
   * Opens it.
   *
   * @param onTrouble - Told of clients that were sent away, and when the terminal has another name or is no more.
   * @throws {@link TransportError} There is no socat, or it fails.
   */
  static async open(controller: VirtualController, onTrouble: (error: Error) => void): Promise<PtyDoor> {
    const folder = mkdtempSync(join(tmpdir(), "jelling-door-"));
    let door: SocketDoor | undefined;
    try {
      door = await SocketDoor.open({ kind: "unix", path: socketIn(folder) }, controller, onTrouble);
      return new PtyDoor(door, folder, await openTerminal(folder), onTrouble);
    } catch (error) {
      await door?.[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get location(): DoorLocation {
    return { kind: "pty", path: this.#terminal.path };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#replacing;
    await stop(this.#terminal);
    await this.#socketDoor[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #watch({ process }: Terminal): void {
    process.once("exit", () => {
      if (!this.#closed) this.#replacing = this.#replace();
    });
  }

  async #replace(): Promise<void> {
    const { path } = this.#terminal;
    try {
      const terminal = await this.#reopen(path);
      if (!terminal) return;
      this.#terminal = terminal;
      this.#watch(terminal);
      if (terminal.path !== path) this.#onTrouble(new TransportError(`the door is now ${terminal.path}`));
    } catch (error) {
      if (!this.#isClosed() && error instanceof Error) this.#onTrouble(error);
    }
  }

  /** Opens a terminal of the same name if possible; `undefined` if the door was closed meanwhile. */
  async #reopen(path: string): Promise<Terminal | undefined> {
    for (let left = mostAttempts; ; left--) {
      const terminal = await openTerminal(this.#folder);
      // The system gives out the lowest name that is free: the old one, once the client has let go of it too.
      if (!this.#isClosed() && (terminal.path === path || left === 0)) return terminal;
      await stop(terminal);
      if (this.#isClosed()) return undefined;
      await setTimeout(patience);
    }
  }

  /** Asked again after each wait. */
  #isClosed(): boolean {
    return this.#closed;
  }
}

async function stop({ process }: Terminal): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const ended = once(process, "exit");
  process.kill();
  await ended;
}

function socketIn(folder: string): string {
  return join(folder, "socket");
}

/** Starts socat, which tells on its standard error what it does. */
async function openTerminal(folder: string): Promise<Terminal> {
  // ptmx: without it socat holds the terminal open itself, and never learns that a client has closed it.
  const addresses = ["pty,ptmx,rawer", `unix-connect:${socketIn(folder)}`];
  const process = spawn("socat", ["-d", "-d", ...addresses], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  const path = await new Promise<string>((resolve, reject) => {
    process.once("error", (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === "ENOENT" ? 'socat is not installed ("apt-get install socat")' : cause.message;
      reject(new TransportError(`a pseudo-terminal cannot be opened: ${why}`, { cause }));
    });
    process.once("exit", () => {
      reject(new TransportError(`a pseudo-terminal cannot be opened: ${said.trim()}`));
    });
    process.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (said.length < 10_000) said += text;
      const [, path] = /PTY is (\S+)/.exec(said) ?? [];
      if (path !== undefined && said.includes("starting data transfer loop")) resolve(path);
    });
  });
  return { path, process };
}
