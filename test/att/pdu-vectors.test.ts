import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { codecByOpcode } from "../../src/att/registry.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";

// Scripts of conformance cases that may lie beside the checkout.
const file = new URL("../../../shared/vectors/gatt-cases.json", import.meta.url);

interface Cases {
  readonly cases: readonly { readonly name: string; readonly script: readonly { readonly pdu?: string }[] }[];
}

describe("ATT PDUs of the conformance cases", () => {
  it("decode and encode to the same octets (3.4)", ({ skip }) => {
    if (!existsSync(file)) skip("shared/vectors/gatt-cases.json is not beside the checkout");
    const { cases } = JSON.parse(readFileSync(file, "utf8")) as Cases;
    let count = 0;
    const unknown: string[] = [];
    for (const { name, script } of cases) {
      for (const { pdu } of script) {
        if (pdu === undefined) continue;
        const octets = fromHex(pdu);
        const codec = codecByOpcode(octets[0]!);
        if (codec) expect(toHex(codec.encode(codec.decode(octets))), name).toBe(pdu);
        else unknown.push(pdu);
        count++;
      }
    }
    // Two cases ask what a server does with opcodes that nobody defined.
    expect(unknown).toEqual(["bf00", "ff00"]);
    expect(count).toBeGreaterThan(1000);
  });
});
