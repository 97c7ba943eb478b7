import { Opcode } from "../../src/att/opcode.ts";
import { characteristic, type GattServer, Host, type LocalCharacteristic, service } from "../../src/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import type { Work } from "../measurement.ts";
import { RawClient } from "../scale-client.ts";
import type { Figure } from "../scale-figure.ts";
import { measureInTurns } from "../scale-turns.ts";

/** Each has this many attributes: a declaration, and three characteristics of three. */
const attributesOfService = 10;
const sizes = [10, 10_000];
const atOnce = 50;
/** By how much a request may cost more with a thousand times as many attributes. */
const mostRatio = 1.15;

const level = characteristic("2a19", { read: true, notify: true, value: Uint8Array.of(100) });
const common = service("180f", { first: level, second: level, third: level });
const last = service("180d", {
  first: level,
  second: level,
  sought: characteristic("2a38", { read: true, notify: true, value: Uint8Array.of(1) }),
});

/** Adds services until there are so many attributes. @returns The one at the end, which is like no other. */
export function fill(gatt: GattServer, attributes: number): LocalCharacteristic {
  for (let count = attributesOfService; count < attributes; count += attributesOfService) gatt.add(common);
  return gatt.add(last).sought;
}

/** Requests to a server with 10 attributes of its own, and to one with 10,000: what they ask for is at the end. */
export async function attributes(): Promise<Figure[]> {
  const servers = await Promise.all(sizes.map(open));
  const figures: Figure[] = [];
  for (const [title, opcode, parameters] of requests) {
    const works = servers.map(({ client, handle }): Work => {
      const octets = parameters(handle);
      return async (operations) => {
        for (let i = 0; i < operations; i++) await client.request(opcode, octets);
      };
    });
    const costs = await measureInTurns(works, atOnce);
    for (const [i, { microseconds, ratio }] of costs.entries()) {
      figures.push({
        title: `${title}, ${sizes[i]?.toLocaleString("en") ?? ""} attributes`,
        value: microseconds,
        unit: "µs",
        ...(i > 0 && { ratio: { value: ratio, to: "10 attributes", ...goalOf(opcode) } }),
      });
    }
  }
  return figures;
}

/** Where a value is asked for, those of all services must be compared: an index by type leads to no more than these. */
function goalOf(opcode: number): { readonly most?: number } {
  return opcode === Opcode.FindByTypeValueRequest ? {} : { most: mostRatio };
}

type Request = readonly [title: string, opcode: number, parameters: (handle: number) => Uint8Array];

const whole = [0x01, 0x00, 0xff, 0xff] as const;

/** Each with a round trip. */
const requests: readonly Request[] = [
  ["Read by handle", Opcode.ReadRequest, (handle) => Uint8Array.of(handle, handle >> 8)],
  [
    "Find Information of one handle",
    Opcode.FindInformationRequest,
    (handle) => Uint8Array.of(handle, handle >> 8, handle, handle >> 8),
  ],
  ["Read By Type, the last has it", Opcode.ReadByTypeRequest, () => Uint8Array.of(...whole, 0x38, 0x2a)],
  ["Read By Type, none has it", Opcode.ReadByTypeRequest, () => Uint8Array.of(...whole, 0x39, 0x2a)],
  [
    "Find By Type Value of the last service",
    Opcode.FindByTypeValueRequest,
    () => Uint8Array.of(...whole, 0x00, 0x28, 0x0d, 0x18),
  ],
  [
    "Read By Group Type behind all services",
    Opcode.ReadByGroupTypeRequest,
    (handle) => Uint8Array.of(handle, handle >> 8, 0xff, 0xff, 0x00, 0x28),
  ],
];

async function open(size: number): Promise<{ readonly client: RawClient; readonly handle: number }> {
  const air = new VirtualAir();
  const server = await Host.open(air.controller().transport());
  const { handle } = fill(server.gatt, size);
  await server.advertise({ resume: false });
  const client = await RawClient.connect(air.controller().transport(), server.address);
  return { client, handle };
}
