import fc from "fast-check";
import { concat } from "../src/common/bytes.ts";
import { Uuid } from "../src/common/uuid.ts";
import { octetsUpTo } from "./values.ts";

/** One attribute of a server that is only imagined. Vol 3, Part F, 3.2. */
export interface Attribute {
  readonly handle: number;
  readonly type: Uuid;
  readonly value: Uint8Array;
  /** Of a service declaration, the last handle of the service. */
  readonly groupEndHandle?: number;
}

/** The types of the declarations. Vol 3, Part G, 3.1, 3.3.1 and 3.3.3.3. */
export const Declaration: Readonly<Record<"PrimaryService" | "Characteristic" | "Cccd", Uuid>> = {
  PrimaryService: Uuid.from(0x2800),
  Characteristic: Uuid.from(0x2803),
  Cccd: Uuid.from(0x2902),
};

const uuids = fc
  .oneof(fc.integer({ min: 0x3000, max: 0xffff }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  .map((uuid) => Uuid.from(uuid));

const characteristics = fc.record({
  uuid: uuids,
  value: octetsUpTo(512),
  subscribable: fc.boolean(),
});

/** Read, write, and write without response, with or without notifications and indications. Vol 3, Part G, 3.3.1.1. */
const readAndWrite = 0x0e;
const notifyAndIndicate = 0x30;

/** The attributes of a few services, in the order of their handles. */
export const databases: fc.Arbitrary<readonly Attribute[]> = fc
  .array(
    fc.record({
      uuid: uuids,
      characteristics: fc.array(characteristics, { maxLength: 3 }),
      gap: fc.nat(8),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((services) => {
    const attributes: Attribute[] = [];
    let next = 1;
    for (const { uuid, characteristics, gap } of services) {
      next += gap; // handles need not be consecutive
      const at = attributes.length;
      const handle = next++;
      for (const { uuid, value, subscribable } of characteristics) {
        const properties = subscribable ? readAndWrite | notifyAndIndicate : readAndWrite;
        const valueHandle = next + 1;
        const declaration = concat(Uint8Array.of(properties, valueHandle, valueHandle >> 8), uuid.octets);
        attributes.push({ handle: next, type: Declaration.Characteristic, value: declaration });
        attributes.push({ handle: valueHandle, type: uuid, value });
        next += 2;
        if (subscribable)
          attributes.push({ handle: next++, type: Declaration.Cccd, value: new Uint8Array(2) });
      }
      const service = {
        handle,
        type: Declaration.PrimaryService,
        value: uuid.octets,
        groupEndHandle: next - 1,
      };
      attributes.splice(at, 0, service);
    }
    return attributes;
  });
