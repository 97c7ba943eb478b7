import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { fromHex } from "../../src/common/bytes.ts";
import { JsonPlace } from "../../src/common/json.ts";
import type { Bond } from "../../src/smp/bond.ts";
import { bondFromJson, bondToJson } from "../../src/smp/bond-json.ts";
import { runs } from "../support/runs.ts";
import { bonds } from "./bonds.ts";

const bond: Bond = {
  identity: Address.parse("C0:FF:EE:00:00:01/random"),
  irk: fromHex("000102030405060708090a0b0c0d0e0f"),
  centralKey: {
    key: fromHex("101112131415161718191a1b1c1d1e1f"),
    ediv: 0x1234,
    rand: fromHex("0123456789abcdef"),
    keySize: 16,
    authenticated: true,
    secureConnections: false,
  },
  peripheralKey: undefined,
  localSigning: { key: fromHex("202122232425262728292a2b2c2d2e2f"), counter: 7, authenticated: true },
  peerSigning: undefined,
};

describe("A bond in JSON", () => {
  it("has its octets in hex, most significant first, and leaves out what there is none of", () => {
    expect(bondToJson(bond)).toEqual({
      identity: "C0:FF:EE:00:00:01/random",
      irk: "000102030405060708090a0b0c0d0e0f",
      centralKey: {
        key: "101112131415161718191a1b1c1d1e1f",
        ediv: 0x1234,
        rand: "0123456789abcdef",
        keySize: 16,
        authenticated: true,
        secureConnections: false,
      },
      localSigning: { key: "202122232425262728292a2b2c2d2e2f", counter: 7, authenticated: true },
    });
  });

  it("comes back as it was, through the text too", () => {
    fc.assert(
      fc.property(bonds, (each) => {
        const text = JSON.stringify(bondToJson(each));
        expect(bondFromJson(new JsonPlace(JSON.parse(text)))).toEqual(each);
      }),
      runs,
    );
  });

  it.each([
    ["no object", 7, "bond is no object"],
    ["no identity", {}, "bond.identity is no text"],
    ["a private address", { identity: "40:00:00:00:00:01/random" }, "bond.identity is no identity address"],
    ["a short key", { irk: "0011" }, "bond.irk is not 16 octets of hex"],
    ["no hex", { irk: "secret" }, "bond.irk is not in its form"],
    [
      "a size out of range",
      { centralKey: { keySize: 17 } },
      "bond.centralKey.keySize is no whole number from 7 to 16",
    ],
    [
      "no claim",
      { centralKey: { authenticated: 1 } },
      "bond.centralKey.authenticated is neither true nor false",
    ],
    ["no counter", { localSigning: { counter: -1 } }, "bond.localSigning.counter is no whole number"],
  ])("is refused with %s, by the name of the member and without the value", (_name, change, message) => {
    const json = bondToJson(bond);
    const merged =
      typeof change === "object" && "identity" in json
        ? Object.keys(change).length === 0
          ? {}
          : {
              ...json,
              ...change,
              ...("centralKey" in change && { centralKey: { ...json.centralKey, ...change.centralKey } }),
              ...("localSigning" in change && {
                localSigning: { ...json.localSigning, ...change.localSigning },
              }),
            }
        : change;
    let error: unknown;
    try {
      bondFromJson(new JsonPlace(merged, "bond"));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SyntaxError);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toMatch(/secret|0011|101112/);
  });

  it("is read from anything without any other error than SyntaxError", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          bondFromJson(new JsonPlace(value));
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError);
        }
      }),
      runs,
    );
  });
});
