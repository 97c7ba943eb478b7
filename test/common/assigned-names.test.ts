import { describe, expect, it } from "vitest";
import {
  assignedName,
  characteristicName,
  declarationName,
  descriptorName,
  serviceName,
} from "../../src/common/assigned-names.ts";
import * as tables from "../../src/common/generated/assigned-names.ts";
import { Uuid } from "../../src/common/uuid.ts";

describe("Names of assigned UUIDs", () => {
  it.each([
    [serviceName, "1800", "GAP"],
    [serviceName, "180d", "Heart Rate"],
    [serviceName, "180f", "Battery"],
    [serviceName, "1860", "Tire Pressure Monitoring System"],
    [declarationName, "2800", "Primary Service"],
    [declarationName, "2803", "Characteristic"],
    [descriptorName, "2902", "Client Characteristic Configuration"],
    [descriptorName, "2908", "Report Reference"],
    [characteristicName, "2a00", "Device Name"],
    [characteristicName, "2a37", "Heart Rate Measurement"],
    [characteristicName, "2b8c", "CO2 Concentration"],
    [characteristicName, "2c41", "TPMS Signing Key"],
  ])("%o of %s is %s", (nameOf, uuid, name) => {
    expect(nameOf(Uuid.from(uuid))).toBe(name);
    expect(assignedName(Uuid.from(uuid))).toBe(name);
  });

  it("are for assigned numbers only", () => {
    const others = ["180b", "1861", "2a0b", "27ff", "0001180d", "6e400001-b5a3-f393-e0a9-e50e24dcca9e"];
    for (const uuid of others) expect(assignedName(Uuid.from(uuid)), uuid).toBeUndefined();
    expect(characteristicName(Uuid.from("180d"))).toBeUndefined();
    expect(serviceName(Uuid.from("2a37"))).toBeUndefined();
  });

  it("belong to one table each, and are complete as of the date in the generated file", () => {
    const counts: number[] = [];
    const rows: string[] = [];
    for (const table of [tables.services, tables.characteristics, tables.descriptors, tables.declarations]) {
      counts.push(Object.values(table).flatMap((row) => row.split("|").filter((name) => name !== "")).length);
      rows.push(...Object.keys(table));
      for (const row of Object.values(table)) expect(row.split("|").length).toBeLessThanOrEqual(16);
    }
    expect(counts).toEqual([76, 511, 24, 4]);
    expect(new Set(rows).size).toBe(rows.length);
  });
});
