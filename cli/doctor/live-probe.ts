import type { Finding } from "./finding.ts";
import type { Surroundings } from "./surroundings.ts";

/** How long a probe may take, in ms: nine rates of a serial port take half a minute. */
const patience = 60_000;

/** What answers behind the name of a transport. */
export async function lookLive(name: string, surroundings: Surroundings): Promise<Finding> {
  try {
    const { text, isUsable } = await surroundings.probe(name, AbortSignal.timeout(patience));
    return { about: "probe", verdict: isUsable ? "ok" : "problem", text: `${name}: ${text}` };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError)
      throw error;
    return { about: "probe", verdict: "problem", text: `${name}: ${wordsFor(error)}` };
  }
}

function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "TimeoutError" ? `nothing came of it in ${patience / 1000} s` : error.message;
}
