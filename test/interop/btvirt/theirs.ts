import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeCommand } from "../../../src/hci/command.ts";
import { ReadBdAddr } from "../../../src/hci/commands/informational.ts";
import { H4Framer } from "../../../transports/h4-framer.ts";
import { type Rig, type Seat, seats } from "./rig.ts";

/** Others differ from ours elsewhere. */
const judgedVersion = "5.66";

/** Where btvirt serves controllers, a place for each kind; it knows no others, and leaves them behind. */
const socketPaths = ["bredrle", "bredr", "le", "amp", "mon"].map((kind) => `/tmp/bt-server-${kind}`);
/** With BR/EDR and LE. The kind for LE alone knows less of LE. */
const socketPath = "/tmp/bt-server-bredrle";

/** Gives btvirt the ciphers of AF_ALG, which not every kernel has. Not part of this repository. */
const shimSource = fileURLToPath(new URL("../../../../shared/kernel/afalg.c", import.meta.url));

/** Command Complete for Read BD_ADDR, up to the address. */
const fenceStart = [0x04, 0x0e, 0x0a];
const fenceOpcodeAt = 4;
const fenceAddressAt = 7;

/** BlueZ's virtual controllers, served by a btvirt of our own. */
export interface Btvirt extends AsyncDisposable {
  /** Two new controllers. */
  open(): Promise<Rig>;
}

/** Starts btvirt; a sentence instead where it does not run. */
export async function startBtvirt(): Promise<Btvirt | string> {
  const { error, stdout } = spawnSync("btvirt", ["--version"], { encoding: "utf8" });
  if (error) return "btvirt is not installed (Debian: bluez-test-tools)";
  const version = stdout.trim();
  if (version !== judgedVersion) return `this btvirt is ${version}, what was judged is ${judgedVersion}`;
  const folder = mkdtempSync(join(tmpdir(), "jelling-btvirt-"));
  for (const preload of preloads(folder)) {
    const server = await serve(preload);
    if (server === undefined) continue;
    return {
      open: openPair,
      async [Symbol.asyncDispose]() {
        await stop(server);
        rmSync(folder, { recursive: true });
      },
    };
  }
  rmSync(folder, { recursive: true });
  return "btvirt makes no LE controllers here: the kernel has no AF_ALG, and there is no shim for it";
}

/** What to try: btvirt as it is, and with the shim. */
function* preloads(folder: string): Generator<string | undefined> {
  yield undefined;
  if (!existsSync(shimSource)) return;
  const shim = join(folder, "afalg.so");
  const made = spawnSync("gcc", ["-O2", "-shared", "-fPIC", "-o", shim, shimSource, "-ldl"]);
  if (made.status === 0) yield shim;
}

async function serve(preload: string | undefined): Promise<ChildProcess | undefined> {
  const env = preload === undefined ? process.env : { ...process.env, LD_PRELOAD: preload };
  rmSync(socketPath, { force: true });
  const server = spawn("btvirt", ["-s"], { stdio: "ignore", env });
  for (let i = 0; i < 100; i++) {
    await pause(20);
    const socket = await dial().catch(() => undefined);
    if (!socket) continue;
    const seat = new H4Seat(socket);
    const works = await seat.fence().then(
      () => true,
      () => false,
    );
    await seat.close();
    if (works) return server;
    break;
  }
  await stop(server);
  return undefined;
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    server.kill();
    await once(server, "exit");
  }
  for (const path of socketPaths) rmSync(path, { force: true });
}

async function openPair(): Promise<Rig> {
  const pair: Record<Seat, H4Seat> = { a: new H4Seat(await dial()), b: new H4Seat(await dial()) };
  const addresses = { a: await pair.a.fence(), b: await pair.b.fence() };
  return {
    addresses,
    async send(seat, packet) {
      pair[seat].send(packet);
      // It works off one packet after the other: when these are answered, everything before them has come.
      await pair[seat].fence();
      for (const other of seats) await pair[other].fence();
    },
    take: (seat) => pair[seat].packets.splice(0),
    async [Symbol.asyncDispose]() {
      for (const seat of seats) await pair[seat].close();
    },
  };
}

async function dial(): Promise<Socket> {
  const socket = connect(socketPath);
  await once(socket, "connect");
  return socket;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One controller behind a socket that carries H4. */
class H4Seat {
  readonly packets: Uint8Array[] = [];
  readonly #socket: Socket;
  readonly #framer = new H4Framer();
  #ended: Error | undefined;
  #fenced: ((address: number | Error) => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#framer.push(chunk, { packet: (packet) => this.#take(packet.slice()) });
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("btvirt closed the connection")));
  }

  send(packet: Uint8Array): void {
    this.#socket.write(packet);
  }

  /** Waits until everything sent so far is worked off; returns the controller's address. */
  fence(): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#ended) {
        reject(this.#ended);
        return;
      }
      this.#fenced = (outcome) => {
        this.#fenced = undefined;
        if (typeof outcome === "number") resolve(outcome);
        else reject(outcome);
      };
      this.send(encodeCommand(ReadBdAddr, {}));
    });
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.destroy();
    await once(this.#socket, "close");
  }

  #take(packet: Uint8Array): void {
    const isFence =
      fenceStart.every((octet, i) => packet[i] === octet) &&
      packet[fenceOpcodeAt] === (ReadBdAddr.opcode & 0xff) &&
      packet[fenceOpcodeAt + 1] === ReadBdAddr.opcode >> 8;
    if (isFence && this.#fenced) {
      this.#fenced(ReadBdAddr.returns?.decode(packet, fenceAddressAt).bdAddr ?? 0);
    } else this.packets.push(packet);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#fenced?.(this.#ended);
  }
}
