import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bluezBond, bluezBonds, toBluezInfo } from "../../src/gap/bluez-bonds.ts";
import { JsonPlace } from "../../src/common/json.ts";
import { bondFromJson, bondToJson } from "../../src/smp/bond-json.ts";
import { runs } from "../support/runs.ts";
import { bonds } from "../smp/bonds.ts";

const legacy = `[General]
Name=Sensor = of the kitchen
AddressType=static
SupportedTechnologies=LE;
Trusted=true

# a comment
[IdentityResolvingKey]
Key=0F0E0D0C0B0A09080706050403020100

[LongTermKey]
Key=1F1E1D1C1B1A19181716151413121110
Authenticated=1
EncSize=16
EDiv=62649
Rand=5837191137475359221

[PeripheralLongTermKey]
Key=2F2E2D2C2B2A29282726252423222120
Authenticated=0
EncSize=7
EDiv=1
Rand=18446744073709551615

[LocalSignatureKey]
Key=3F3E3D3C3B3A39383736353433323130
Counter=5
Authenticated=false

[RemoteSignatureKey]
Key=4F4E4D4C4B4A49484746454443424140
Counter=0
Authenticated=true
`;

const secure = `[General]
AddressType=public

[SlaveLongTermKey]
Key=1F1E1D1C1B1A19181716151413121110
Authenticated=3
EncSize=16
EDiv=0
Rand=0
`;

const name = "C0:FF:EE:00:00:01";

describe("An info file of BlueZ", () => {
  it("holds a bond of LE legacy pairing, its keys least significant octet first", () => {
    expect(bluezBond(legacy, name)).toEqual({
      identity: `${name}/random`,
      irk: "000102030405060708090a0b0c0d0e0f",
      centralKey: {
        key: "101112131415161718191a1b1c1d1e1f",
        ediv: 62649,
        rand: 5837191137475359221n.toString(16).padStart(16, "0"),
        keySize: 16,
        authenticated: true,
        secureConnections: false,
      },
      peripheralKey: {
        key: "202122232425262728292a2b2c2d2e2f",
        ediv: 1,
        rand: "ffffffffffffffff",
        keySize: 7,
        authenticated: false,
        secureConnections: false,
      },
      localSigning: { key: "303132333435363738393a3b3c3d3e3f", counter: 5, authenticated: false },
      peerSigning: { key: "404142434445464748494a4b4c4d4e4f", counter: 0, authenticated: true },
    });
  });

  it.each(["SlaveLongTermKey", "PeripheralLongTermKey", "LongTermKey"])(
    "holds a key of LE Secure Connections for both roles, in the group %s",
    (group) => {
      const key = {
        key: "101112131415161718191a1b1c1d1e1f",
        keySize: 16,
        authenticated: true,
        secureConnections: true,
      };
      expect(bluezBond(secure.replace("SlaveLongTermKey", group), name)).toEqual({
        identity: `${name}/public`,
        centralKey: key,
        peripheralKey: key,
      });
    },
  );

  it.each([
    ["without keys of LE", "[General]\nAddressType=public\n[LinkKey]\nKey=00\n"],
    ["with a debug key, which protects from nobody", secure.replace("Authenticated=3", "Authenticated=4")],
    ["that is empty", ""],
  ])("%s holds no bond", (_name, text) => {
    expect(bluezBond(text, name)).toBeUndefined();
  });

  it.each([
    ["a key that is too short", secure.replace("1F1E", ""), name],
    ["a Rand that is no number", secure.replace("Rand=0", "Rand=x"), name],
    ["an EDiv that is too large", secure.replace("EDiv=0", "EDiv=65536"), name],
    ["a kind of key that is not known", secure.replace("Authenticated=3", "Authenticated=9"), name],
    ["a folder that is no address", secure, "cache"],
    ["an address of another type", secure.replace("=public", "=resolvable"), name],
  ])("is refused with %s, without telling the key", (_name, text, folder) => {
    let error: unknown;
    try {
      bluezBond(text, folder);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SyntaxError);
    expect(String(error)).toContain(folder);
    expect(String(error)).not.toMatch(/1D1C|1d1c/);
  });

  it("is written as it is read", () => {
    fc.assert(
      fc.property(bonds, (bond) => {
        const json = bondToJson(bond);
        const read = bluezBond(toBluezInfo(json), bond.identity.digits);
        expect(read && bondFromJson(new JsonPlace(read))).toEqual(bond);
      }),
      runs,
    );
  });
});

describe("bluezBonds", () => {
  it("reads all devices of an adapter, and the key that they know it by", async () => {
    const folder = await mkdtemp(join(tmpdir(), "jelling-bluez-"));
    try {
      for (const [device, text] of [
        [name, legacy],
        ["00:11:22:33:44:55", secure],
        ["00:11:22:33:44:66", "[General]\nAddressType=public\n"],
        ["cache", legacy],
      ] as const) {
        await mkdir(join(folder, device));
        await writeFile(join(folder, device, "info"), text);
      }
      await mkdir(join(folder, "00:11:22:33:44:77")); // without a file
      await writeFile(join(folder, "settings"), "[General]\n");
      expect((await bluezBonds(folder)).irk).toBeUndefined();
      await writeFile(
        join(folder, "identity"),
        "[General]\nIdentityResolvingKey=0x0F0E0D0C0B0A09080706050403020100\n",
      );
      const { irk, bonds: read } = await bluezBonds(folder);
      expect(irk).toBe("000102030405060708090a0b0c0d0e0f");
      expect(read.map(({ identity }) => identity)).toEqual(["00:11:22:33:44:55/public", `${name}/random`]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
