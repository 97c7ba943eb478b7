/** What an option may be. Its range is checked where it is used. */
export type OptionKind =
  "number" | "boolean" | "text" | "function" | "object" | "list" | "octets" | "signal" | "anything";

/** The options that a call has, each with its kind. */
export type OptionKinds = Readonly<Record<string, OptionKind>>;

const advice: Readonly<Record<OptionKind, string>> = {
  number: "a number",
  boolean: "true or false",
  text: "a text",
  function: "a function",
  object: "an object",
  list: "an array",
  octets: "a Uint8Array",
  signal: "an AbortSignal, such as AbortSignal.timeout(5000)",
  anything: "something",
};

/**
 * Refuses options that the call has not, or of another kind, for programs that no compiler checks: what is misspelt
 * would pass for left out. An option that is `undefined` is left out.
 *
 * @param call - The method, as the program writes it.
 * @param example - Options as they could be, as the program writes them.
 * @throws {@link TypeError} The message names the option and what to give in its place.
 */
export function checkOptions(call: string, options: unknown, kinds: OptionKinds, example: string): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${call}: give options such as ${example}, not ${shown(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) {
      throw new TypeError(
        `${call}: "${name}" is no option of it; there ${listed(Object.keys(kinds))}: ${example}`,
      );
    }
    checkKind(name, value, kind);
  }
}

/** @throws {@link TypeError} There is a signal, and it is none: told before anything waits for it. */
export function requireSignal(signal: unknown): void {
  if (signal !== null) checkKind("signal", signal, "signal");
}

/** @throws {@link TypeError} There are options, and they are none of a call that takes a signal alone. */
export function checkCallOptions(call: string, options: unknown): void {
  if (options !== undefined) checkOptions(call, options, { signal: "signal" }, "{ signal }");
}

function checkKind(name: string, value: unknown, kind: OptionKind): void {
  if (value === undefined || isOf(kind, value)) return;
  throw new TypeError(`${name}: give ${advice[kind]}, not ${shown(value)}`);
}

function isOf(kind: OptionKind, value: unknown): boolean {
  switch (kind) {
    case "anything":
      return true; // looked at where it is used
    case "signal":
      return isSignal(value);
    case "list":
      return Array.isArray(value);
    case "octets":
      return value instanceof Uint8Array;
    case "object":
      return typeof value === "object" && value !== null;
    case "text":
      return typeof value === "string";
    default:
      return typeof value === kind;
  }
}

/** By what it can do: a signal may come from another realm or a library. */
function isSignal(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { aborted, addEventListener }: { aborted?: unknown; addEventListener?: unknown } = value;
  return typeof aborted === "boolean" && typeof addEventListener === "function";
}

function listed(names: readonly string[]): string {
  return names.length === 1 ? `is ${names.join("")}` : `are ${names.join(", ")}`;
}

/** What was given, in few words. */
function shown(value: unknown): string {
  if (typeof value === "string") return `the text "${value.slice(0, 40)}"`;
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" && value !== null) return "an object of another kind";
  return typeof value === "function" ? "a function" : String(value);
}
