import { once } from "node:events";
import type { Socket } from "node:net";
import { encodeCommand } from "../../../src/hci/command.ts";
import { ReadBdAddr } from "../../../src/hci/commands/informational.ts";
import { H4Framer } from "../../../transports/h4-framer.ts";
import { type Rig, type Seat, seats } from "./rig.ts";
import { dial, startServer } from "./server.ts";

/** Others differ from ours elsewhere. */
const judgedVersion = "5.66";

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
  const server = await startServer();
  if (typeof server === "string") return server;
  if (server.version !== judgedVersion) {
    await server[Symbol.asyncDispose]();
    return `this btvirt is ${server.version}, what was judged is ${judgedVersion}`;
  }
  const path = server.path("bredrle");
  return {
    open: () => openPair(path),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function openPair(path: string): Promise<Rig> {
  const pair: Record<Seat, H4Seat> = { a: new H4Seat(await dial(path)), b: new H4Seat(await dial(path)) };
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
