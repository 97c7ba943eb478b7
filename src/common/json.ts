import { fromHex } from "./bytes.ts";

/** What JSON can hold. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined };

/** An object of JSON. */
export type JsonObject = Readonly<Record<string, JsonValue | undefined>>;

/**
 * One place in a document that was read, with the way to it: what is not as expected is told with its place.
 *
 * What reads throws SyntaxError where the value is another.
 */
export class JsonPlace {
  readonly #value: unknown;
  readonly #path: string;

  constructor(value: unknown, path = "document") {
    this.#value = value;
    this.#path = path;
  }

  /** Whether anything is here. */
  get present(): boolean {
    return this.#value !== undefined;
  }

  /** What is here, as it is. */
  get raw(): JsonValue | undefined {
    return this.#value as JsonValue | undefined;
  }

  /** What stands under a name of an object. */
  member(name: string): JsonPlace {
    return new JsonPlace(this.object()[name], `${this.#path}.${name}`);
  }

  /** An object. */
  object(): Record<string, unknown> {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.fail("is no object");
    return value as Record<string, unknown>;
  }

  /** The elements of a list. */
  list(): readonly JsonPlace[] {
    if (!Array.isArray(this.#value)) this.fail("is no list");
    const elements: readonly unknown[] = this.#value;
    return elements.map((element, i) => new JsonPlace(element, `${this.#path}[${i}]`));
  }

  /** The members of an object by name. */
  entries(): readonly (readonly [name: string, place: JsonPlace])[] {
    return Object.keys(this.object()).map((name) => [name, this.member(name)]);
  }

  /** A text. */
  text(): string {
    if (typeof this.#value !== "string") this.fail("is no text");
    return this.#value;
  }

  /** A whole number within bounds. */
  whole(least: number, most: number): number {
    const value = this.#value;
    if (typeof value !== "number" || !Number.isInteger(value) || value < least || value > most) {
      this.fail(`is no whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** `true` or `false`. */
  flag(): boolean {
    if (typeof this.#value !== "boolean") this.fail("is neither true nor false");
    return this.#value;
  }

  /** Octets, written as hex. */
  octets(size: number): Uint8Array {
    const octets = this.read(fromHex);
    if (octets.length !== size) this.fail(`is not ${size} octets of hex`);
    return octets;
  }

  /** What `parse` makes of the text here. */
  read<T>(parse: (text: string) => T): T {
    const text = this.text();
    try {
      return parse(text);
    } catch {
      this.fail("is not in its form"); // what the parser says may repeat a secret
    }
  }

  /** @throws {@link SyntaxError} Always. */
  fail(why: string): never {
    throw new SyntaxError(`${this.#path} ${why}`);
  }
}
