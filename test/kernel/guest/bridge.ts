import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { sources } from "../places.ts";
import { within } from "./until.ts";

/** A value of D-Bus in JSON; one whose type cannot be seen is a pair of its signature and itself. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** An object's properties by interface. */
export type Interfaces = Readonly<Record<string, Readonly<Record<string, Plain>>>>;

/** What has happened to an attribute that a program offers, or to its advertisement. */
export interface AttributeEvent {
  readonly event: "read" | "written" | "subscribed" | "unsubscribed" | "confirmed" | "released";
  readonly path: string;
  readonly value?: readonly number[];
  readonly options?: Readonly<Record<string, Plain>>;
}

/** What BlueZ says without being asked to. */
export type BridgeEvent =
  | { readonly event: "ready" }
  | { readonly event: "added"; readonly path: string; readonly interfaces: Interfaces }
  | { readonly event: "removed"; readonly path: string; readonly interfaces: readonly string[] }
  | {
      readonly event: "changed";
      readonly path: string;
      readonly interface: string;
      readonly changes: Readonly<Record<string, Plain>>;
    }
  | {
      readonly event: "asked";
      readonly question: number;
      readonly method: string;
      readonly arguments: readonly Plain[];
    }
  | { readonly event: "told"; readonly method: string; readonly arguments: readonly Plain[] }
  | AttributeEvent;

interface Answer {
  readonly id: number;
  readonly result?: Plain;
  readonly error?: { readonly name: string; readonly message: string };
}

/** BlueZ, or D-Bus, has refused. */
export class BluezError extends Error {
  /** Such as `org.bluez.Error.AuthenticationFailed`. */
  override readonly name: string;

  constructor(what: string, name: string, message: string) {
    super(`${what}: ${message}`);
    this.name = name;
  }
}

/** The process that speaks D-Bus. */
export class Bridge implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #listeners = new Set<(event: BridgeEvent) => void>();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #ended = false;
  #last = 0;

  private constructor() {
    this.#child = spawn("/usr/bin/python3", [join(sources, "guest/bluez_bridge.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const { stdout } = this.#child;
    if (stdout) createInterface(stdout).on("line", (line) => this.#take(line));
    this.#child.on("exit", () => this.#end());
  }

  /** Starts it. */
  static async start(): Promise<Bridge> {
    const bridge = new Bridge();
    const ready = new Promise<void>((resolve) => {
      const off = bridge.listen(({ event }) => {
        if (event !== "ready") return;
        off();
        resolve();
      });
    });
    await within("the bridge to D-Bus", ready);
    return bridge;
  }

  /** @returns What ends it. */
  listen(listener: (event: BridgeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Has the bridge do something. @throws {@link BluezError} */
  async request(does: string, parameters: Readonly<Record<string, unknown>>): Promise<Plain> {
    const id = ++this.#last;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      if (this.#ended) this.#end();
      else this.#child.stdin?.write(`${JSON.stringify({ id, do: does, ...parameters })}\n`);
    });
    const { error, result = null } = answer;
    if (!error) return result;
    const { method = does } = parameters;
    throw new BluezError(String(method), error.name, error.message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.end();
    await within("the end of the bridge", ended);
  }

  #take(line: string): void {
    const message = JSON.parse(line) as Answer | BridgeEvent;
    if ("event" in message) {
      for (const listener of [...this.#listeners]) listener(message);
      return;
    }
    this.#waiting.get(message.id)?.(message);
    this.#waiting.delete(message.id);
  }

  #end(): void {
    this.#ended = true;
    for (const [id, resolve] of this.#waiting) {
      resolve({ id, error: { name: "Ended", message: "the bridge to D-Bus has ended" } });
    }
    this.#waiting.clear();
  }
}
