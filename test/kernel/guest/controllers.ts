import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { run } from "../machine/command.ts";
import { poll } from "./until.ts";

/** How many controllers the kernel gets: BlueZ's and ours. */
const count = 2;
const attempts = 5;

/**
 * Gives the kernel virtual controllers on one air, hci0 and hci1. On a slow machine the kernel may give up on one before
 * it has answered; then all are made anew.
 */
export async function startControllers(): Promise<ChildProcess> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = await failures();
    const btvirt = spawn("btvirt", [`-l${count}`], { stdio: "ignore" });
    const outcome = await poll("virtual controllers", async () => {
      if ((await failures()) > before) return "failed";
      return (await ready()) === count ? "ready" : undefined;
    });
    await pause(300); // what fails may fail at its last step
    if (outcome === "ready" && (await failures()) === before) return btvirt;
    await stopControllers(btvirt);
  }
  throw new Error(`the kernel could not start its virtual controllers: see kernel.log`);
}

/** Takes them away again. */
async function stopControllers(btvirt: ChildProcess): Promise<void> {
  if (!running(btvirt)) return;
  const ended = new Promise((resolve) => btvirt.once("exit", resolve));
  btvirt.kill();
  await ended;
}

/** Whether they are still there. */
export function running({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}

async function failures(): Promise<number> {
  const { output } = await run("dmesg", []);
  return output.split("\n").filter((line) => /Bluetooth: hci\d.*failed/.test(line)).length;
}

/** How many controllers have answered. */
async function ready(): Promise<number> {
  const { output } = await run("hciconfig", []);
  return [...output.matchAll(/RX bytes:\d+ acl:\d+ sco:\d+ events:([1-9]\d*)/g)].length;
}
