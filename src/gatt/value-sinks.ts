import type { BleError } from "../common/errors.ts";

/** Where the values of one subscription go. */
export interface ValueSink {
  /** `value` is *borrowed*. */
  value(value: Uint8Array): void;
  ended(reason: BleError): void;
}

/** Who wants the values that a server sends on its own account, by the handle of the characteristic's value. */
export class ValueSinks {
  readonly #sinks = new Map<number, readonly ValueSink[]>();

  add(handle: number, sink: ValueSink): void {
    this.#sinks.set(handle, [...(this.#sinks.get(handle) ?? []), sink]);
  }

  remove(handle: number, sink: ValueSink): void {
    const left = (this.#sinks.get(handle) ?? []).filter((other) => other !== sink);
    if (left.length > 0) this.#sinks.set(handle, left);
    else this.#sinks.delete(handle);
  }

  has(handle: number): boolean {
    return this.#sinks.has(handle);
  }

  /** A value came, *borrowed*. One that nobody wants is dropped. */
  value(handle: number, value: Uint8Array): void {
    const sinks = this.#sinks.get(handle);
    if (sinks) for (const sink of sinks) sink.value(value);
  }

  /** No value of that handle comes any more. */
  end(handle: number, reason: BleError): void {
    const sinks = this.#sinks.get(handle) ?? [];
    this.#sinks.delete(handle);
    for (const sink of sinks) sink.ended(reason);
  }

  /** No value comes any more. */
  endAll(reason: BleError): void {
    for (const handle of [...this.#sinks.keys()]) this.end(handle, reason);
  }
}
