/** Why the tests cannot run on this machine, with what would help. It is no fault of theirs. */
export class SkipError extends Error {
  override readonly name = "SkipError";
}
