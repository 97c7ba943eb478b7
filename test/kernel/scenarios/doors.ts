import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Address, Host, TransportError } from "../../../src/index.ts";
import { openHciSocket } from "../../../transports/hci-socket.ts";
import type { HciSocketPackage } from "../../../transports/hci-socket-module.ts";
import { BluezDevice } from "../guest/bluez-device.ts";
import { Interface } from "../guest/bluez.ts";
import { ourDevice, type Stage } from "../guest/stage.ts";
import { poll, within } from "../guest/until.ts";
import { compiled, repository } from "../places.ts";
import type { Scenario } from "../scenario.ts";
import { offerServices, pattern, Uuids } from "./our-services.ts";

const packages: readonly (readonly [short: string, name: HciSocketPackage])[] = [
  ["stoprocent", "@stoprocent/bluetooth-hci-socket"],
  ["abandonware", "@abandonware/bluetooth-hci-socket"],
];

/** The ways to our controller. */
export const doors: readonly Scenario[] = [
  ...packages.map(([short, module]): Scenario => ({
    name: `door-${short}`,
    says: `The user channel through ${module}: a long value both ways, closed and opened again`,
    core: true,
    async play(stage) {
      for (const turn of [1, 2]) {
        const host = await stage.host({ module });
        const { long } = offerServices(host);
        await host.advertise({ name: `turn ${turn}` });
        const device = await stage.find(host);
        await device.connect();
        const there = device.characteristic(Uuids.long);
        assert.deepEqual(await there.read(), pattern(512));
        await there.write(pattern(512, turn), "request");
        assert.deepEqual(new Uint8Array(long.value), pattern(512, turn));
        await host[Symbol.asyncDispose]();
        await stage.bluez.until("BlueZ sees the link go", () => device.get("Connected") === false);
        await device.remove();
      }
    },
  })),
  {
    name: "door-descriptor",
    says: "The user channel by an inherited descriptor: the launcher has the rights, Node runs as nobody",
    core: true,
    async play(stage) {
      const child = stage.own(new Launched());
      const address = Address.from(await within("the address of the child", child.line()));
      const device = await BluezDevice.find(stage.bluez, address);
      await device.connect();
      const there = device.characteristic(Uuids.long);
      assert.deepEqual(await there.read(), pattern(512));
      await there.write(pattern(512, 3), "request");
      assert.deepEqual(await there.read(), pattern(512, 3));
      assert.equal(await within("the end of the child", child.end()), 0);
      await stage.bluez.until("BlueZ sees the link go", () => device.get("Connected") === false);
    },
  },
  {
    name: "door-errors",
    says: "A controller that is not there, held by BlueZ, switched off or forbidden is refused with what to do about it",
    core: true,
    async play(stage) {
      const other = `/org/bluez/hci${ourDevice}`;
      for (const [, module] of packages) {
        await refused({ device: 7, module }, "noSuchDevice", /hci7.*hci0, hci1/s);
        await stage.bluez.set(other, Interface.Adapter, "Powered", ["b", true]);
        await refused({ device: ourDevice, module }, "busy", /systemctl stop bluetooth/);
        await stage.bluez.set(other, Interface.Adapter, "Powered", ["b", false]);

        const first = await openHciSocket({ device: ourDevice, module });
        await refused({ device: ourDevice, module }, "busy", /another program/);
        await first[Symbol.asyncDispose]();

        await switchRadios(stage, false);
        await refused({ device: ourDevice, module }, "rfkill", /rfkill unblock bluetooth/);
        await switchRadios(stage, true);
        assert.match(await openAsNobody(module), /^permission .*setcap/s);
      }
    },
  },
  ...packages.map(([short, module]): Scenario => ({
    name: `door-unplugged-${short}`,
    says: `A controller that goes away is told once, through ${module}`,
    async play(stage) {
      const before = await controllers();
      const stick = spawn("btvirt", ["-l1"], { stdio: "ignore" });
      stage.own({
        async [Symbol.asyncDispose]() {
          await stop(stick);
        },
      });
      const added = await poll("one more controller", async () => {
        return (await controllers()).find((name) => !before.includes(name));
      });
      const device = Number(added.slice(3));
      // The kernel looks at it first.
      const transport = await poll("a controller that is free", () => {
        return openHciSocket({ device, module }).catch((error: unknown) => {
          if (error instanceof TransportError && error.reason === "busy") return undefined;
          throw error;
        });
      });
      const host = stage.own(await Host.open(transport));
      const closed = once(host, "closed");
      await stop(stick);
      const [error] = (await within("the loss", closed)) as [unknown];
      assert.ok(error instanceof TransportError, String(error));
      assert.equal(error.reason, "lost");
      stage.note(error.message);
    },
  })),
];

async function refused(
  options: { readonly device: number; readonly module: HciSocketPackage },
  reason: TransportError["reason"],
  message: RegExp,
): Promise<void> {
  const error: unknown = await openHciSocket(options).then(
    () => new Error(`hci${options.device} was opened`),
    (refusal: unknown) => refusal,
  );
  assert.ok(error instanceof TransportError, String(error));
  assert.equal(error.reason, reason, error.message);
  assert.match(error.message, message);
}

/** What comes of opening our controller without any rights: the reason and the message. */
async function openAsNobody(module: HciSocketPackage): Promise<string> {
  const child = spawn(process.execPath, [join(compiled, "test/kernel/guest/open-socket.js"), module], {
    stdio: ["ignore", "pipe", "inherit"],
    uid: 65534,
    gid: 65534,
  });
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  await within("a child without rights", once(child, "close"));
  return said;
}

async function switchRadios(stage: Stage, on: boolean): Promise<void> {
  for (const name of await readdir("/sys/class/rfkill")) {
    const folder = `/sys/class/rfkill/${name}`;
    if ((await readFile(`${folder}/name`, "utf8")).trim() !== `hci${ourDevice}`) continue;
    await writeFile(`${folder}/soft`, on ? "0" : "1");
    return;
  }
  stage.note("the kernel has no rfkill");
}

async function controllers(): Promise<string[]> {
  return (await readdir("/sys/class/bluetooth")).filter((name) => /^hci\d+$/.test(name));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}

/** A program that the launcher starts with our controller, as nobody. */
class Launched implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown[]>;

  constructor() {
    const launcher = join(repository, "transports/launcher/hci-launch.py");
    const program = [process.execPath, join(compiled, "test/kernel/guest/through-descriptor.js")];
    this.#child = spawn(
      "/usr/bin/python3",
      [launcher, "--device", `hci${ourDevice}`, "--user", "nobody", "--", ...program],
      { stdio: ["pipe", "pipe", "inherit"] },
    );
    this.#ended = once(this.#child, "exit");
  }

  /** The first line it says. */
  async line(): Promise<string> {
    const { stdout } = this.#child;
    if (!stdout) throw new Error("it has no output");
    for await (const line of createInterface(stdout)) return line;
    throw new Error("it has said nothing");
  }

  /** Has it end. @returns Its status. */
  async end(): Promise<unknown> {
    this.#child.stdin?.end();
    return (await this.#ended)[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
