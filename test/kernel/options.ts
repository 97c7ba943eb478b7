import { parseArgs } from "node:util";

/** What a run is told. */
export interface Options {
  readonly all: boolean;
  readonly only: readonly string[];
  readonly list: boolean;
  readonly json: boolean;
  readonly help: boolean;
  readonly verbose: boolean;
  /** Where the captures of what failed are put. */
  readonly output: string;
}

/** What `--help` shows. */
export const help = `Plays jelling against a real BlueZ on a real kernel, in a virtual machine.

  npm run test:kernel                the short core, some minutes where the processor has to be emulated
  npm run test:kernel -- --all       everything
  npm run test:kernel -- --only NAME scenarios by name, or by the beginning of it; may be given again
                         --list      what there is, and what of it is the core
                         --json      one line of JSON for each scenario, and for the whole
                         --output DIR where the captures of both sides are put when a scenario fails
                                      (default: dist/kernel-output)
                         --verbose   also what programs in the guest say
                         --help      this

It needs Linux on x86-64 and some Debian packages, which it installs if it is run as root; where that or the kernel
cannot be had it skips everything, says why, and succeeds. docs/kernel-tests.md tells more.
`;

/** @throws TypeError There is no such option. */
export function readOptions(parameters: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...parameters],
    options: {
      all: { type: "boolean", default: false },
      only: { type: "string", multiple: true, default: [] },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      output: { type: "string", default: "dist/kernel-output" },
    },
  });
  return values;
}
