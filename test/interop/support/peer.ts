import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** How long a peer may take for anything, in ms. */
const patience = 8_000;

interface Message {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly event?: string;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A program written with another stack, in a process of its own; `peers/program.js` is its end. */
export class Peer implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #calls = new Map<number, Waiting>();
  readonly #events = new Map<string, unknown[]>();
  readonly #listeners = new Map<string, Waiting[]>();
  #stderr = "";
  #ended: Error | undefined;
  #last = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    process.on("message", (message: Message) => this.#take(message));
    process.stderr?.on("data", (chunk: Uint8Array) => (this.#stderr += new TextDecoder().decode(chunk)));
    process.on("close", (code) =>
      this.#end(new Error(`the peer has ended (${code}): ${this.#stderr.trim()}`)),
    );
  }

  /**
   * Starts `peers/NAME.js` on the controller at a port, and waits until it takes calls.
   *
   * @param env - What else it is told.
   */
  static async start(name: string, port: number, env: Record<string, string> = {}): Promise<Peer> {
    const path = fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));
    const child = fork(path, {
      env: { PATH: process.env["PATH"], HCI_PORT: String(port), ...env },
      execArgv: [],
      serialization: "advanced",
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    const peer = new Peer(child);
    await peer.next("ready");
    return peer;
  }

  /** Why it has ended by itself, with what it said; `undefined` while it goes on. */
  get crash(): Error | undefined {
    return this.#ended;
  }

  /** Has it do something. */
  async call<T = undefined>(verb: string, argument: unknown = {}): Promise<T> {
    const id = ++this.#last;
    const answer = this.#within(`${verb} of the peer`, (waiting) => {
      this.#calls.set(id, waiting);
      return () => this.#calls.delete(id);
    });
    if (!this.#ended) this.#process.send({ id, verb, argument });
    return (await answer) as T;
  }

  /** The next event of that name which it tells, or has told and nobody has taken. */
  async next<T = unknown>(event: string): Promise<T> {
    const [told] = this.#events.get(event)?.splice(0, 1) ?? [];
    if (told !== undefined) return (told as { readonly value: T }).value;
    const coming = this.#within(`the event ${event} of the peer`, (waiting) => {
      const listeners = this.#listeners.get(event) ?? [];
      this.#listeners.set(event, [...listeners, waiting]);
      return () => {
        const left = this.#listeners.get(event) ?? [];
        this.#listeners.set(
          event,
          left.filter((each) => each !== waiting),
        );
      };
    });
    return (await coming) as T;
  }

  /** The next so many events of a name. */
  async many<T = unknown>(event: string, count: number): Promise<T[]> {
    const list: T[] = [];
    while (list.length < count) list.push(await this.next<T>(event));
    return list;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, "close");
    this.#process.kill("SIGKILL"); // bleno would stop to take its leave
    await closed;
  }

  #take({ id, event, value, error }: Message): void {
    if (event !== undefined) {
      const [listener] = this.#listeners.get(event)?.splice(0, 1) ?? [];
      if (listener) listener.resolve(value);
      else this.#events.set(event, [...(this.#events.get(event) ?? []), { value }]);
      return;
    }
    const call = this.#calls.get(id ?? 0);
    this.#calls.delete(id ?? 0);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(error));
  }

  /** Waits, but not for ever. @param begin - Begins to wait, and gives what ends that. */
  #within(what: string, begin: (waiting: Waiting) => () => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      const timer = setTimeout(() => {
        forget();
        reject(new Error(`${what} does not come within ${patience} ms`));
      }, patience);
      const forget = begin({
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  #end(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#calls.values()) reject(error);
    for (const listeners of this.#listeners.values()) for (const { reject } of listeners) reject(error);
    this.#calls.clear();
    this.#listeners.clear();
  }
}
