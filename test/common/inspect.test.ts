import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { Uuid } from "../../src/common/uuid.ts";

describe("What console.log shows", () => {
  it("is the text of an address and of a UUID, also inside other objects", () => {
    const found = { address: Address.parse("C0:FF:EE:00:00:01/random"), services: [Uuid.from("180d")] };
    expect(inspect(found)).toBe("{ address: Address C0:FF:EE:00:00:01/random, services: [ Uuid 180d ] }");
  });
});
