import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { run } from "./run.ts";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

describe("the jelling command", () => {
  it.each(["--help", "-h", "help"])("%s lists the commands on standard output", async (argument) => {
    const { status, stdout, stderr } = await run([argument]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: jelling COMMAND/);
    expect(stdout).toContain("\n  demo ");
    expect(stdout).toContain("\n  decode FILE ");
  });

  it("--version is the package's", async () => {
    expect(await run(["--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" });
  });

  it("without a command it prints the help as an error", async () => {
    const { status, stdout, stderr } = await run([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: jelling COMMAND/);
  });

  it.each([
    ["deocde", 'jelling: unknown command "deocde". Try "jelling --help".\n'],
    ["--verbose", 'jelling: unknown option "--verbose". Try "jelling --help".\n'],
  ])("%s is refused with status 2", async (argument, stderr) => {
    expect(await run([argument])).toEqual({ status: 2, stdout: "", stderr });
  });
});
