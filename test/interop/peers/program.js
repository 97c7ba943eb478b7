/** What every peer does alike: it is told what to do by the test that has started it, and tells what happens. */
import { Buffer } from "node:buffer";
import process from "node:process";

/** Tells the test of something that has happened. */
export function tell(event, value) {
  process.send?.({ event, value });
}

/** Lets the test call functions by their names, each with one argument. */
export function serve(verbs) {
  process.on("message", ({ id, verb, argument }) => {
    Promise.resolve()
      .then(() => verbs[verb](argument))
      .then(
        (value) => process.send?.({ id, value }),
        (error) => process.send?.({ id, error: String(error?.message ?? error) }),
      );
  });
  process.on("disconnect", () => process.exit(0));
  tell("ready");
}

/** A UUID as 4 or 32 digits, in lower case. */
export function plain(uuid) {
  const digits = String(uuid).replaceAll("-", "").toLowerCase();
  const short = /^0000(....)00001000800000805f9b34fb$/.exec(digits);
  return short ? short[1] : digits;
}

/** A promise of the first value that comes to `callback`. */
export function once(emitter, event) {
  return new Promise((resolve) => {
    emitter.once(event, (...values) => resolve(values));
  });
}

/** Octets as a Buffer: what comes from the test is a plain Uint8Array. */
export function octets(value) {
  return Buffer.from(value.buffer, value.byteOffset, value.length);
}
