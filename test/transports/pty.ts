import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const hasPackage = await import("serialport").then(
  () => true,
  () => false,
);
const hasSocat = spawnSync("socat", ["-V"]).error === undefined;

/** Why no serial port can be tried here, for the titles of tests; empty where one can. */
export const noPty: string = hasPackage
  ? hasSocat
    ? ""
    : " (skipped: socat is not installed)"
  : " (skipped: the npm package serialport does not load)";

/** A pseudo-terminal that a serial port can be opened on, with its other end in the hands of a test. */
export interface Pty extends AsyncDisposable {
  readonly path: string;
  /** The other end. */
  readonly device: Socket;
  /** Everything that has come to the other end so far. */
  received(): Uint8Array;
}

/** Makes one by way of socat, as `jelling virtual --pty` does. */
export async function openPty(): Promise<Pty> {
  const folder = mkdtempSync(join(tmpdir(), "jelling-pty-"));
  const socketPath = join(folder, "socket");
  const server = createServer().listen(socketPath);
  await once(server, "listening");
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const socat = spawn("socat", ["-d", "-d", "pty,ptmx,rawer", `unix-connect:${socketPath}`], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const path = await new Promise<string>((resolve, reject) => {
    socat.once("error", reject);
    socat.once("exit", () => reject(new Error(said)));
    socat.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const [, name] = /PTY is (\S+)/.exec(said) ?? [];
      if (name !== undefined && said.includes("starting data transfer loop")) resolve(name);
    });
  });
  const [device] = await accepted;
  device.on("error", () => undefined);
  const chunks: Uint8Array[] = [];
  device.on("data", (chunk) => chunks.push(chunk));
  return {
    path,
    device,
    received: () => Buffer.concat(chunks),
    async [Symbol.asyncDispose]() {
      device.destroy();
      server.close();
      if (socat.exitCode === null && socat.signalCode === null) {
        const ended = once(socat, "exit");
        socat.kill();
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
