import type { Writable } from "node:stream";

/** SGR parameters of ECMA-48. */
const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** Gives text a colour, or leaves it as it is where the reader can see none. */
export type Paint = (style: keyof typeof codes, text: string) => string;

/** A terminal has colours, unless its user has said otherwise. */
export function paintFor(stream: Writable, environment: NodeJS.ProcessEnv): Paint {
  const { NO_COLOR: noColor = "", TERM: terminal } = environment;
  const isTerminal = "isTTY" in stream && stream.isTTY === true;
  if (!isTerminal || noColor !== "" || terminal === "dumb") return (_style, text) => text;
  return (style, text) => `\u001b[${codes[style]}m${text}\u001b[0m`;
}
