import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { HostOptions } from "../../../src/gap/host-options.ts";
import type { HciTransport } from "../../../src/hci/transport.ts";
import { Host } from "../../../src/host.ts";
import { traced } from "../../../transports/trace.ts";
import {
  type Doors,
  openDoors,
  VirtualAir,
  type VirtualController,
  type VirtualControllerOptions,
} from "../../../transports/virtual/index.ts";
import { Peer } from "./peer.ts";

/** Where traces go, for whoever wants to look at what was said. */
const results: string = fileURLToPath(new URL("../results", import.meta.url));

/** A frame of L2CAP that a host of ours has received, by its header. */
export interface Heard {
  readonly cid: number;
  /** Octets of its payload. */
  readonly length: number;
  /** The first of them. */
  readonly code: number;
}

/** How a peer is started. */
export interface PeerOptions {
  readonly controller?: VirtualControllerOptions | undefined;
  /** How much later than it could its controller answers, in ms. Default 0. */
  readonly answersAfterMs?: number;
  /** What else its process is told. */
  readonly env?: Record<string, string>;
}

/** Controllers of Bluetooth 4.0: eight buffers of 27 octets, so that most of what is sent goes in pieces. */
export const smallControllers: Pick<PeerOptions, "controller"> = { controller: { profile: "4.0" } };

/** A virtual radio in real time, on which hosts of ours meet programs of others. */
export class Radio implements AsyncDisposable {
  readonly air: VirtualAir = new VirtualAir();
  readonly #name: string;
  readonly #hosts: Host[] = [];
  readonly #controllers: VirtualController[] = [];
  readonly #heard: Heard[] = [];
  readonly #peers: Peer[] = [];
  readonly #doors: Doors[] = [];

  /** @param name - What its traces are called. */
  constructor(name: string) {
    this.#name = name;
  }

  /** A host of ours. */
  async host(options: HostOptions = {}, controllerOptions: VirtualControllerOptions = {}): Promise<Host> {
    const controller = this.air.controller(controllerOptions);
    this.#controllers.push(controller);
    mkdirSync(results, { recursive: true });
    const path = `${results}/${this.#name}-${this.#hosts.length}.btsnoop`;
    const transport = overheard(controller.transport(), this.#heard);
    const host = await Host.open(traced(transport, { path }), options);
    this.#hosts.push(host);
    return host;
  }

  /** A program of others on a controller of its own. */
  async peer(
    name: string,
    { controller = {}, env = {}, answersAfterMs = 0 }: PeerOptions = {},
  ): Promise<Peer> {
    const doors = await openDoors(this.air, [{ kind: "tcp", port: 0 }], { controller });
    this.#doors.push(doors);
    const [door] = doors.doors;
    const location = door?.location;
    door?.controller.disturb({ delayMs: answersAfterMs });
    if (location?.kind !== "tcp") throw new Error("the door has no port");
    const peer = await Peer.start(name, location.port, env);
    this.#peers.push(peer);
    return peer;
  }

  /** What our hosts have received from peers, in order. */
  get heard(): readonly Heard[] {
    return this.#heard;
  }

  /** What the peers have done wrong at HCI: kinds of faults, each once. */
  get faultsOfPeers(): readonly string[] {
    const faults = this.#doors.flatMap(({ doors }) => doors.flatMap(({ controller }) => controller.faults));
    return [...new Set(faults.map(({ kind }) => kind))];
  }

  /** Our own hosts must have broken no rule. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts) await host[Symbol.asyncDispose]();
    for (const peer of this.#peers) await peer[Symbol.asyncDispose]();
    for (const doors of this.#doors) await doors[Symbol.asyncDispose]();
    await this.air[Symbol.asyncDispose]();
    for (const { faults } of this.#controllers)
      expect(faults, "rules of HCI that our host has broken").toEqual([]);
  }
}

/** Writes down the frames that come. Vol 3, Part A, 3.1, in ACL packets of Vol 4, Part E, 5.4.2. */
function overheard(transport: HciTransport, heard: Heard[]): HciTransport {
  return {
    start(receiver) {
      transport.start({
        packet(packet) {
          const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
          const begins = packet[0] === 0x02 && view.getUint16(1, true) >> 12 !== 0x01;
          if (begins && packet.length > 9) {
            const [length, cid] = [view.getUint16(5, true), view.getUint16(7, true)];
            heard.push({ length, cid, code: view.getUint8(9) });
          }
          receiver.packet(packet);
        },
        closed: (error) => receiver.closed(error),
      });
    },
    send: (packet) => transport.send(packet),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
