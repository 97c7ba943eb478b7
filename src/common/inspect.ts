/** Has `console.log` show instances of a class as their text. Node asks objects for a method of this name. */
export function shownAsText(prototype: { toString: () => string }): void {
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: typeof prototype): string {
      return `${this.constructor.name} ${this.toString()}`;
    },
  });
}
