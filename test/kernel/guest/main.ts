import { readdir, rm } from "node:fs/promises";
import { release } from "node:os";
import { writeSync } from "node:fs";
import { run } from "../machine/command.ts";
import type { GuestLine, Scenario, Verdict } from "../scenario.ts";
import { scenarios } from "../scenarios/all.ts";
import { Stage } from "./stage.ts";
import { within } from "./until.ts";
import { output, World } from "./world.ts";

const usualLimitMs = 90_000;

/** The first error that nobody has caught. */
let uncaught: ((error: unknown) => void) | undefined;
for (const event of ["uncaughtException", "unhandledRejection"]) {
  process.on(event, (error: unknown) => {
    if (uncaught) uncaught(error);
    else console.error(error);
  });
}

function say(line: GuestLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});

async function main(names: readonly string[]): Promise<void> {
  const chosen = scenarios.filter(({ name }) => names.includes(name));
  const world = await World.begin();
  say({ kind: "ready", versions: await versions() });
  for (const scenario of chosen) {
    say({ kind: "begin", name: scenario.name });
    say({ kind: "verdict", verdict: await judge(scenario, world) });
  }
  process.exit(0); // the guest ends with it, and BlueZ and the rest with the guest
}

async function versions(): Promise<Record<string, string>> {
  const { output } = await run("/usr/sbin/bluetoothd", ["--version"]);
  return { linux: release(), bluez: output.trim(), node: process.version };
}

async function judge(scenario: Scenario, world: World): Promise<Verdict> {
  const { name, limitMs = usualLimitMs } = scenario;
  const began = performance.now();
  const stage = new Stage(name, world.bluez, output);
  await world.monitor.captureTo(stage.file("bluez.btsnoop"));
  const outcome = { name, notes: stage.notes };
  try {
    const hurt = Promise.race([failure(), world.broken]);
    await within(name, Promise.race([scenario.play(stage), hurt]), limitMs);
    await within(`the end of ${name}`, stage.close());
    await world.forgetDevices();
    await world.monitor.captureTo();
    await discard(name);
    return { ...outcome, result: "pass", ms: performance.now() - began };
  } catch (error) {
    const reason = told(error);
    uncaught = undefined;
    await within("the end of a scenario that failed", stage.close(), 30_000).catch(console.error);
    await world.monitor.captureTo();
    await world.mend();
    return { ...outcome, result: "fail", ms: performance.now() - began, reason };
  } finally {
    uncaught = undefined;
  }
}

function failure(): Promise<never> {
  return new Promise((_resolve, reject) => (uncaught = reject));
}

/** What went wrong, and where in the tests. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const lines = (error.stack ?? error.message).split("\n");
  const where = lines.filter((line) => line.includes("/scenarios/"));
  return [...lines.filter((line) => !/^\s+at /.test(line)), ...where.slice(0, 3)].join("\n");
}

async function discard(name: string): Promise<void> {
  for (const file of await readdir(output)) {
    if (file.startsWith(`${name}-`)) await rm(`${output}/${file}`, { recursive: true });
  }
}
