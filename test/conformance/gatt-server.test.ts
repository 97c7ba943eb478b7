import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Attribute, AttributeTable } from "../../src/att/attribute-table.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { Turn } from "../../src/common/turn.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { clientConfiguration } from "../../src/gatt/cccd.ts";
import { databaseHash } from "../../src/gatt/database-hash.ts";
import { GattType } from "../../src/gatt/declaration.ts";
import { constantAttribute, subscriptionRules, valueAttribute } from "../../src/gatt/local-attribute.ts";
import { LocalValue } from "../../src/gatt/local-value.ts";
import { Configuration, type ServedClient } from "../../src/gatt/served-client.ts";
import { Served } from "../gatt/served.ts";
import { PurposeTable } from "./table.ts";

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

/**
 * Answers of ours that are others than in the script, by purpose and the PDU answered; docs/conformance.md has the
 * clauses.
 */
const decisions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // 3 and 19 octets for a Client Characteristic Configuration, which has 2: Vol 3, Part G, 3.3.3.3.
  "/TP/GAW/SR/BV-08-C/small": { "120400010203": "011204000d" },
  "/TP/GAW/SR/BV-09-C/small": { "1801": "011804000d" },
};

/** Attributes whose values never change and count in the Database Hash. Vol 3, Part G, 7.3.1. */
const constants = [GattType.Include, GattType.Characteristic, GattType.CharacteristicExtendedProperties];

const setup = {
  turn: new Turn(),
  handlerFailed: (error: unknown) => {
    throw error;
  },
};

/** The attribute of a row, made of the same parts as those of a program's service. */
function attributeOf(row: AttributeRow, before: AttributeRow | undefined): Attribute<ServedClient> {
  const { handle, permissions, groupEnd } = row;
  const type = Uuid.from(row.type);
  const value = fromHex(row.value ?? "");
  if (groupEnd !== undefined) return constantAttribute(handle, type, value, groupEnd);
  if (constants.some((each) => each.equals(type))) return constantAttribute(handle, type, value);
  const allowed = (verb: "read" | "write"): boolean => permissions.some((each) => each.startsWith(verb));
  const guarded = (verb: "read" | "write"): "encrypted" | "none" =>
    permissions.includes(`${verb}Encrypt`) ? "encrypted" : "none";
  const local = new LocalValue(
    type,
    {
      value,
      read: allowed("read"),
      write: allowed("write"),
      writeWithoutResponse: allowed("write"),
      permissions: { read: guarded("read"), write: guarded("write") },
    },
    setup,
  );
  if (!type.equals(GattType.ClientCharacteristicConfiguration)) return valueAttribute(handle, local);
  const either = Configuration.Notification | Configuration.Indication;
  return clientConfiguration(handle, before?.handle ?? 0, either, subscriptionRules(local));
}

function fill(table: AttributeTable<ServedClient>, rows: readonly AttributeRow[]): void {
  for (const [index, row] of rows.entries()) table.add(attributeOf(row, rows[index - 1]));
}

/** Plays a case; the first difference fails the test. */
async function replay(each: Case, rows: readonly AttributeRow[]): Promise<void> {
  const { localMtu, step, script } = each;
  const served = new Served();
  fill(served.server.table, rows);
  const client = served.connect({}, localMtu);
  const ours = decisions[each.name] ?? {};
  let confirmed: boolean | undefined;
  let asked = "";
  let sent: string[] = [];
  for (const [index, entry] of script.entries()) {
    const where = `entry ${index}`;
    if (entry.dir === "to-stack") {
      expect(sent, `${where}: nothing else was sent`).toEqual([]);
      asked = entry.pdu;
      sent = await client.ask(asked);
    } else if (entry.dir === "action") {
      confirmed = false;
      if (!step) throw new Error(`${where}: "${entry.do}" without a step`);
      client.bearer.indicate(step.handle, fromHex(step.value), (outcome) => {
        confirmed = outcome instanceof Uint8Array;
      });
      sent.push(...client.channel.take());
    } else {
      expect(sent, where).toEqual(entry.dir === "none" ? [] : [ours[asked] ?? entry.pdu]);
      sent = [];
    }
  }
  expect(sent, "nothing follows").toEqual([]);
  expect(confirmed, "the indication was confirmed").not.toBe(false);
  expect(served.clock.timers).toBe(0);
}

/** The one purpose without PDUs: the hash of services that were added out of order, the last one up to 0xFFFF. */
function hashOutOfOrder(rows: readonly AttributeRow[]): void {
  const inOrder = new AttributeTable<ServedClient>();
  fill(inOrder, rows);
  const reversed = new AttributeTable<ServedClient>();
  const starts = rows.flatMap(({ groupEnd }, index) => (groupEnd === undefined ? [] : [index]));
  for (const [index, start] of [...starts.entries()].reverse()) {
    fill(reversed, rows.slice(start, starts[index + 1] ?? rows.length));
  }
  const [one, other] = [inOrder, reversed].map((table) => toHex(databaseHash(table.between(1, 0xffff))));
  expect(one).toHaveLength(32);
  expect(other).toBe(one);
}

const file = new URL("../../../shared/vectors/gatt-cases.json", import.meta.url);
const present = existsSync(file);
const vectors = present ? (JSON.parse(readFileSync(file, "utf8")) as Vectors) : { databases: {}, cases: [] };
const cases = vectors.cases.filter(({ kind }) => kind === "server");

describe.skipIf(!present)(
  "GATT server test purposes (skipped without ../shared/vectors/gatt-cases.json)",
  () => {
    const table = new PurposeTable("GATT server test purposes");
    for (const each of cases) {
      it(each.name, () =>
        table.judge(each.name, async () => {
          const rows = vectors.databases[each.database]?.attributes ?? [];
          if (each.name === "/robustness/hash-db") hashOutOfOrder(rows);
          else await replay(each, rows);
        }),
      );
    }

    it("are 58, and none is left out", () => {
      expect(cases).toHaveLength(58);
      expect(Object.keys(decisions).every((name) => cases.some((each) => each.name === name))).toBe(true);
    });
  },
);
