let loaded: typeof import("node:crypto") | undefined;

/**
 * The synchronous calls of node:crypto, loaded when they are first needed: a fifth of what importing the package would
 * cost, for programs that only encode and decode.
 */
export function nodeCrypto(): typeof import("node:crypto") {
  return (loaded ??= process.getBuiltinModule("node:crypto"));
}
