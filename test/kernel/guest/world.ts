import type { ChildProcess } from "node:child_process";
import { adapterPath, Bluez, Interface } from "./bluez.ts";
import { Monitor } from "./monitor.ts";
import { running, startControllers } from "./controllers.ts";

/** Where files go that outlive the guest. */
export const output = "/run/job/out";

/** What all scenarios share: the controllers on their air, and BlueZ. */
export class World {
  readonly bluez: Bluez;
  readonly monitor: Monitor;
  #controllers: ChildProcess;
  #broken: Promise<never>;

  private constructor(controllers: ChildProcess, bluez: Bluez, monitor: Monitor) {
    this.monitor = monitor;
    this.#controllers = controllers;
    this.#broken = end(controllers);
    this.bluez = bluez;
  }

  static async begin(): Promise<World> {
    const controllers = await startControllers();
    return new World(controllers, await Bluez.start(output), Monitor.start());
  }

  /** Rejects when the controllers go away. */
  get broken(): Promise<never> {
    return this.#broken;
  }

  /** Has BlueZ forget every peer. */
  async forgetDevices(): Promise<void> {
    const { bluez } = this;
    for (const [path, interfaces] of [...bluez.objects]) {
      if (!interfaces[Interface.Device] || !path.startsWith(`${adapterPath}/`)) continue;
      await bluez.call(adapterPath, Interface.Adapter, "RemoveDevice", { signature: "o", arguments: [path] });
      await bluez.until(`${path} forgotten`, () => bluez.objects.get(path) === undefined);
    }
  }

  /** After a failure: makes everything as it was at the beginning. */
  async mend(): Promise<void> {
    await this.bluez.stopDaemon().catch(console.error);
    if (!running(this.#controllers)) {
      this.#controllers = await startControllers();
      this.#broken = end(this.#controllers);
    }
    await this.bluez.startDaemon();
    await this.forgetDevices();
  }
}

function end(controllers: ChildProcess): Promise<never> {
  const ended = new Promise<never>((_resolve, reject) => {
    controllers.once("exit", (status, signal) => {
      reject(new Error(`btvirt has ended: ${signal ?? `status ${status ?? "unknown"}`}`));
    });
  });
  ended.catch(() => undefined); // at the end of the run nobody waits for it
  return ended;
}
