import { AttBearer, type AttBearerOptions } from "../../src/att/att.ts";
import { Address } from "../../src/common/address.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { Done } from "../../src/common/procedure.ts";
import type { LinkSecurity, SecurityState } from "../../src/common/security.ts";
import { clockInTurns, Turn } from "../../src/common/turn.ts";
import type { ClientMemory, ClientRecord } from "../../src/gatt/client-memory.ts";
import type { ServedClient, ServeOptions } from "../../src/gatt/served-client.ts";
import { GattServer } from "../../src/gatt/server.ts";
import type { GattPeer } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";
import { settle } from "./wire.ts";

/** One bearer between a client that the test plays and the server. */
export class ServedBearer {
  readonly channel: ScriptedChannel = new ScriptedChannel();
  readonly bearer: AttBearer<ServedClient>;
  readonly #served: Served;

  constructor(served: Served, client: ServedClient, mtu: number, options: AttBearerOptions) {
    this.#served = served;
    const user = {
      value: () => undefined,
      mtuChanged: () => undefined,
      closed: () => {
        client.detach(this.bearer);
      },
    };
    const clock = clockInTurns(served.clock, served.turn);
    this.bearer = new AttBearer(this.channel, clock, served.server.table, client, user, mtu, {
      session: client,
      ...options,
    });
    served.turn.run(() => {
      client.attach(this.bearer);
    });
  }

  /** Sends a PDU, and gives all that the server has sent since the last time. */
  async ask(pdu: string): Promise<string[]> {
    this.send(pdu);
    await settle();
    return this.channel.take();
  }

  send(pdu: string): void {
    const octets = fromHex(pdu);
    this.#served.turn.run(() => {
      this.bearer.receive(octets);
    });
    octets.fill(0xee); // it was borrowed
  }

  close(): void {
    this.#served.turn.run(() => {
      this.bearer.closed(new DisconnectedError(0x08));
    });
    this.channel.take();
  }
}

/** A client that the test plays, with one bearer or more. */
export class PlayedClient extends ServedBearer {
  readonly connection: GattPeer;
  readonly client: ServedClient;
  readonly #served: Served;

  constructor(served: Served, options: ServeOptions, mtu: number) {
    const connection: GattPeer = {
      peerAddress: new Address("public", 1),
      mtu: 23,
      disconnect: () => Promise.resolve(),
    };
    const client = served.server.serve(connection, options);
    super(served, client, mtu, {});
    this.connection = connection;
    this.client = client;
    this.#served = served;
  }

  /** An enhanced bearer beside the first. */
  more(fixedMtu = 100): ServedBearer {
    return new ServedBearer(this.#served, this.client, fixedMtu, { fixedMtu });
  }

  /** The link is gone. */
  leave(): void {
    this.close();
    this.#served.turn.run(() => {
      this.#served.server.leave(this.client);
    });
  }
}

/** A server without a host around it. */
export class Served {
  readonly clock: VirtualClock = new VirtualClock();
  readonly turn: Turn = new Turn();
  /** What handlers failed with. */
  readonly faults: unknown[] = [];
  /** What has changed, as first and last handle. */
  readonly changes: (readonly [number, number])[] = [];
  readonly server: GattServer;

  constructor() {
    this.server = new GattServer(
      this.turn,
      (error) => this.faults.push(error),
      (start, end) => this.changes.push([start, end]),
    );
  }

  /** The Database Hash as hex. */
  get hash(): string {
    return toHex(this.server.hash);
  }

  connect(options: ServeOptions = {}, mtu = 517): PlayedClient {
    return new PlayedClient(this, options, mtu);
  }
}

/** The security of a link, set by the test. */
export class PlayedSecurity implements LinkSecurity {
  hasKey = false;
  readonly #changed: ((state: SecurityState) => void)[] = [];
  #state: SecurityState = {
    encrypted: false,
    authenticated: false,
    secureConnections: false,
    keySize: 0,
    bonded: false,
  };

  get state(): SecurityState {
    return this.#state;
  }

  /** Encrypts with a key of 16 octets from a pairing without authentication, unless told otherwise. */
  encrypt(state: Partial<SecurityState> = {}): this {
    this.#state = { ...this.#state, encrypted: true, keySize: 16, bonded: this.hasKey, ...state };
    for (const tell of this.#changed) tell(this.#state);
    return this;
  }

  raise(_requirement: unknown, done: Done<undefined>): void {
    done(undefined);
  }

  onChange(changed: (state: SecurityState) => void): void {
    this.#changed.push(changed);
  }
}

/** A memory that is as plain as JSON. */
export class PlayedMemory implements ClientMemory {
  kept: string | undefined;

  load(): ClientRecord | undefined {
    return this.kept === undefined ? undefined : (JSON.parse(this.kept) as ClientRecord);
  }

  save(record: ClientRecord): void {
    this.kept = JSON.stringify(record);
  }
}
