import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AttBearer } from "../../src/att/att.ts";
import { AttributeTable } from "../../src/att/attribute-table.ts";
import { AttError } from "../../src/att/error.ts";
import { concat, fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { type BleError, MalformedPduError } from "../../src/common/errors.ts";
import { type Procedure, run } from "../../src/common/procedure.ts";
import { promised } from "../../src/common/promised.ts";
import { type LinkSecurity, type SecurityState, unprotected } from "../../src/common/security.ts";
import { clockInTurns, Turn } from "../../src/common/turn.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { GattClient } from "../../src/gatt/client.ts";
import type { ClientParts } from "../../src/gatt/client-core.ts";
import { propertiesOf, propertyOctet } from "../../src/gatt/declaration.ts";
import {
  discoverInGaps,
  discoverServices,
  discoverServicesByUuid,
  type HandleRange,
} from "../../src/gatt/discovery.ts";
import { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { RemoteDescriptor, type RemoteValue } from "../../src/gatt/remote-value.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";
import { settle } from "../gatt/wire.ts";
import { PurposeTable } from "./table.ts";

interface AttributeRow {
  readonly handle: number;
  readonly type: string;
  readonly value: string | null;
  readonly groupEnd?: number;
}

interface ServiceRow {
  readonly type: string;
  readonly uuid: string;
  readonly handle: number;
  readonly endHandle: number;
  readonly items: readonly {
    readonly kind: string;
    readonly handle: number;
    readonly service?: { readonly handle: number };
    readonly uuid: string;
    readonly valueHandle: number;
    readonly propertyBits: number;
    readonly descriptors?: readonly { readonly handle: number; readonly uuid: string }[];
  }[];
}

interface Database {
  readonly services: readonly ServiceRow[];
  readonly attributes: readonly AttributeRow[];
}

interface Entry {
  readonly dir: "to-stack" | "from-stack" | "none" | "action";
  readonly pdu?: string;
  readonly group?: string;
}

interface Step {
  readonly operation: string;
  readonly handle: number;
  readonly endHandle?: number;
  readonly expectedAttError: number;
  readonly value?: string;
}

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly database: string | null;
  readonly localMtu: number;
  readonly procedure?: string;
  readonly uuid?: string;
  readonly step?: Step;
  readonly script: readonly Entry[];
}

interface Vectors {
  readonly databases: Readonly<Record<string, Database>>;
  readonly cases: readonly Case[];
}

/** Cases whose octets are not ours, and the clause that allows what we send. See docs/conformance.md. */
const otherwise: Readonly<Record<string, string>> = {
  // A service of a UUID made from the base is looked for in the form in which servers declare it: values are compared
  // octet for octet (Vol 3, Part F, 3.4.3.3), and the forms are one UUID (Vol 3, Part B, 2.5.1).
  "/TP/GAD/CL/BV-02-C-2": "0d18",
};

/** What the stack sends for a PDU of a case. */
function expected(name: string, pdu: string): string {
  const value = otherwise[name];
  return value !== undefined && pdu.startsWith("06") ? pdu.slice(0, 14) + value : pdu;
}

/** The signature of the one signed write there is: `../shared/vectors/README.md`, sign-att. */
const signature = "00000000311f0acd1c3a5b0a";

/** A link whose security is raised as soon as somebody asks. */
class WillingSecurity implements LinkSecurity {
  state: SecurityState = unprotected;
  readonly hasKey = false;

  raise(_: unknown, done: (outcome: undefined) => void): void {
    this.state = { ...unprotected, encrypted: true, keySize: 16 };
    done(undefined);
  }

  onChange(): void {
    // nobody asks
  }
}

/** The client under test, whose server is first made of a database and then of a script. */
class Rig {
  readonly client: GattClient;
  readonly values: [handle: number, value: string][] = [];
  readonly #clock = new VirtualClock();
  readonly #turn = new Turn();
  readonly #channel = new ScriptedChannel();
  readonly #bearer: AttBearer<undefined>;

  constructor(mtu: number, parts: ClientParts) {
    const clock = clockInTurns(this.#clock, this.#turn);
    const user = {
      value: (handle: number, value: Uint8Array) => {
        this.values.push([handle, toHex(value)]);
        this.client.value(handle, value);
      },
      mtuChanged: () => undefined,
      closed: (reason: BleError) => {
        this.client.closed(reason);
      },
    };
    const signing = { sign: () => fromHex(signature), verify: () => false };
    this.#bearer = new AttBearer(this.#channel, clock, new AttributeTable(), undefined, user, mtu, {
      signing,
    });
    this.client = new GattClient(this.#bearer, this.#turn, parts);
  }

  /** Lets the stack find everything in a database; gives what it sent first. */
  async discover(rows: readonly AttributeRow[], mtu: number): Promise<string | undefined> {
    const toClient = new ScriptedChannel();
    const nothing = { value: () => undefined, mtuChanged: () => undefined, closed: () => undefined };
    const server = new AttBearer(toClient, this.#clock, tableOf(rows), undefined, nothing, mtu);
    let first: string | undefined;
    this.#channel.deliver = (pdu) => {
      first ??= toHex(pdu);
      this.#clock.soon(() => {
        server.receive(pdu);
      });
    };
    toClient.deliver = (pdu) => {
      this.#clock.soon(() => {
        this.say(pdu);
      });
    };
    await this.#clock.until(this.client.services());
    this.#channel.deliver = undefined;
    return first;
  }

  say(pdu: Uint8Array): void {
    this.#turn.run(() => {
      this.#bearer.receive(pdu);
    });
  }

  /** Plays the entries of a script against what the stack does. */
  async play(entries: readonly Entry[], name: string, mtu: number): Promise<void> {
    for (const [index, { dir, pdu = "" }] of entries.entries()) {
      await settle();
      const where = `entry ${index}`;
      if (dir === "from-stack") expect(this.#channel.take(), where).toEqual([expected(name, pdu)]);
      else if (dir === "none") expect(this.#channel.take(), where).toEqual([]);
      else if (dir === "to-stack") {
        expect(this.#channel.take(), `${where}: nothing else was sent`).toEqual([]);
        this.say(fromHex(pdu).subarray(0, mtu)); // one response is recorded longer than its bearer allows
      }
    }
    await settle();
    expect(this.#channel.take(), "nothing follows").toEqual([]);
  }

  get timers(): number {
    return this.#clock.timers;
  }
}

function tableOf(rows: readonly AttributeRow[]): AttributeTable<undefined> {
  const table = new AttributeTable<undefined>();
  for (const { handle, type, value, groupEnd } of rows) {
    const octets = fromHex(value ?? "");
    table.add({
      handle,
      type: Uuid.from(type),
      groupEnd: groupEnd ?? handle,
      ...(groupEnd !== undefined && { constant: octets }),
      read: (_peer, _offset, done) => {
        done(octets);
      },
    });
  }
  return table;
}

/** What the client has found, in the words of the file. */
async function viewOf(client: GattClient): Promise<unknown> {
  return (await client.services()).map((service) => ({
    type: service.primary ? "primary" : "secondary",
    uuid: service.uuid.toString(),
    handle: service.handle,
    endHandle: service.endHandle,
    includes: service.includes.map(({ handle }) => handle),
    characteristics: service.characteristics.map((each) => ({
      handle: each.declarationHandle,
      valueHandle: each.handle,
      uuid: each.uuid.toString(),
      propertyBits: propertyOctet(each.properties),
      descriptors: each.descriptors.map(({ handle, uuid }) => ({ handle, uuid: uuid.toString() })),
    })),
  }));
}

function viewOfDatabase({ services }: Database): unknown {
  return services.map(({ type, uuid, handle, endHandle, items }) => ({
    type,
    uuid: Uuid.from(uuid).toString(),
    handle,
    endHandle,
    includes: items.flatMap(({ service }) => (service ? [service.handle] : [])),
    characteristics: items
      .filter(({ kind }) => kind === "characteristic")
      .map((each) => ({
        handle: each.handle,
        valueHandle: each.valueHandle,
        uuid: Uuid.from(each.uuid).toString(),
        propertyBits: each.propertyBits,
        descriptors: (each.descriptors ?? []).map((one) => ({
          handle: one.handle,
          uuid: Uuid.from(one.uuid).toString(),
        })),
      })),
  }));
}

/** The attribute at a handle: as it was found or, for a step that goes astray, made up. */
async function at(client: GattClient, handle: number): Promise<RemoteValue> {
  const values = (await client.services()).flatMap(({ characteristics }) =>
    characteristics.flatMap((each) => [each, ...each.descriptors]),
  );
  const found = values.find((value) => value.handle === handle);
  return found ?? new RemoteDescriptor(Uuid.from(0x2901), handle, client.core);
}

/** The characteristic at a handle with other properties: the databases offer no signed writes. */
function offering(value: RemoteValue, bits: number): RemoteCharacteristic {
  const data = { uuid: value.uuid, declarationHandle: value.handle - 1, valueHandle: value.handle };
  return new RemoteCharacteristic({ ...data, properties: propertiesOf(bits), descriptors: [] }, value.link);
}

const signedWrite = 0x40;

/** Does what a step says. Gives the octets that were read. */
async function perform(client: GattClient, step: Step): Promise<Uint8Array | undefined> {
  const octets = fromHex(step.value ?? "");
  const value = await at(client, step.handle);
  const operation = step.operation.replace(/\(.*/, "");
  switch (operation) {
    case "readValue":
    case "readLongValue":
      return value.read();
    case "readMultiple": {
      const values = [value, await at(client, step.endHandle ?? 0)];
      return concat(...(await client.readMultiple(values, { lengths: [1, 2] })));
    }
    case "signedWriteWithoutResponse":
      await offering(value, signedWrite).writeWithoutResponse(octets, { signed: true });
      return undefined;
    case "writeValue":
      await value.write(octets);
      return undefined;
    case "writeLongValue":
      await value.write(octets, { long: true });
      return undefined;
    case "reliableWrite":
      await client.reliableWrite([[value, octets]]);
      return undefined;
    case "subscribe":
      if (!(value instanceof RemoteCharacteristic)) throw new Error("only characteristics notify");
      await value.subscribe();
      return undefined;
    default:
      throw new Error(`no such operation: ${operation}`);
  }
}

/** Low-level procedures: what the client is made of. */
async function performProcedure(client: GattClient, { procedure = "", uuid, step }: Case): Promise<unknown> {
  const requester = client.core.bearers.first;
  const running = <T>(made: Procedure<T>): Promise<T> => promised<T>((done) => run(made, done));
  await promised<undefined>((done) => client.core.setup.begin(done));
  if (procedure.startsWith("readUsing")) return readUsing(client, uuid ?? "", step);
  if (procedure.startsWith("discoverDescriptors")) {
    return running(discoverInGaps(requester, [rangeIn(procedure)]));
  }
  if (uuid === undefined) return running(discoverServices(requester, true));
  return running(discoverServicesByUuid(requester, Uuid.from(uuid), false));
}

async function readUsing(client: GattClient, uuid: string, step: Step | undefined): Promise<string> {
  const range = step && { start: step.handle, end: step.endHandle ?? step.handle };
  return toHex(concat(...(await client.readByUuid(uuid, range)).map(({ value }) => value)));
}

function rangeIn(text: string): HandleRange {
  const [start = 0, end = 0] = text.match(/0x[0-9a-f]+/gi)?.map(Number) ?? [];
  return { start, end };
}

async function statusOf(
  promise: Promise<unknown>,
): Promise<{ readonly status: number; readonly result?: unknown }> {
  try {
    return { status: 0, result: await promise };
  } catch (error) {
    if (error instanceof AttError) return { status: error.status };
    throw error;
  }
}

async function replayProcedure(each: Case): Promise<void> {
  const rig = new Rig(each.localMtu, {});
  const ending = statusOf(performProcedure(rig.client, each));
  await rig.play(
    each.script.filter(({ dir }) => dir !== "action"),
    each.name,
    each.localMtu,
  );
  const { status, result } = await ending;
  // Not Found behind what was found ends the search; in front of anything it is the result.
  const found = each.script.some(({ dir, pdu }) => dir === "to-stack" && pdu?.startsWith("09"));
  expect(status).toBe(found ? 0 : (each.step?.expectedAttError ?? 0));
  if (found) expect(result).toBe(each.step?.value);
  expect(rig.timers).toBe(0);
}

async function replayClient(each: Case, database: Database | undefined): Promise<void> {
  const { name, localMtu, step, script } = each;
  const parts: ClientParts = {};
  const security = new WillingSecurity();
  if (/auto|seclevel/.test(name)) Object.assign(parts, { security });
  const rig = new Rig(localMtu, parts);
  const first = await rig.discover(database?.attributes ?? [], localMtu);
  expect(first, "the MTU comes first").toBe(script.find(({ dir }) => dir === "from-stack")?.pdu);
  if (!database) return;
  expect(await viewOf(rig.client)).toEqual(viewOfDatabase(database));
  if (!step) return;
  if (name.includes("seclevel")) security.raise(undefined, () => undefined);
  const ending = statusOf(perform(rig.client, step));
  const begin = script.findLastIndex(({ dir }) => dir === "action") + 1;
  await rig.play(script.slice(begin), "", localMtu);
  const { status, result } = await ending;
  expect(status).toBe(step.expectedAttError);
  if (result instanceof Uint8Array) expect(toHex(result)).toBe(step.value);
  const said = script
    .slice(begin)
    .flatMap(({ dir, pdu = "" }) => (dir === "to-stack" && /^1[bd]/.test(pdu) ? [pdu] : []));
  expect(rig.values).toEqual(said.map((pdu) => [fromHex(pdu)[1], pdu.slice(6)]));
  expect(rig.timers).toBe(0);
}

const file = new URL("../../../shared/vectors/gatt-cases.json", import.meta.url);
const present = existsSync(file);
const vectors = present ? (JSON.parse(readFileSync(file, "utf8")) as Vectors) : { databases: {}, cases: [] };
const cases = vectors.cases.filter(({ kind }) => kind === "client" || kind === "att");

describe.skipIf(!present)(
  "GATT client test purposes (skipped without ../shared/vectors/gatt-cases.json)",
  () => {
    const table = new PurposeTable("GATT client");

    for (const each of cases) {
      it(each.name, () =>
        table.judge(each.name, () =>
          each.kind === "att"
            ? replayProcedure(each)
            : replayClient(each, each.database === null ? undefined : vectors.databases[each.database]),
        ),
      );
    }

    it("all cases are replayed, and all pass", () => {
      expect(cases).toHaveLength(73);
      expect(table.passed).toBe(73);
    });
  },
);

describe("GATT client: what no test purpose has", () => {
  it("a value indicated in a PDU cut off is malformed (Vol 3, Part F, 3.4.7.2)", () => {
    const rig = new Rig(512, {});
    expect(() => rig.say(fromHex("1d 03"))).toThrow(MalformedPduError);
  });
});
