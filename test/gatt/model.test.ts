import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { toHex } from "../../src/common/bytes.ts";
import { BleError } from "../../src/common/errors.ts";
import { MemoryDatabaseCache } from "../../src/gatt/database-cache.ts";
import type { LocalCharacteristic } from "../../src/gatt/local-characteristic.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { characteristic, type CharacteristicDefinition, service } from "../../src/gatt/service-builder.ts";
import type { Subscription } from "../../src/gatt/subscription.ts";
import { runs } from "../support/runs.ts";
import { Bench, type Wire } from "./wire.ts";

/** A characteristic of the random database, and what may be done with it. */
interface Spec {
  readonly wide: boolean;
  readonly read: boolean;
  readonly write: boolean;
  readonly notify: boolean;
  readonly value: Uint8Array;
}

/** What should be true of a server: the whole of the reference. */
class Model {
  readonly values: string[];
  readonly #specs: readonly Spec[];

  constructor(specs: readonly Spec[]) {
    this.#specs = specs;
    this.values = specs.map(({ value }) => toHex(value));
  }

  read(at: number): string | ErrorCode {
    return this.#specs[at]?.read ? (this.values[at] ?? "") : ErrorCode.ReadNotPermitted;
  }

  write(writes: readonly (readonly [at: number, value: Uint8Array])[]): "done" | ErrorCode {
    if (writes.some(([at]) => !this.#specs[at]?.write)) return ErrorCode.WriteNotPermitted;
    for (const [at, value] of writes) this.values[at] = toHex(value);
    return "done";
  }
}

/** One operation of one client; what it does not need of the random numbers it ignores. */
interface Operation {
  readonly kind: "read" | "write" | "command" | "multiple" | "reliable" | "subscribe" | "notify" | "lose";
  readonly client: number;
  readonly at: number;
  readonly other: number;
  readonly value: Uint8Array;
  /** After how many PDUs of the client the link is lost in the middle of it. */
  readonly cut: number | undefined;
}

const wide = (index: number): string =>
  `00112233-4455-6677-8899-aabbccdd${index.toString(16).padStart(4, "0")}`;
const octets = fc.oneof(fc.uint8Array({ maxLength: 30 }), fc.uint8Array({ minLength: 400, maxLength: 512 }));
const databases = fc.array(
  fc.array(
    fc.record({
      wide: fc.boolean(),
      read: fc.boolean(),
      write: fc.boolean(),
      notify: fc.boolean(),
      value: octets,
    }),
    { minLength: 1, maxLength: 4 },
  ),
  { minLength: 1, maxLength: 4 },
);
const small = fc.nat({ max: 20 });
const operations = fc.array(
  fc.record<Operation>({
    kind: fc.constantFrom("read", "write", "command", "multiple", "reliable", "subscribe", "notify", "lose"),
    client: small,
    at: small,
    other: small,
    value: octets,
    cut: fc.option(fc.nat({ max: 4 }), { nil: undefined, freq: 8 }),
  }),
  { maxLength: 25 },
);
const mtus = fc.array(fc.constantFrom(23, 24, 40, 64, 185, 517), { minLength: 1, maxLength: 4 });

/** A client with what it has found and what it has been told. */
class Client {
  wire: Wire;
  found: readonly RemoteCharacteristic[] = [];
  readonly subscriptions = new Map<number, Subscription>();
  readonly seen: string[] = [];
  readonly #world: World;
  readonly #mtu: number;

  constructor(world: World, mtu: number) {
    this.#world = world;
    this.#mtu = mtu;
    this.wire = this.#connect();
  }

  async discover(): Promise<void> {
    const services = await this.#world.bench.until(this.wire.client.services());
    this.found = services.flatMap(({ characteristics }) => characteristics);
  }

  /** The link goes, and a new one comes. */
  async lose(): Promise<void> {
    this.wire.lose();
    this.subscriptions.clear();
    this.wire = this.#connect();
    await this.discover();
  }

  /** Does something whose link may be cut in the middle; gives how it ended. */
  async attempt(act: () => Promise<unknown>, cut: number | undefined): Promise<unknown> {
    const { toServer } = this.wire;
    const deliver = toServer.deliver;
    let left = cut ?? Infinity;
    toServer.deliver = (pdu) => {
      if (left-- > 0) deliver?.(pdu);
      else this.wire.lose();
    };
    const ending = await this.#world.bench.until(
      act().then(
        (value) => value ?? "done",
        (error: unknown) => error,
      ),
    );
    if (left >= 0) toServer.deliver = deliver;
    if (ending instanceof AttError) return ending.status;
    if (cut !== undefined && ending instanceof BleError) return "lost";
    return ending;
  }

  #connect(): Wire {
    return this.#world.bench.connect(this.#mtu, { cache: this.#world.cache });
  }
}

/** A server, its clients, and the model. */
class World {
  readonly bench = new Bench();
  readonly cache = new MemoryDatabaseCache(2);
  readonly specs: readonly Spec[];
  readonly locals: LocalCharacteristic[] = [];
  readonly model: Model;
  readonly clients: readonly Client[];

  constructor(database: readonly (readonly Spec[])[], clients: readonly number[]) {
    this.specs = database.flat();
    this.model = new Model(this.specs);
    for (const [index, specs] of database.entries()) {
      const has: Record<string, CharacteristicDefinition> = {};
      for (const [j, { wide: isWide, ...options }] of specs.entries()) {
        has[`c${j}`] = characteristic(isWide ? wide(j) : 0x2a00 + j, {
          ...options,
          writeWithoutResponse: options.write,
        });
      }
      this.locals.push(...Object.values(this.bench.server.add(service(0x1900 + index, has))));
    }
    this.clients = clients.map((mtu) => new Client(this, mtu));
  }

  async perform(operation: Operation): Promise<void> {
    const client = this.clients[operation.client % this.clients.length];
    const at = operation.at % this.specs.length;
    const remote = client?.found[at];
    if (!client || !remote) throw new Error("every client has found everything");
    await this[operation.kind](operation, client, remote, at);
    if (operation.kind !== "lose") await this.#reconnect(client);
  }

  async read({ cut }: Operation, client: Client, remote: RemoteCharacteristic, at: number): Promise<void> {
    const ending = await client.attempt(async () => toHex(await remote.read()), cut);
    if (ending !== "lost") expect(ending).toBe(this.model.read(at));
  }

  async write(
    { cut, value }: Operation,
    client: Client,
    remote: RemoteCharacteristic,
    at: number,
  ): Promise<void> {
    const ending = await client.attempt(() => remote.write(value), cut);
    this.#written(ending, [[at, value]]);
  }

  async command(
    { value }: Operation,
    client: Client,
    remote: RemoteCharacteristic,
    at: number,
  ): Promise<void> {
    if (!remote.properties.writeWithoutResponse) return;
    const part = value.subarray(0, remote.maxWriteLength);
    await client.attempt(() => remote.writeWithoutResponse(part), undefined);
    await this.bench.clock.advance(1);
    this.model.write([[at, part]]);
  }

  async multiple(
    { cut, other }: Operation,
    client: Client,
    remote: RemoteCharacteristic,
    at: number,
  ): Promise<void> {
    const second = other % this.specs.length;
    const values = [remote, client.found[second]!];
    const ending = await client.attempt(async () => {
      return (await client.wire.client.readMultiple(values)).map((value) => toHex(value));
    }, cut);
    const expected = [at, second].map((each) => this.model.read(each));
    const refusal = expected.find((each) => typeof each === "number");
    if (ending !== "lost") expect(ending).toEqual(refusal ?? expected);
  }

  async reliable(
    { cut, other, value }: Operation,
    client: Client,
    remote: RemoteCharacteristic,
    at: number,
  ): Promise<void> {
    const second = other % this.specs.length;
    const short = value.subarray(0, 5);
    const ending = await client.attempt(
      () =>
        client.wire.client.reliableWrite([
          [remote, value],
          [client.found[second]!, short],
        ]),
      cut,
    );
    if (second === at)
      this.#follow(); // which of two writes to one attribute prevails is another test's matter
    else
      this.#written(ending, [
        [at, value],
        [second, short],
      ]);
  }

  async subscribe(_: Operation, client: Client, remote: RemoteCharacteristic, at: number): Promise<void> {
    if (!remote.properties.notify) return;
    const before = client.subscriptions.get(at);
    client.subscriptions.delete(at);
    if (before) {
      await this.bench.until(before[Symbol.asyncDispose]());
      return;
    }
    const onValue = (value: Uint8Array): unknown => client.seen.push(`${at} ${toHex(value)}`);
    client.subscriptions.set(at, await this.bench.until(remote.subscribe({ onValue })));
  }

  async notify({ value }: Operation, _: Client, remote: RemoteCharacteristic, at: number): Promise<void> {
    if (!remote.properties.notify) return;
    for (const each of this.clients) each.seen.length = 0;
    await this.locals[at]!.notify(value);
    await this.bench.clock.advance(1);
    for (const { seen, subscriptions, wire } of this.clients) {
      const part = toHex(value.subarray(0, wire.client.mtu - 3));
      expect(seen).toEqual(subscriptions.has(at) ? [`${at} ${part}`] : []);
    }
  }

  async lose(_: Operation, client: Client): Promise<void> {
    await client.lose();
  }

  /** A write ended: as the model says or, where the link was lost, with all of it or with none. */
  #written(ending: unknown, writes: readonly (readonly [at: number, value: Uint8Array])[]): void {
    if (ending !== "lost") {
      expect(ending).toBe(this.model.write(writes));
      return;
    }
    const actual = writes.map(([at]) => toHex(this.locals[at]!.value));
    const before = writes.map(([at]) => this.model.values[at]);
    const after = this.model.write(writes) === "done" ? writes.map(([, value]) => toHex(value)) : before;
    expect([before, after]).toContainEqual(actual);
    this.#follow();
  }

  /** From now on the model has what the server has. */
  #follow(): void {
    for (const [index, { value }] of this.locals.entries()) this.model.values[index] = toHex(value);
  }

  async #reconnect(client: Client): Promise<void> {
    if (client.wire.client.core.ended) await client.lose();
  }
}

describe("GATT client and server against a model", () => {
  it("any operations of any clients on any database, over any MTU, with links that break", async () => {
    await fc.assert(
      fc.asyncProperty(databases, mtus, operations, async (database, clients, todo) => {
        const world = new World(database, clients);
        for (const client of world.clients) await client.discover();
        for (const operation of todo) await world.perform(operation);
        for (const [index, { value }] of world.locals.entries()) {
          expect(toHex(value), `value ${index}`).toBe(world.model.values[index]);
        }
        for (const { wire } of world.clients) wire.lose();
        await world.bench.clock.advance(1);
        expect(world.bench.clock.timers).toBe(0);
        expect(world.bench.faults).toEqual([]);
      }),
      runs,
    );
  }, 600_000);
});
