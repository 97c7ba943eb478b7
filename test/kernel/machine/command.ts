import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** What a program has said before it ended. */
export interface Ended {
  readonly status: number | undefined;
  readonly output: string;
}

/** How to run a program. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program to its end; its two outputs come as one text. A program that is not there has no status. */
export async function run(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const child = spawn(program, parameters, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      output += `${line}\n`;
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => {
      resolve({ status: undefined, output: error.message });
    });
    child.on("close", (status) => {
      resolve({ status: status ?? undefined, output });
    });
  });
}

/** The same for a program that must succeed. @throws Error with the last lines it said. */
export async function mustRun(
  program: string,
  parameters: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, output } = await run(program, parameters, options);
  if (status === 0) return output;
  const said = output.trimEnd().split("\n").slice(-5).join("\n");
  throw new Error(`${program} ${parameters.join(" ")} ended with ${status ?? "no status"}:\n${said}`);
}
