import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Host, type HostOptions } from "../../../src/index.ts";
import { openHciSocket } from "../../../transports/hci-socket.ts";
import type { HciSocketPackage } from "../../../transports/hci-socket-module.ts";
import { traced } from "../../../transports/trace.ts";
import { BluezAgent, type AgentScript } from "./bluez-agent.ts";
import { BluezDevice } from "./bluez-device.ts";
import type { Bluez } from "./bluez.ts";

/** The number of our controller. */
export const ourDevice = 1;
const usualPackage: HciSocketPackage = "@stoprocent/bluetooth-hci-socket";

/** How a scenario opens a host. */
export interface StageHostOptions extends HostOptions {
  /** The npm package that opens the user channel. */
  readonly module?: HciSocketPackage;
}

/** What a scenario plays with; everything it opens is closed when it ends. */
export class Stage {
  /** A real BlueZ with a controller of its own, switched on. */
  readonly bluez: Bluez;
  /** The folder for what a scenario leaves behind when it fails. */
  readonly output: string;
  readonly notes: string[] = [];
  readonly #name: string;
  readonly #open: AsyncDisposable[] = [];
  #traces = 0;

  constructor(name: string, bluez: Bluez, output: string) {
    this.#name = name;
    this.bluez = bluez;
    this.output = output;
  }

  /** A host on our controller's user channel, whose HCI is traced. One at a time. */
  async host({ module = usualPackage, ...options }: StageHostOptions = {}): Promise<Host> {
    const transport = await openHciSocket({ device: ourDevice, module });
    const path = this.file(`jelling-${++this.#traces}.btsnoop`);
    return this.own(await Host.open(traced(transport, { path }), options));
  }

  /** Where a scenario writes a file that is kept when it fails. */
  file(name: string): string {
    return join(this.output, `${this.#name}-${name}`);
  }

  /** BlueZ's view of a host that advertises. */
  find(host: Host): Promise<BluezDevice> {
    return BluezDevice.find(this.bluez, host.address);
  }

  /** Somebody at BlueZ's side. */
  async agent(script: AgentScript): Promise<BluezAgent> {
    return this.own(await BluezAgent.register(this.bluez, script));
  }

  /** Has bluetoothd run with other settings until the scenario ends. */
  async configure(settings: string): Promise<void> {
    const { bluez } = this;
    await bluez.restart(settings);
    this.own({
      async [Symbol.asyncDispose]() {
        await bluez.restart();
      },
    });
  }

  /** Has the kernel know enhanced credit-based channels, which it does not by default. */
  async enableEnhancedChannels(): Promise<void> {
    await writeFile("/sys/module/bluetooth/parameters/enable_ecred", "Y");
  }

  /** Closes something at the end of the scenario, or before that when it closes itself. */
  own<T extends AsyncDisposable>(resource: T): T {
    this.#open.push(resource);
    return resource;
  }

  /** Something seen on the way, for the report. */
  note(text: string): void {
    this.notes.push(text);
  }

  /** Closes everything, what was opened last first. @throws What went wrong first; the rest is closed all the same. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const each of this.#open.reverse()) {
      try {
        await each[Symbol.asyncDispose]();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}
