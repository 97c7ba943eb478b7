/** Something that ought to hold of every implementation did not. The message says what, and shows the octets. */
export class InvariantError extends Error {
  /** The function that found it, such as `answersEveryRequestOnce`. */
  readonly invariant: string;

  constructor(invariant: string, why: string, options?: ErrorOptions) {
    super(`${invariant}: ${why}`, options);
    this.invariant = invariant;
  }

  override get name(): string {
    return "InvariantError";
  }
}
