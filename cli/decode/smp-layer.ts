import { hexNumber } from "../../src/common/bytes.ts";
import { codecByCode } from "../../src/smp/registry.ts";
import type { Layer } from "./decoded.ts";
import { withFields, withOctets } from "./fields.ts";

/** An SMP command. Reserved codes are ignored by whoever receives them. Vol 3, Part H, 3.3. */
export function smpLayer(pdu: Uint8Array): Layer {
  const opcode = pdu[0];
  const base = { layer: "smp", kind: "pdu", opcode } as const;
  if (opcode === undefined) return { ...base, name: "SMP", fields: {}, malformed: "there is no code" };
  const codec = codecByCode(opcode);
  if (codec) return withFields({ ...base, name: codec.name }, pdu, () => codec.decode(pdu));
  return withOctets({ ...base, name: `SMP 0x${hexNumber(opcode, 2)}` }, pdu.subarray(1));
}
