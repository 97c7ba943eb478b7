import { afterAll } from "vitest";

/** What became of the test purposes of one file, printed as a table when all have been tried. */
export class PurposeTable {
  readonly #title: string;
  readonly #outcomes = new Map<string, "pass" | "FAIL">();

  /** To be made while tests are collected: the table is printed after the last of them. */
  constructor(title: string) {
    this.#title = title;
    afterAll(() => {
      if (this.#outcomes.size > 0) console.log(this.toString());
    });
  }

  /** Tries one test purpose, as a test body. */
  async judge(purpose: string, replay: () => void | Promise<void>): Promise<void> {
    this.#outcomes.set(purpose, "FAIL");
    await replay();
    this.#outcomes.set(purpose, "pass");
  }

  /** How many have passed. */
  get passed(): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome === "pass").length;
  }

  toString(): string {
    const width = Math.max(...[...this.#outcomes.keys()].map((purpose) => purpose.length));
    const rows = [...this.#outcomes].map(([purpose, outcome]) => `  ${purpose.padEnd(width)}  ${outcome}`);
    return [`${this.#title}: ${this.passed} of ${this.#outcomes.size} pass`, ...rows].join("\n");
  }
}
