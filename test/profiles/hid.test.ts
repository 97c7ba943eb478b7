import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import {
  bootKeyboardInput,
  hidInformation,
  hidService,
  keyboardLeds,
  keyboardReport,
  keyboardReportMap,
  reportItems,
  reportReference,
  reportsIn,
  signedData,
  unsignedData,
  valuesOf,
} from "../../src/profiles/index.ts";

// Device Class Definition for HID 1.11, E.10: a mouse with three buttons.
const mouse = fromHex(
  "05010902a1010901a100050919012903150025019503750181029501750581010501093009311581257f750895028106c0c0",
);

/** Two reports with numbers, as a remote control has them. */
const numbered = fromHex(`
  05 0c 09 01 a1 01
    85 01 15 00 25 01 75 01 95 02 09 e9 09 ea 81 02   95 06 81 03
    85 02 a4 15 81 25 7f 75 08 95 01 0b 30 00 01 00 81 06 b4 09 e2 b1 02
  c0`);

describe("Report maps (Device Class Definition for HID 1.11, 6.2.2)", () => {
  it("are made of items", () => {
    const items = reportItems(fromHex("05 01 a4 27 ff ff ff 7f fe 02 aa 01 02 16 00 80"));
    expect(items.map(({ type, tag }) => [type, tag])).toEqual([
      ["global", 0],
      ["global", 10],
      ["global", 2],
      ["reserved", 0xaa],
      ["global", 1],
    ]);
    expect(items.map(unsignedData)).toEqual([1, 0, 0x7fff_ffff, 0x0201, 0x8000]);
    expect(items.map(signedData)).toEqual([1, 0, 0x7fff_ffff, 0x0201, -0x8000]);
  });

  it.each(["05", "26 ff", "27 00 00 00", "fe", "fe 02 aa 01"])("%s is cut short", (hex) => {
    expect(() => reportItems(fromHex(hex))).toThrow(MalformedPduError);
    expect(() => reportsIn(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("describe a mouse (E.10)", () => {
    const [report, ...others] = reportsIn(mouse);
    expect(others).toEqual([]);
    expect(report).toMatchObject({ kind: "input", id: 0, octets: 3 });
    expect(report!.fields.map(({ offset, size, count }) => [offset, size, count])).toEqual([
      [0, 1, 3],
      [3, 5, 1],
      [8, 8, 2],
    ]);
    const [buttons, padding, movement] = report!.fields;
    expect(buttons!.usages).toEqual([{ first: 0x0009_0001, last: 0x0009_0003 }]);
    expect(padding!.constant).toBe(true);
    expect(movement).toMatchObject({
      relative: true,
      variable: true,
      logicalMinimum: -127,
      logicalMaximum: 127,
    });
    expect(movement!.usages.map(({ first }) => first)).toEqual([0x0001_0030, 0x0001_0031]);
    expect(valuesOf(buttons!, fromHex("05 00 fb"))).toEqual([1, 0, 1]);
    expect(valuesOf(movement!, fromHex("05 00 fb"))).toEqual([0, -5]);
    expect(valuesOf(movement!, fromHex("05 02"))).toEqual([2]);
  });

  it("describe a keyboard (E.6), whose reports are those of a boot keyboard", () => {
    const [input, output, ...others] = reportsIn(keyboardReportMap);
    expect(others).toEqual([]);
    expect(input).toMatchObject({ kind: "input", id: 0, octets: 8 });
    expect(output).toMatchObject({ kind: "output", id: 0, octets: 1 });
    const report = keyboardReport.encode({ modifiers: ["leftShift"], keys: [4, 5] });
    expect(valuesOf(input!.fields[0]!, report)).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
    expect(valuesOf(input!.fields[2]!, report)).toEqual([4, 5, 0, 0, 0, 0]);
    expect(input!.fields[2]).toMatchObject({ variable: false, logicalMaximum: 101 });
    expect(valuesOf(output!.fields[0]!, keyboardLeds.encode(["capsLock"]))).toEqual([0, 1, 0, 0, 0]);
  });

  it("number reports, and push and pop what is set", () => {
    const reports = reportsIn(numbered);
    expect(reports.map(({ kind, id, octets }) => [kind, id, octets])).toEqual([
      ["input", 1, 1],
      ["input", 2, 1],
      ["feature", 2, 1],
    ]);
    expect(reports[1]!.fields[0]).toMatchObject({ size: 8, logicalMinimum: -127, relative: true });
    expect(reports[1]!.fields[0]!.usages[0]!.first).toBe(0x0001_0030);
    expect(reports[2]!.fields[0], "popped").toMatchObject({ size: 1, count: 6, logicalMinimum: 0 });
  });
});

describe("A HID service", () => {
  it("refuses a report with a name that it needs itself", () => {
    const value = new Uint8Array(1);
    const reports = { reportMap: { id: 0, kind: "input", value } } as const;
    expect(() => hidService({ reportMap: keyboardReportMap, reports })).toThrow(
      /the name reportMap is taken/,
    );
  });

  it("asks for an encrypted link where the program does not say otherwise", () => {
    const reports = { keys: { id: 0, kind: "input", value: new Uint8Array(8) } } as const;
    const { characteristics } = hidService({ reportMap: keyboardReportMap, reports });
    for (const { options } of Object.values(characteristics))
      expect(options.permissions?.read).toBe("encrypted");
    expect(characteristics.keys.options.descriptors?.[0]?.options.value).toEqual(
      reportReference.codec.encode({ id: 0, kind: "input" }),
    );
  });
});

interface HogCase {
  readonly name: string;
  readonly script: readonly { readonly dir: string; readonly pdu: string }[];
}

const vectors = fileURLToPath(new URL("../../../shared/vectors/hog-cases.json", import.meta.url));
const cases = existsSync(vectors)
  ? (JSON.parse(readFileSync(vectors, "utf8")) as { readonly cases: readonly HogCase[] }).cases
  : [];

describe.skipIf(cases.length === 0)(
  "What a HID over GATT host reads (needs ../shared/vectors/hog-cases.json)",
  () => {
    /** The values of the responses to reads whose handle stands behind `attributes` in the script. */
    const readsOf = (name: string): Uint8Array[] => {
      const { script } = cases.find((each) => each.name === name)!;
      return script
        .filter(({ dir, pdu }) => dir === "to-stack" && pdu.startsWith("0b"))
        .map(({ pdu }) => fromHex(pdu).subarray(1));
    };

    it.each([
      ["/TP/HGRF/RH/BV-08-I", ["feature", "feature"]],
      ["/TP/HGRF/RH/BV-06-I", ["output", "output"]],
      ["/TP/HGCF/RH/BV-01-I", ["input", "input"]],
    ])("%s: the references of reports are of kind %s", (name, kinds) => {
      const references = readsOf(name).filter(
        ({ length, 1: type }) => length === 2 && type !== 0 && type! <= 3,
      );
      const decoded = references.map((octets) => reportReference.codec.decode(octets));
      expect(decoded.map(({ kind }) => kind)).toEqual(kinds);
      expect(decoded.map(({ id }) => id)).toEqual([1, 2]);
    });

    it("/TP/HGRF/RH/BV-09-I: the information of two services", () => {
      for (const octets of readsOf("/TP/HGRF/RH/BV-09-I")) {
        expect(hidInformation.codec.decode(octets)).toEqual({
          version: 0x1101,
          country: 0,
          flags: ["remoteWake"],
        });
      }
    });

    it("a report that is none of a keyboard is refused", () => {
      const [octets] = readsOf("/TP/HGRF/RH/BV-02-I");
      expect(() => bootKeyboardInput.codec.decode(octets!)).toThrow(MalformedPduError);
    });
  },
);
