import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AttBearer } from "../../src/att/att.ts";
import { AttributeTable } from "../../src/att/attribute-table.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { opcodeName } from "../../src/att/opcode.ts";
import { fromHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";

interface AttributeRow {
  readonly handle: number;
  readonly type: string;
  readonly value: string | null;
  readonly permissions: readonly string[];
  readonly groupEnd?: number;
}

type Entry =
  | { readonly dir: "to-stack"; readonly pdu: string }
  | { readonly dir: "from-stack"; readonly pdu: string }
  | { readonly dir: "none" }
  | { readonly dir: "action"; readonly do: string };

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly database: string;
  readonly localMtu: number;
  readonly step?: { readonly handle: number; readonly value: string };
  readonly script: readonly Entry[];
}

interface Vectors {
  readonly databases: Readonly<Record<string, { readonly attributes: readonly AttributeRow[] }>>;
  readonly cases: readonly Case[];
}

/** The requests that the server knows, and those that it ignores or refuses for not being known to anybody. */
const supported = new Set([0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x10, 0x12, 0x1e, 0x52, 0xbf, 0xff]);

/** Cases that need what does not exist yet other than an opcode. */
const later = new Map([["/robustness/hash-db", "the Database Hash"]]);

/** Why a case cannot be replayed yet, `undefined` where it can. */
function missing({ name, script }: Case): string | undefined {
  const opcodes = script.map((entry) => (entry.dir === "to-stack" ? (fromHex(entry.pdu)[0] ?? 0) : 0x02));
  const unknown = opcodes.find((opcode) => !supported.has(opcode));
  return unknown === undefined ? later.get(name) : opcodeName(unknown);
}

/** What a link without encryption may do with an attribute. */
function access(permissions: readonly string[], verb: "read" | "write"): "yes" | "no" | number {
  if (permissions.includes(`${verb}Encrypt`)) return ErrorCode.InsufficientEncryption;
  return permissions.includes(verb) ? "yes" : "no";
}

function tableOf(rows: readonly AttributeRow[]): AttributeTable<undefined> {
  const table = new AttributeTable<undefined>();
  for (const { handle, type, value, permissions, groupEnd } of rows) {
    let octets = fromHex(value ?? "");
    const read = access(permissions, "read");
    const write = access(permissions, "write");
    table.add({
      handle,
      type: Uuid.from(type),
      groupEnd: groupEnd ?? handle,
      ...(groupEnd !== undefined && { constant: octets }),
      ...(read !== "no" && {
        read: (_peer, _offset, done) => {
          done(read === "yes" ? octets : read);
        },
      }),
      ...(write !== "no" && {
        write: (_peer, written, done) => {
          if (write === "yes") octets = written.value.slice();
          done(write === "yes" ? undefined : write);
        },
      }),
    });
  }
  return table;
}

/** Plays a case; the first difference fails the test. */
function replay({ localMtu, step, script }: Case, rows: readonly AttributeRow[]): void {
  const channel = new ScriptedChannel();
  const clock = new VirtualClock();
  const user = { value: () => undefined, mtuChanged: () => undefined, closed: () => undefined };
  const bearer = new AttBearer(channel, clock, tableOf(rows), undefined, user, localMtu);
  let confirmed: boolean | undefined;
  for (const [index, entry] of script.entries()) {
    const where = `entry ${index}`;
    if (entry.dir === "to-stack") {
      expect(channel.take(), `${where}: nothing else was sent`).toEqual([]);
      bearer.receive(fromHex(entry.pdu));
    } else if (entry.dir === "from-stack") {
      expect(channel.take(), where).toEqual([entry.pdu]);
    } else if (entry.dir === "none") {
      expect(channel.take(), where).toEqual([]);
    } else {
      confirmed = false;
      if (!step) throw new Error(`${where}: "${entry.do}" without a step`);
      bearer.indicate(step.handle, fromHex(step.value), (outcome) => {
        confirmed = outcome instanceof Uint8Array;
      });
    }
  }
  expect(channel.take(), "nothing follows").toEqual([]);
  expect(confirmed, "the indication was confirmed").not.toBe(false);
  expect(clock.timers).toBe(0);
}

const file = new URL("../../../shared/vectors/gatt-cases.json", import.meta.url);
const present = existsSync(file);
const vectors = present ? (JSON.parse(readFileSync(file, "utf8")) as Vectors) : { databases: {}, cases: [] };
const cases = vectors.cases.filter(({ kind }) => kind === "server");

describe.skipIf(!present)(
  "GATT server test purposes (skipped without ../shared/vectors/gatt-cases.json)",
  () => {
    for (const each of cases) {
      const lacks = missing(each);
      const title = lacks === undefined ? each.name : `${each.name}: needs ${lacks}, not yet supported`;
      it.skipIf(lacks !== undefined)(title, () => {
        replay(each, vectors.databases[each.database]?.attributes ?? []);
      });
    }

    it("all cases are replayed but those that need what does not exist yet", () => {
      const counts = new Map<string, number>();
      for (const lacks of cases.map(missing))
        counts.set(lacks ?? "replayed", (counts.get(lacks ?? "replayed") ?? 0) + 1);
      expect(Object.fromEntries(counts)).toEqual({
        replayed: 40,
        ATT_PREPARE_WRITE_REQ: 15,
        ATT_READ_MULTIPLE_REQ: 2,
        "the Database Hash": 1,
      });
    });
  },
);
