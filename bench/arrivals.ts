/** Counts what arrives, and lets whoever sent it wait for the last. */
export class Arrivals {
  #missing = 0;
  #arrived: (() => void) | undefined;

  /** Resolves when so many more have arrived. */
  expect(count: number): Promise<void> {
    this.#missing = count;
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  /** One more has. */
  readonly count = (): void => {
    if (--this.#missing === 0) this.#arrived?.();
  };
}
