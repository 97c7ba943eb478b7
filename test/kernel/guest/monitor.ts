import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { sources } from "../places.ts";
import { within } from "./until.ts";

/** Captures what all controllers carry, as the kernel sees it. */
export class Monitor {
  readonly #child: ChildProcess;
  readonly #answers: Interface;

  private constructor(child: ChildProcess, answers: Interface) {
    this.#child = child;
    this.#answers = answers;
  }

  static start(): Monitor {
    const child = spawn("/usr/bin/python3", [join(sources, "guest/monitor.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    return new Monitor(child, createInterface(child.stdout));
  }

  /** From now on to this btsnoop file; to none where none is given. */
  async captureTo(path = ""): Promise<void> {
    const answer = once(this.#answers, "line");
    this.#child.stdin?.write(`${path}\n`);
    await within("the kernel's monitor", answer);
  }
}
