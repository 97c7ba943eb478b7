import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import type { Bond } from "../../src/smp/bond.ts";
import { LinkSigning, signatureOf } from "../../src/smp/signing.ts";
import { runs } from "../support/runs.ts";
import { centralAddress, MemoryKeys, noKeys, peripheralAddress, plain, TwoManagers } from "./two-managers.ts";

function pairedSides() {
  const pair = new TwoManagers();
  pair.central.pair();
  pair.settle();
  return pair;
}

/** Signing alone, with one key for both directions. */
function signing(counter = 0): { readonly link: LinkSigning; readonly keys: MemoryKeys } {
  const keys = new MemoryKeys(centralAddress, new Uint8Array(16));
  const key = { key: new Uint8Array(16).fill(9), counter, authenticated: false };
  const bond: Bond = {
    identity: peripheralAddress,
    irk: undefined,
    centralKey: undefined,
    peripheralKey: undefined,
    localSigning: key,
    peerSigning: { ...key, counter: 0 },
  };
  keys.bonds.set(peripheralAddress.toString(), bond);
  return { keys, link: new LinkSigning(keys, () => keys.find(peripheralAddress)) };
}

const counterOf = (signature: Uint8Array): number => new DataView(signature.buffer).getUint32(0, true);

describe("data signing (Vol 3, Part H, 2.4.5)", () => {
  it("signs a signed write with counter and MAC as they go over the air", () => {
    const csrk = fromHex("8881 3008 2e5a c00d 32ea 1f45 9451 59d8".replaceAll(" ", ""));
    // The counter comes first, the least significant octet of each part too.
    const signature = signatureOf(csrk, fromHex("d20700010203"), 0x01020304);
    expect(signature).toHaveLength(12);
    expect(toHex(signature.subarray(0, 4))).toBe("04030201");
  });

  it("passes between two sides that have exchanged signing keys, in both directions", () => {
    const pair = pairedSides();
    const message = fromHex("d2070001");
    for (const [from, to] of [
      [pair.central, pair.peripheral],
      [pair.peripheral, pair.central],
    ] as const) {
      for (let i = 0; i < 3; i++) {
        const signature = from.manager.signing.sign(message)!;
        expect(counterOf(signature)).toBe(i);
        expect(to.manager.signing.verify(message, signature)).toBe(true);
      }
    }
  });

  it("signs nothing and believes nothing without keys", () => {
    const pair = new TwoManagers({ central: { settings: { ...plain, distribute: noKeys } } });
    expect(pair.central.manager.signing.sign(new Uint8Array(3))).toBeUndefined();
    pair.central.pair();
    pair.settle();
    expect(pair.central.manager.signing.sign(new Uint8Array(3))).toBeUndefined();
    expect(pair.peripheral.manager.signing.verify(new Uint8Array(3), new Uint8Array(12))).toBe(false);
  });

  it("refuses the replay of a counter, and one from before, but not a gap", () => {
    const { link } = signing();
    const message = fromHex("d2");
    const [first, second, third] = [link.sign(message)!, link.sign(message)!, link.sign(message)!];
    expect(link.verify(message, first)).toBe(true);
    expect(link.verify(message, first), "a replay").toBe(false);
    expect(link.verify(message, third), "one was lost").toBe(true);
    expect(link.verify(message, second), "it comes too late").toBe(false);
  });

  it("refuses whatever is not what was signed, and then still takes what is", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.uint8Array({ maxLength: 16 }),
        (...row) => {
          const [message, bit, garbage] = row;
          const { link } = signing();
          const signature = link.sign(message)!;
          const changed = Uint8Array.from(signature);
          const at = bit % (12 * 8);
          changed[at >> 3] = changed[at >> 3]! ^ (1 << (at & 7));
          expect(link.verify(message, changed)).toBe(false);
          const other = Uint8Array.from(message);
          other[0] = other[0]! ^ 1;
          expect(link.verify(other, signature)).toBe(false);
          expect(link.verify(message, garbage)).toBe(false);
          expect(link.verify(message, signature)).toBe(true);
        },
      ),
      runs,
    );
  });

  it("never signs twice with one counter, though the store is written only now and then and the process may die", () => {
    const { keys } = signing();
    const used = new Set<number>();
    for (let life = 0; life < 5; life++) {
      const link = new LinkSigning(keys, () => keys.find(peripheralAddress));
      for (let i = 0; i < 100; i++) {
        const counter = counterOf(link.sign(Uint8Array.of(i))!);
        expect(used.has(counter)).toBe(false);
        used.add(counter);
      }
    }
    expect(keys.counterSaves).toBe(10);
  });

  it("stops signing when the counter is used up", () => {
    const { link } = signing(0xffff_fffe);
    const message = fromHex("d2");
    expect(counterOf(link.sign(message)!)).toBe(0xffff_fffe);
    const last = link.sign(message)!;
    expect(counterOf(last)).toBe(0xffff_ffff);
    expect(link.sign(message)).toBeUndefined();
    expect(link.verify(message, last)).toBe(true);
    expect(link.verify(message, last)).toBe(false);
  });
});
