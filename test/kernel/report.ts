import type { GuestLine, Scenario, Verdict } from "./scenario.ts";

/** Tells what comes of a run, a line for each scenario as it ends. */
export class Report {
  readonly #verdicts = new Map<string, Verdict>();
  readonly #chosen: readonly Scenario[];
  readonly #json: boolean;
  readonly #began = performance.now();
  #versions: Readonly<Record<string, string>> = {};
  /** At which of them a guest has broken down. */
  readonly #broken = new Set<string>();

  constructor(chosen: readonly Scenario[], json: boolean) {
    this.#chosen = chosen;
    this.#json = json;
  }

  get failed(): boolean {
    return this.#counted("fail") > 0;
  }

  take(line: GuestLine): void {
    switch (line.kind) {
      case "ready":
        this.#versions = line.versions;
        if (!this.#json)
          console.log(
            `Linux ${line.versions["linux"]}, BlueZ ${line.versions["bluez"]}, in ${seconds(performance.now() - this.#began)}`,
          );
        break;
      case "begin":
        break;
      case "verdict":
        this.#add(this.#broken.has(line.verdict.name) ? onSecondAttempt(line.verdict) : line.verdict);
        break;
    }
  }

  /** Nothing can be played. */
  skip(reason: string): void {
    for (const { name } of this.#chosen) this.#add({ name, result: "skip", ms: 0, notes: [], reason });
    this.sum();
  }

  /** The names of those that are to be played yet. */
  get left(): readonly string[] {
    return this.#chosen.map(({ name }) => name).filter((name) => !this.#verdicts.has(name));
  }

  /**
   * A guest has ended. What it broke down at gets a second chance.
   *
   * @param why - Why it broke down, if it did.
   * @param log - What it has said besides.
   */
  ended(why: string | undefined, log: string): void {
    const [next] = this.left;
    if (next === undefined) return;
    const reason = `${why ?? "it was not played"}\n${log.slice(-2000)}`.trimEnd();
    if (this.#broken.has(next)) this.#add({ name: next, result: "fail", ms: 0, notes: [], reason });
    else this.#tell(`again ${next}: ${reason}`);
    this.#broken.add(next);
  }

  /** The last line. */
  sum(): void {
    const [passed, failed, skipped] = [this.#counted("pass"), this.#counted("fail"), this.#counted("skip")];
    const ms = performance.now() - this.#began;
    if (this.#json) console.log(JSON.stringify({ versions: this.#versions, passed, failed, skipped, ms }));
    else console.log(`${passed} passed, ${failed} failed, ${skipped} skipped, in ${seconds(ms)}`);
  }

  #tell(text: string): void {
    if (!this.#json) console.log(text);
  }

  #add(verdict: Verdict): void {
    this.#verdicts.set(verdict.name, verdict);
    if (this.#json) {
      console.log(JSON.stringify(verdict));
      return;
    }
    const { name, result, ms, notes, reason } = verdict;
    console.log(`${result}  ${name.padEnd(38)}${seconds(ms).padStart(8)}  ${notes.join(", ")}`.trimEnd());
    if (reason !== undefined) console.log(reason.replaceAll(/^/gm, "      "));
  }

  #counted(result: Verdict["result"]): number {
    return [...this.#verdicts.values()].filter((verdict) => verdict.result === result).length;
  }
}

function onSecondAttempt(verdict: Verdict): Verdict {
  return { ...verdict, notes: [...verdict.notes, "on a second attempt: the guest had broken down"] };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
