import { Readable, Writable } from "node:stream";
import { main } from "../../cli/main.ts";

/** What a run of the command line has printed, and its exit status. */
export interface Run {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in this process. */
export async function run(argv: readonly string[], stdin: Uint8Array = new Uint8Array(0)): Promise<Run> {
  const out = gathered();
  const err = gathered();
  const status = await main(argv, { stdin: Readable.from([stdin]), stdout: out.stream, stderr: err.stream });
  return { status, stdout: out.text(), stderr: err.text() };
}

/** A stream that keeps what is written to it. */
export function gathered(): { readonly stream: Writable; readonly text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
