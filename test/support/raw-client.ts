import { once } from "node:events";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { u16At } from "../../src/common/bytes.ts";
import { type Command, encodeCommand } from "../../src/hci/command.ts";
import type { Event } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { H4Framer } from "../../transports/h4-framer.ts";

interface Waiter {
  readonly wants: (packet: Uint8Array) => boolean;
  readonly resolve: (packet: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/** A host at the other end of a stream that is nothing but H4 (Vol 4, Part A). */
export class RawClient<S extends Duplex = Duplex> implements AsyncDisposable {
  /** Every octet that came. */
  received = 0;
  readonly stream: S;
  /** Resolves when the stream has ended or failed. */
  readonly closed: Promise<void>;
  readonly #framer = new H4Framer();
  readonly #inbox: Uint8Array[] = [];
  readonly #waiters = new Set<Waiter>();

  constructor(stream: S) {
    this.stream = stream;
    this.closed = new Promise((resolve) => stream.once("close", resolve));
    stream.on("data", (chunk: Uint8Array) => {
      this.received += chunk.length;
      this.#framer.push(chunk, { packet: (packet) => this.#take(packet.slice()) });
    });
    stream.on("error", () => undefined); // "close" follows
    void this.closed.then(() => {
      for (const { reject } of this.#waiters) reject(new Error("the door has closed"));
    });
  }

  static async connect(where: NetConnectOpts): Promise<RawClient<Socket>> {
    const socket = connect(where);
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** Sends octets as they are. */
  send(octets: Uint8Array): void {
    this.stream.write(octets);
  }

  /** Sends a command; resolves with its status, and the return parameters where it completed. */
  async run<P, R>(
    command: Command<P, R>,
    parameters: P,
  ): Promise<{ readonly status: number; readonly returns: R | undefined }> {
    this.send(encodeCommand(command, parameters));
    const packet = await this.#next((packet) => isAnswer(packet, command.opcode));
    const isComplete = packet[1] === CommandComplete.code;
    const status = packet[isComplete ? 6 : 3] ?? -1;
    return {
      status,
      returns: isComplete && status === 0 ? command.returns?.decode(packet.slice(7)) : undefined,
    };
  }

  /** The return parameters of a command that must succeed. */
  async ask<P, R>(command: Command<P, R>, parameters: P): Promise<R> {
    const { status, returns } = await this.run(command, parameters);
    if (status !== 0) throw new Error(`${command.name}: status 0x${status.toString(16)}`);
    return (returns ?? {}) as R;
  }

  /** The next event of a kind. */
  async event<T>({ code, subevent, parameters }: Event<T>): Promise<T> {
    const packet = await this.#next(
      (packet) =>
        packet[0] === PacketType.Event &&
        packet[1] === code &&
        (subevent === undefined || packet[3] === subevent),
    );
    return parameters.decode(packet, subevent === undefined ? 3 : 4);
  }

  /** The next ACL Data packet. */
  data(): Promise<Uint8Array> {
    return this.#next((packet) => packet[0] === PacketType.AclData);
  }

  /** The next packet of any kind. */
  next(): Promise<Uint8Array> {
    return this.#next(() => true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stream.destroy();
    await this.closed;
  }

  #take(packet: Uint8Array): void {
    for (const waiter of this.#waiters) {
      if (!waiter.wants(packet)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(packet);
      return;
    }
    this.#inbox.push(packet);
  }

  #next(wants: Waiter["wants"]): Promise<Uint8Array> {
    const at = this.#inbox.findIndex(wants);
    const [packet] = at < 0 ? [] : this.#inbox.splice(at, 1);
    if (packet) return Promise.resolve(packet);
    return new Promise((resolve, reject) => this.#waiters.add({ wants, resolve, reject }));
  }
}

function isAnswer(packet: Uint8Array, opcode: number): boolean {
  if (packet[0] !== PacketType.Event) return false;
  if (packet[1] === CommandComplete.code) return u16At(packet, 4) === opcode;
  return packet[1] === CommandStatus.code && u16At(packet, 5) === opcode;
}
