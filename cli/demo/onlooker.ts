/** Somebody who sees the displays of both sides, and says yes to both when they show the same. */
export class Onlooker {
  #first: { readonly digits: string; readonly answer: (same: boolean) => void } | undefined;

  /** What one side shows. @returns Whether the other shows the same, once it does show something. */
  look(digits: string): boolean | Promise<boolean> {
    const first = this.#first;
    if (first) {
      this.#first = undefined;
      const same = first.digits === digits;
      first.answer(same);
      return same;
    }
    return new Promise((answer) => {
      this.#first = { digits, answer };
    });
  }
}
