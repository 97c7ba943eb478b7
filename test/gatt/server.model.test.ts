import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Opcode } from "../../src/att/opcode.ts";
import { concat, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { GattService } from "../../src/gatt/gatt-service.ts";
import type { LocalCharacteristic } from "../../src/gatt/local-characteristic.ts";
import { characteristic, type CharacteristicDefinition, service } from "../../src/gatt/service-builder.ts";
import { runs } from "../support/runs.ts";
import { type PlayedClient, PlayedMemory, PlayedSecurity, Served } from "./served.ts";

interface Row {
  readonly value: Uint8Array;
  readonly read: boolean;
  readonly write: boolean;
  readonly command: boolean;
  readonly notify: boolean;
  readonly fixed: boolean;
  readonly guarded: boolean;
  readonly slow: boolean;
}

const row: fc.Arbitrary<Row> = fc.record({
  value: fc.uint8Array({ maxLength: 30 }),
  read: fc.boolean(),
  write: fc.boolean(),
  command: fc.boolean(),
  notify: fc.boolean(),
  fixed: fc.boolean(),
  guarded: fc.boolean(),
  slow: fc.boolean(),
});

const mostOctets = 32;

function define({
  value,
  read,
  write,
  command,
  notify,
  fixed,
  guarded,
  slow,
}: Row): CharacteristicDefinition {
  return characteristic("2a37", {
    value,
    read,
    write,
    writeWithoutResponse: command,
    notify,
    fixedLength: fixed,
    maxLength: mostOctets,
    ...(guarded && { permissions: { read: "encrypted", write: "encrypted" } }),
    ...(slow && { onWrite: () => Promise.resolve() }),
  });
}

// The reference: what the specification says, in as few words as it goes. Answers are hex, errors start with "!".

interface ModelClient {
  readonly mtu: number;
  readonly bonded: boolean;
  encrypted: boolean;
  readonly configurations: Map<number, number>;
  /** Those of an earlier link, which do not count before this one is encrypted with the bond's key. */
  readonly unproved: Set<number>;
  queue: { at: number; offset: number; octets: Uint8Array }[];
}

interface ModelValue extends Row {
  octets: Uint8Array;
}

const error = (code: string): string => `!${code}`;
const hex = toHex;

function refusal(
  of: ModelValue | undefined,
  client: ModelClient,
  verb: "read" | "write",
): string | undefined {
  if (!of) return error("01");
  if (verb === "read" ? !of.read : !of.write && !of.command) return error(verb === "read" ? "02" : "03");
  if (verb === "write" && !of.write) return error("03");
  return of.guarded && !client.encrypted ? error("05") : undefined;
}

function written(of: Row, before: Uint8Array, offset: number, octets: Uint8Array): Uint8Array | string {
  if (offset > before.length) return error("07");
  const rest = of.fixed || offset > 0 ? before.subarray(offset + octets.length) : new Uint8Array();
  const value = concat(before.subarray(0, offset), octets, rest);
  return value.length > (of.fixed ? before.length : mostOctets) ? error("0d") : value;
}

function execute(model: readonly ModelValue[], client: ModelClient): readonly [number, string] | undefined {
  const values = new Map<number, Uint8Array>();
  const ends = new Map<number, { offset: number; before: Uint8Array; octets: Uint8Array }>();
  const parts = client.queue;
  client.queue = [];
  for (const { at, offset, octets } of parts) {
    const of = model[at]!;
    const last = ends.get(at);
    const goesOn = last !== undefined && last.offset + last.octets.length === offset;
    const run = goesOn
      ? { ...last, octets: concat(last.octets, octets) }
      : { offset, before: values.get(at) ?? of.octets, octets };
    const value = written(of, run.before, run.offset, run.octets);
    // Where several are wrong, it is the attribute whose parts began first that is blamed: not modelled.
    if (typeof value === "string") return [at, value];
    values.set(at, value);
    ends.set(at, run);
  }
  for (const [at, value] of values) model[at]!.octets = value;
  return undefined;
}

interface Player {
  readonly real: PlayedClient;
  readonly model: ModelClient;
  readonly memory: PlayedMemory;
  readonly security: PlayedSecurity;
}

class World {
  readonly served = new Served();
  readonly locals: LocalCharacteristic[];
  readonly model: ModelValue[];
  readonly players: Player[] = [];

  constructor(rows: readonly Row[]) {
    const definitions = Object.fromEntries(rows.map((each, index) => [`c${index}`, define(each)]));
    const offered = this.served.server.add(service("180d", definitions));
    this.locals = rows.map((_row, index) => offered[`c${index}`]!);
    this.model = rows.map((each) => ({ ...each, octets: each.value }));
  }

  join(mtu: number, bonded: boolean, memory = new PlayedMemory(), before?: ModelClient): void {
    const security = new PlayedSecurity();
    const real = this.served.connect({ security, ...(bonded && { memory }) });
    real.send(`02 ${hex(Uint8Array.of(mtu, mtu >> 8))}`);
    real.channel.take();
    const configurations = new Map(bonded ? before?.configurations : []);
    this.players.push({
      real,
      memory,
      security,
      model: {
        mtu,
        bonded,
        encrypted: false,
        configurations,
        unproved: new Set(configurations.keys()),
        queue: [],
      },
    });
  }

  rejoin(index: number): void {
    const [{ real, model, memory }] = this.players.splice(index, 1) as [Player];
    real.leave();
    this.join(model.mtu, model.bonded, memory, model);
  }

  async ask(index: number, opcode: number, at: number, rest: Uint8Array, expected: string): Promise<void> {
    const handle = this.locals[at]!.handle;
    await this.askHandle(index, opcode, handle, rest, expected);
  }

  async askHandle(
    index: number,
    opcode: number,
    handle: number,
    rest: Uint8Array,
    expected: string,
  ): Promise<void> {
    const { real } = this.players[index]!;
    const pdu = hex(concat(Uint8Array.of(opcode, handle, handle >> 8), rest));
    const blamed = hex(Uint8Array.of(0x01, opcode, handle, handle >> 8));
    const answer = expected.startsWith("!") ? blamed + expected.slice(1) : expected;
    expect(await real.ask(pdu), pdu).toEqual([answer]);
  }
}

type Act = (world: World) => Promise<void> | void;

const small = fc.uint8Array({ maxLength: 34 });
const who = fc.nat({ max: 2 });
const which = fc.nat({ max: 4 });

const readAct = fc
  .tuple(who, which, fc.constantFrom(0, 0, 1, 5, 31))
  .map(([i, n, offset]): Act => async (world) => {
    const at = n % world.model.length;
    const { model } = world.players[i]!;
    const of = world.model[at]!;
    const value = of.octets.subarray(offset, offset + model.mtu - 1);
    const answer = offset > of.octets.length ? error("07") : `0d${hex(value)}`;
    await world.ask(i, 0x0c, at, Uint8Array.of(offset, 0), refusal(of, model, "read") ?? answer);
  });

const writeAct = fc.tuple(who, which, small).map(([i, n, octets]): Act => async (world) => {
  const at = n % world.model.length;
  const { model } = world.players[i]!;
  const of = world.model[at]!;
  const refused = refusal(of, model, "write");
  const value = written(of, of.octets, 0, octets);
  if (refused === undefined && typeof value !== "string") of.octets = value;
  await world.ask(i, 0x12, at, octets, refused ?? (typeof value === "string" ? value : "13"));
});

const commandAct = fc.tuple(who, which, small).map(([i, n, octets]): Act => async (world) => {
  const at = n % world.model.length;
  const { real, model } = world.players[i]!;
  const of = world.model[at]!;
  const value = written(of, of.octets, 0, octets);
  const may = of.command && (!of.guarded || model.encrypted);
  if (may && typeof value !== "string") of.octets = value;
  const { handle } = world.locals[at]!;
  expect(await real.ask(hex(concat(Uint8Array.of(0x52, handle, handle >> 8), octets)))).toEqual([]);
});

const prepareAct = fc
  .tuple(who, which, fc.constantFrom(0, 0, 3, 6, 18), fc.uint8Array({ maxLength: 18 }))
  .map(([i, n, offset, octets]): Act => async (world) => {
    const at = n % world.model.length;
    const { model } = world.players[i]!;
    const { handle } = world.locals[at]!;
    const refused = refusal(world.model[at], model, "write");
    const rest = concat(Uint8Array.of(offset, 0), octets);
    if (refused === undefined) model.queue.push({ at, offset, octets });
    const answer = hex(concat(Uint8Array.of(0x17, handle, handle >> 8), rest));
    await world.ask(i, 0x16, at, rest, refused ?? answer);
  });

const executeAct = fc.tuple(who, fc.boolean()).map(([i, write]): Act => async (world) => {
  const { real, model } = world.players[i]!;
  if (!write) model.queue = [];
  const failed = execute(world.model, model);
  const [answer] = await real.ask(write ? "1801" : "1800");
  if (!failed) expect(answer).toBe("19");
  else expect(answer).toMatch(/^0118....0[7d]$/);
});

const configureAct = fc.tuple(who, which, fc.boolean()).map(([i, n, on]): Act => async (world) => {
  const at = n % world.model.length;
  const of = world.model[at]!;
  const { model } = world.players[i]!;
  if (!of.notify) return;
  const refused = of.guarded && !model.encrypted ? error("05") : undefined;
  if (refused === undefined) {
    model.configurations.set(at, on ? 1 : 0);
    model.unproved.delete(at);
  }
  const bits = Uint8Array.of(on ? 1 : 0, 0);
  await world.askHandle(i, 0x12, world.locals[at]!.handle + 1, bits, refused ?? "13");
});

const notifyAct = fc.tuple(which, small).map(([n, octets]): Act => async (world) => {
  const at = n % world.model.length;
  const of = world.model[at]!;
  const local = world.locals[at]!;
  if (!of.notify) {
    await expect(local.notify(octets)).rejects.toThrow(TypeError);
    return;
  }
  const wants = ({ model }: Player): boolean =>
    model.configurations.get(at) === 1 && !model.unproved.has(at) && (!of.guarded || model.encrypted);
  expect(await local.notify(octets)).toBe(world.players.filter(wants).length);
  for (const player of world.players) {
    const pdu = concat(Uint8Array.of(0x1b, local.handle, 0), octets).subarray(0, player.model.mtu);
    expect(player.real.channel.take()).toEqual(wants(player) ? [hex(pdu)] : []);
  }
});

const encryptAct = who.map((i): Act => (world) => {
  const { security, model } = world.players[i]!;
  model.encrypted = true;
  model.unproved.clear();
  security.encrypt({ bonded: model.bonded });
});

const leaveAct = who.map((i): Act => (world) => {
  world.rejoin(i);
});

const setAct = fc.tuple(which, small).map(([n, octets]): Act => (world) => {
  const at = n % world.model.length;
  const of = world.model[at]!;
  const fits = of.fixed ? octets.length === of.octets.length : octets.length <= mostOctets;
  if (fits) of.octets = octets;
  const set = (): void => {
    world.locals[at]!.value = octets;
  };
  if (fits) set();
  else expect(set).toThrow(RangeError);
});

const acts = fc.oneof(
  readAct,
  writeAct,
  commandAct,
  { weight: 3, arbitrary: prepareAct },
  executeAct,
  configureAct,
  notifyAct,
  encryptAct,
  leaveAct,
  setAct,
);

describe("GATT server against a reference model", () => {
  it("answers several clients as the model does, whatever they do and however they come and go", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.tuple(...[1, 2, 3].map(() => fc.tuple(fc.integer({ min: 23, max: 60 }), fc.boolean()))),
        fc.array(acts, { maxLength: 30 }),
        async (rows, clients, steps) => {
          const world = new World(rows);
          for (const [mtu, bonded] of clients) world.join(mtu, bonded);
          for (const act of steps) {
            await act(world);
            const values = world.locals.map(({ value }) => hex(value));
            expect(values).toEqual(world.model.map(({ octets }) => hex(octets)));
          }
          expect(world.served.faults).toEqual([]);
          for (const { real } of world.players) real.leave();
          expect(world.served.clock.timers).toBe(0);
        },
      ),
      runs,
    );
  });
});

describe("GATT server: any octets", () => {
  const opcodes = fc.constantFrom(...Object.values(Opcode), 0x00, 0x3f, 0x7f, 0xff);
  const tail = fc.oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc
      .tuple(fc.nat({ max: 24 }), fc.uint8Array({ maxLength: 8 }))
      .map(([handle, rest]) => Uint8Array.of(handle, 0, ...rest)),
  );
  const pdu = fc.tuple(opcodes, tail).map(([opcode, rest]) => concat(Uint8Array.of(opcode), rest));

  it("and changes of the services meanwhile end in nothing but answers and MalformedPduError", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 5 }),
        fc.array(fc.oneof({ weight: 6, arbitrary: pdu }, fc.constantFrom("add", "remove", "leave")), {
          maxLength: 40,
        }),
        async (rows, steps) => {
          const served = new Served();
          const gatt = new GattService(served.server, { enhancedBearers: true });
          const definitions = Object.fromEntries(rows.map((each, index) => [`c${index}`, define(each)]));
          const offered = [served.server.add(service("180d", definitions))];
          const memory = new PlayedMemory();
          let client = served.connect({ memory });
          for (const step of steps) {
            if (step === "leave") {
              client.leave();
              client = served.connect({ memory });
            } else if (typeof step === "string") {
              if (step === "add") offered.push(served.server.add(service("180d", definitions)));
              else {
                const last = offered.pop();
                if (last) served.server.remove(last);
              }
              const [start, end] = served.changes.at(-1)!;
              gatt.changed(start, end).catch(() => undefined);
            } else {
              try {
                expect((await client.ask(hex(step))).length).toBeLessThanOrEqual(2);
              } catch (error) {
                expect(error).toBeInstanceOf(MalformedPduError);
              }
              client.channel.take();
            }
          }
          client.leave();
          await served.clock.advance(0);
          expect(served.faults).toEqual([]);
          expect(served.clock.timers).toBe(0);
        },
      ),
      runs,
    );
  });
});
