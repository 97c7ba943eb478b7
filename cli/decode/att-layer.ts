import { opcodeName } from "../../src/att/opcode.ts";
import { codecByOpcode } from "../../src/att/registry.ts";
import type { Layer } from "./decoded.ts";
import { withFields, withOctets } from "./fields.ts";

/** An ATT PDU. An opcode nobody knows is not malformed: servers answer it, or pass over it. Vol 3, Part F, 3.3. */
export function attLayer(pdu: Uint8Array): Layer {
  const opcode = pdu[0];
  const base = { layer: "att", kind: "pdu", opcode } as const;
  if (opcode === undefined) return { ...base, name: "ATT", fields: {}, malformed: "there is no opcode" };
  const codec = codecByOpcode(opcode);
  const head = { ...base, name: opcodeName(opcode) };
  return codec ? withFields(head, pdu, () => codec.decode(pdu)) : withOctets(head, pdu.subarray(1));
}
