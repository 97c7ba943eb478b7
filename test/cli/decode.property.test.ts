import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CaptureDecoder } from "../../cli/decode/capture-decoder.ts";
import { jsonLine } from "../../cli/decode/json.ts";
import { textLine } from "../../cli/decode/text.ts";
import type { CaptureRecord, HciRecord, LinkLayerRecord } from "../../transports/capture/index.ts";
import { runs } from "../support/runs.ts";

const octets = fc.uint8Array({ maxLength: 48 });
const cutBy = fc.constantFrom(0, 0, 0, 9);

const hci: fc.Arbitrary<HciRecord> = fc
  .record({
    type: fc.constantFrom(1, 2, 3, 4, 5, 9),
    header: fc.constantFrom([], [0x40, 0x00], [0x40, 0x20], [0x40, 0x10], [0x3e], [0x0e], [0x03, 0x0c]),
    fitting: fc.boolean(),
    octets,
    cutBy,
    direction: fc.constantFrom("hostToController", "controllerToHost", undefined),
  })
  .map(({ type, header, fitting, octets, cutBy, direction }) => {
    const length = type === 2 ? [octets.length, 0] : [octets.length];
    const packet = Uint8Array.from([type, ...header, ...(fitting ? length : []), ...octets]);
    const rest = { number: 1, timestampMicroseconds: 0, controller: undefined };
    return { kind: "hci", ...rest, direction, packet, originalLength: packet.length + cutBy };
  });

const linkLayer: fc.Arbitrary<LinkLayerRecord> = fc
  .record({
    accessAddress: fc.constantFrom(0x8e89bed6, 0x12345678, undefined),
    header: fc.integer({ min: 0, max: 0xff }),
    fitting: fc.boolean(),
    octets,
    cutBy,
    rest: fc.record(
      {
        channel: fc.integer({ min: 0, max: 39 }),
        phy: fc.constantFrom("1M", "coded"),
        direction: fc.constantFrom("centralToPeripheral", "peripheralToCentral"),
        crcValid: fc.boolean(),
        decrypted: fc.boolean(),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  })
  .map(({ accessAddress, header, fitting, octets, cutBy, rest }) => {
    const address = new Uint8Array(4);
    new DataView(address.buffer).setUint32(0, accessAddress ?? 0, true);
    const size = fitting ? [octets.length] : [];
    const packet = Uint8Array.from([
      ...(accessAddress === undefined ? [] : address),
      header,
      ...size,
      ...octets,
      0,
      0,
      0,
    ]);
    const known = { number: 1, timestampMicroseconds: 0, accessAddress };
    return { kind: "linkLayer", ...known, ...rest, packet, originalLength: packet.length + cutBy };
  });

/** Decodes all, and prints all of it both ways. */
function print(records: readonly CaptureRecord[]): string[] {
  const decoder = new CaptureDecoder();
  return records.flatMap((record) => {
    const packet = decoder.decode(record);
    expect(packet.layers.length).toBeGreaterThan(0);
    return packet.layers.flatMap((layer) => [
      textLine(packet, layer, 0, false),
      jsonLine(packet, layer, undefined),
    ]);
  });
}

describe("the decoder of captures", () => {
  it.each<[string, fc.Arbitrary<CaptureRecord>]>([
    ["HCI", hci],
    ["link-layer", linkLayer],
  ])("prints any %s packets, each layer on one line", (_, record) => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (records) => {
        for (const line of print(records)) expect(line).not.toMatch(/[\n\r]/);
      }),
      runs,
    );
  });

  it("says nothing malformed of packets that the logger cut, wherever that was", () => {
    const whole = Uint8Array.of(0x02, 0x40, 0x00, 0x0b, 0, 7, 0, 4, 0, 0x08, 1, 0, 0xff, 0xff, 0, 0x28);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (size) => {
        const record: HciRecord = {
          kind: "hci",
          number: 1,
          timestampMicroseconds: 0,
          direction: "hostToController",
          controller: undefined,
          packet: whole.subarray(0, size),
          originalLength: whole.length,
        };
        const { layers } = new CaptureDecoder().decode(record);
        expect(layers.map(({ malformed }) => malformed).filter((each) => each !== undefined)).toEqual([]);
        expect(layers.at(-1)?.note).toBe(`cut by the logger: ${size} of ${whole.length} octets`);
      }),
      runs,
    );
  });
});
