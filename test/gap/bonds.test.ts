import { secretsFromBonds } from "../../src/gap/secrets.ts";
import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { Turn } from "../../src/common/turn.ts";
import { RecordingAgent } from "../../src/gap/agents/recording-agent.ts";
import { type BondDocument, bondContents, bondDocument } from "../../src/gap/bond-document.ts";
import { type BondStore, BondStoreError, memoryBondStore } from "../../src/gap/bond-store.ts";
import { BondKeeper, mostBonds } from "../../src/gap/bond-keeper.ts";
import { Bonds } from "../../src/gap/bonds.ts";
import type { Connection } from "../../src/gap/connection.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { resolvableAddress, resolves } from "../../src/gap/resolvable-address.ts";
import type { Bond } from "../../src/smp/bond.ts";
import { EncryptionError, PairingError } from "../../src/smp/error.ts";
import { PairingFailure } from "../../src/smp/pairing-failure.ts";
import { bonds as anyBond, octets } from "../smp/bonds.ts";
import { runs } from "../support/runs.ts";
import { HostsOnAir, type Station } from "../support/two-hosts.ts";

const own = Address.parse("C0:00:00:00:00:01/random");

function bondOf(i: number, change: Partial<Bond> = {}): Bond {
  const key = {
    key: new Uint8Array(16).fill(i),
    ediv: 0,
    rand: new Uint8Array(8),
    keySize: 16,
    authenticated: true,
    secureConnections: true,
  };
  const identity = new Address("public", i);
  const irk = new Uint8Array(16).fill(i, 8);
  return {
    identity,
    irk,
    centralKey: key,
    peripheralKey: key,
    localSigning: undefined,
    peerSigning: undefined,
    ...change,
  };
}

interface Loaded {
  readonly keeper: BondKeeper;
  readonly bonds: Bonds;
}

async function loaded(store?: BondStore, faults: unknown[] = []): Promise<Loaded> {
  const fault = (error: unknown): void => void faults.push(error);
  const keeper = new BondKeeper({ random: new SeededRandom(1), store, address: () => own, fault });
  await keeper.load();
  return { keeper, bonds: new Bonds(keeper, new Turn()) };
}

/** A store whose saves end when the test says so. */
class SlowStore implements BondStore {
  readonly saving: { readonly document: BondDocument; end(error?: Error): void }[] = [];
  saves = 0;

  load(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  save(document: BondDocument): Promise<void> {
    this.saves++;
    if (this.saves === 1) return Promise.resolve(); // who the host is, when it opens
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        this.saving.splice(0, 1);
        if (error) reject(error);
        else resolve();
      };
      this.saving.push({ document, end });
    });
  }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("The bonds of a host", () => {
  it("are found by identity, by a private address that the identity resolving key resolves, and by EDIV and Rand", async () => {
    const { bonds, keeper } = await loaded();
    const legacy = {
      ...bondOf(2).centralKey!,
      ediv: 7,
      rand: new Uint8Array(8).fill(9),
      secureConnections: false,
    };
    keeper.save(bondOf(1));
    keeper.save(bondOf(2, { peripheralKey: legacy }));
    const rpa = resolvableAddress(bondOf(2).irk!, new SeededRandom(3));
    expect(keeper.find(new Address("public", 1))).toEqual(bondOf(1));
    expect(keeper.find(new Address("random", 1))).toBeUndefined();
    expect(keeper.find(rpa)?.identity.value).toBe(2);
    expect(bonds.get(rpa.toString())?.identity.value).toBe(2);
    expect(keeper.findByDiversifier(7, new Uint8Array(8).fill(9))?.identity.value).toBe(2);
    expect(keeper.findByDiversifier(0, new Uint8Array(8))).toBeUndefined();
  });

  it("are not found with a key of zeros, which everybody has", async () => {
    const { bonds, keeper } = await loaded();
    const zeros = new Uint8Array(16);
    keeper.save(bondOf(1, { irk: zeros }));
    expect(keeper.find(resolvableAddress(zeros, new SeededRandom(3)))).toBeUndefined();
    expect(bonds.all[0]?.resolvable).toBe(false);
  });

  it("tell what is added, replaced and removed, without keys", async () => {
    const { bonds, keeper } = await loaded();
    const events: string[] = [];
    for (const name of ["added", "replaced", "removed"] as const) {
      bonds.on(name, (peer) => events.push(`${name} ${String(peer.identity)}`));
    }
    keeper.save(bondOf(1));
    keeper.save(bondOf(1, { irk: undefined }));
    expect(await bonds.remove("00:00:00:00:00:01/public")).toBe(true);
    expect(await bonds.remove("00:00:00:00:00:01/public")).toBe(false);
    const [, name] = ["", "00:00:00:00:00:01/public"];
    expect(events).toEqual([`added ${name}`, `replaced ${name}`, `removed ${name}`]);
    keeper.save(bondOf(2));
    keeper.save(bondOf(3));
    expect(String(bonds.all[0])).toBe("00:00:00:00:00:02/public (authenticated, LE Secure Connections)");
    expect(JSON.stringify(bonds.all)).not.toContain("0202");
    await bonds.clear();
    expect(bonds.all).toEqual([]);
  });

  it("keep what GATT remembers, which ends with the keys it belongs to", async () => {
    const store = memoryBondStore();
    const { keeper } = await loaded(store);
    const peer = new Address("public", 1);
    keeper.saveGatt(peer, { gattClient: { lost: true } }); // no such bond
    expect(keeper.gatt(peer)).toBeUndefined();
    keeper.save(bondOf(1));
    keeper.saveGatt(peer, { gattClient: { 5: 1 }, gattServer: { hash: "00" } });
    keeper.saveCounters(
      bondOf(1, { localSigning: { key: new Uint8Array(16), counter: 8, authenticated: true } }),
    );
    await keeper.saved();
    const again = await loaded(store);
    expect(again.keeper.gatt(peer)).toMatchObject({ gattClient: { 5: 1 }, gattServer: { hash: "00" } });
    expect(again.keeper.find(peer)?.localSigning?.counter).toBe(8);
    again.keeper.save(bondOf(1));
    expect(again.keeper.gatt(peer)).toMatchObject({ gattClient: undefined, gattServer: { hash: "00" } });
  });

  it("keep databases by their hash, the latest 64", async () => {
    const store = memoryBondStore();
    const { keeper } = await loaded(store);
    for (let i = 0; i < 70; i++) keeper.saveDatabase(String(i), [i]);
    await keeper.saved();
    const again = await loaded(store);
    expect([again.keeper.database("5"), again.keeper.database("6"), again.keeper.database("69")]).toEqual([
      undefined,
      [6],
      [69],
    ]);
  });

  it("take no stranger when there are as many as can be kept, and give none up for one", async () => {
    const { bonds, keeper } = await loaded();
    for (let i = 1; i <= mostBonds; i++) keeper.save(bondOf(i));
    expect(keeper.hasRoomFor(new Address("public", 1))).toBe(true);
    expect(keeper.hasRoomFor(new Address("public", 9999))).toBe(false);
    const { local, bonds: list } = bonds.export();
    await expect(
      bonds.import({ bonds: [{ ...list[0]!, identity: "00:00:00:00:99:99/public" }] }),
    ).rejects.toThrow(RangeError);
    expect(local.randomAddress).toMatch(/^[CDEF].:/);
  });

  it("are a document that comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyBond, { maxLength: 4, selector: ({ identity }) => identity.toString() }),
        octets(16),
        fc.option(
          fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as string),
          {
            nil: undefined,
          },
        ),
        (list, irk, gattClient) => {
          const contents = {
            local: { irk, randomAddress: own },
            records: list.map((bond) => ({ bond, gattClient, gattServer: undefined })),
            databases: new Map([["00", 1]]),
          };
          const document: unknown = JSON.parse(JSON.stringify(bondDocument(contents)));
          expect(bondContents(document)).toEqual(contents);
        },
      ),
      runs,
    );
  });

  it("are taken over from another host, with the key that its peers know it by while there are no others", async () => {
    const { bonds, keeper } = await loaded();
    const other = await loaded();
    other.keeper.save(bondOf(1));
    const { bonds: list } = other.bonds.export();
    await bonds.import({ irk: "11".repeat(16), bonds: list });
    expect(keeper.own).toEqual({ address: own, irk: new Uint8Array(16).fill(0x11) });
    expect(keeper.find(new Address("public", 1))).toEqual(bondOf(1));
    await bonds.import({ irk: "22".repeat(16), bonds: list });
    expect(keeper.own.irk[0]).toBe(0x11);
    await expect(bonds.import({ bonds: [{ ...list[0]!, irk: "no" }] })).rejects.toThrow(SyntaxError);
  });
});

describe("host.bonds.import and secretsFromBonds", () => {
  it.each([null, undefined, 5, [], {}, { bonds: "none" }])(
    "refuse %j with a TypeError that says what to give",
    async (value) => {
      const air = new HostsOnAir();
      const { host } = await air.open();
      await expect(host.bonds.import(value as never)).rejects.toThrow(/^import: give \{ bonds: /);
      expect(() => secretsFromBonds(value as never)).toThrow(/^secretsFromBonds: give \{ bonds: /);
      expect(host.bonds.all).toEqual([]);
      await air.expectNothingLeft();
    },
  );
});

describe("The store of the bonds", () => {
  it("is saved to once for the changes of one turn, and never twice at a time", async () => {
    const store = new SlowStore();
    const { keeper } = await loaded(store);
    keeper.save(bondOf(1));
    keeper.save(bondOf(2));
    const saved = keeper.saved();
    await tick();
    expect([store.saves, store.saving.length]).toEqual([2, 1]);
    expect(store.saving[0]?.document.bonds).toHaveLength(2);
    keeper.save(bondOf(3));
    keeper.save(bondOf(4));
    const later = keeper.saved();
    await tick();
    expect(store.saving).toHaveLength(1);
    store.saving[0]?.end();
    await saved;
    await tick();
    expect(store.saves).toBe(3);
    expect(store.saving[0]?.document.bonds).toHaveLength(4);
    store.saving[0]?.end();
    await later;
    expect(store.saves).toBe(3);
    await keeper.saved();
  });

  it("that fails is told of and rejects who waits; the next change is saved with the one before", async () => {
    const store = new SlowStore();
    const faults: unknown[] = [];
    const { keeper } = await loaded(store, faults);
    keeper.save(bondOf(1));
    const saved = keeper.saved();
    const failure = expect(saved).rejects.toThrow("the bonds could not be saved: disk full");
    await tick();
    store.saving[0]?.end(new Error("disk full"));
    await failure;
    expect(faults).toEqual([expect.any(BondStoreError)]);
    await tick();
    expect(store.saving).toHaveLength(0);
    keeper.save(bondOf(2));
    await tick();
    expect(store.saving[0]?.document.bonds).toHaveLength(2);
    store.saving[0]?.end();
    await keeper.saved();
  });

  it("whose document is damaged keeps the host from opening", async () => {
    const store = memoryBondStore({ version: 2 } as unknown as BondDocument);
    await expect(loaded(store)).rejects.toThrow(BondStoreError);
    const air = new HostsOnAir();
    await expect(air.open({}, { bonds: store })).rejects.toThrow("version is not 1");
    await expect(air.open({}, { bonds: {} as BondStore })).rejects.toThrow(TypeError);
    await air.expectNothingLeft();
  });

  it("that cannot save keeps the host from opening, not from pairing later", async () => {
    const air = new HostsOnAir();
    const failing: BondStore = {
      load: () => Promise.resolve(undefined),
      save: () => Promise.reject(new Error("no")),
    };
    await expect(air.open({}, { bonds: failing })).rejects.toThrow("could not be saved: no");
    await air.expectNothingLeft();
  });
});

interface Bonded {
  readonly air: HostsOnAir;
  readonly stores: { readonly central: ReturnType<typeof memoryBondStore>; readonly peripheral: BondStore };
  readonly central: Station;
  readonly peripheral: Station;
}

async function bonded(agents = true): Promise<Bonded> {
  const air = new HostsOnAir();
  const stores = { central: memoryBondStore(), peripheral: memoryBondStore() };
  const peripheral = await air.open({}, { bonds: stores.peripheral });
  const central = await air.open({}, { bonds: stores.central });
  if (agents) for (const { host } of [central, peripheral]) host.agents.register(new RecordingAgent());
  const ends = await air.connect(central, peripheral);
  await air.until(ends.central.pair());
  await air.clock.advance(1000);
  await air.until(ends.central.disconnect());
  await air.clock.advance(1000);
  return { air, stores, central, peripheral };
}

function reasonOf(ending: unknown): unknown {
  return (ending as { readonly error: PairingError }).error.reason;
}

describe("A bonded peer", () => {
  it("is encrypted with on the next connection, without asking anybody", async () => {
    const { air, central, peripheral } = await bonded();
    const ends = await air.connect(central, peripheral);
    expect(ends.central.security.encrypted).toBe(false); // nothing is trusted before (BLESA)
    const security = await air.until(ends.central.encrypt());
    const expected = {
      encrypted: true,
      authenticated: true,
      secureConnections: true,
      keySize: 16,
      bonded: true,
    };
    expect([security, ends.peripheral.security]).toEqual([expected, expected]);
    expect(await air.until(ends.central.pair({ mitm: true }))).toEqual(expected);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it.each(["encrypt", "pair"] as const)(
    "is so at the wish of the peripheral too, and nobody pairs anew: %s (Vol 3, Part H, 2.4.6)",
    async (call) => {
      for (const agents of [true, false]) {
        const { air, central, peripheral } = await bonded(agents);
        const replaced: unknown[] = [];
        for (const { host } of [central, peripheral])
          host.bonds.on("replaced", (peer) => replaced.push(peer));
        const ends = await air.connect(central, peripheral);
        expect(await air.until(ends.peripheral[call]())).toMatchObject({ encrypted: true, bonded: true });
        await air.clock.advance(1000);
        expect(replaced).toEqual([]);
        await air.expectNothingLeft();
      }
    },
  );

  it.each([
    ["nothing but level 4", 16, { secureConnections: "only" }, { secureConnections: "preferred" }],
    ["longer keys", 7, { minKeySize: 16 }, { minKeySize: 7 }],
  ] as const)(
    "whose key does not do any more is not encrypted with, on links that are up too: %s",
    async (_what, minKeySize, now, before) => {
      const air = new HostsOnAir();
      const pairing = { minKeySize };
      const peripheral = await air.open({}, { pairing });
      const central = await air.open({}, { pairing });
      let ends = await air.connect(central, peripheral);
      await air.until(ends.central.pair({ maxKeySize: Math.max(minKeySize, 10) }));
      await air.clock.advance(1000);
      for (const { host } of [central, peripheral]) {
        await air.until(ends.central.disconnect());
        await air.clock.advance(1000);
        ends = await air.connect(central, peripheral);
        await air.until(host.configure({ pairing: now }));
        expect(await air.ending(ends.central.encrypt())).toMatchObject({ error: { status: 0x06 } });
        expect(ends.peripheral.security.encrypted).toBe(false);
        await air.until(host.configure({ pairing: before }));
      }
      await air.expectNothingLeft();
    },
  );

  it("is known after a restart, by a host that has kept its address, on another controller too", async () => {
    const air = new HostsOnAir();
    const bonds = memoryBondStore();
    const options = { addressType: "random", bonds } as const;
    const [peripheral, central] = [await air.open(), await air.open({}, options)];
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    await air.clock.advance(1000);
    const before = central.host.address;
    await air.until(central.host[Symbol.asyncDispose]());
    const again = await air.open({}, options);
    expect(again.host.address.equals(before)).toBe(true);
    expect(again.host.bonds.all).toHaveLength(1);
    const ends = await air.connect(again, peripheral);
    expect(await air.until(ends.central.encrypt())).toMatchObject({ encrypted: true, bonded: true });
    expect(ends.peripheral.security).toMatchObject({ encrypted: true, bonded: true });
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("is saved before pair resolves", async () => {
    const air = new HostsOnAir();
    const store = new SlowStore();
    const peripheral = await air.open();
    const central = await air.open({}, { bonds: store });
    const ends = await air.connect(central, peripheral);
    let resolved = false;
    const pairing = ends.central.pair().then(() => (resolved = true));
    await air.clock.advance(5000);
    expect([ends.central.security.bonded, resolved, store.saving.length]).toEqual([true, false, 1]);
    store.saving[0]?.end();
    expect(await air.until(pairing)).toBe(true);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("that could not be saved is told of, and stays for as long as the host", async () => {
    const air = new HostsOnAir();
    const store = new SlowStore();
    const peripheral = await air.open();
    const central = await air.open({}, { bonds: store });
    central.host.on("fault", () => undefined);
    const ends = await air.connect(central, peripheral);
    const pairing = air.ending(ends.central.pair());
    await air.clock.advance(5000);
    store.saving[0]?.end(new Error("disk full"));
    expect(await pairing).toMatchObject({ error: { constructor: BondStoreError } });
    expect(central.host.bonds.all).toHaveLength(1);
    const closing = central.host[Symbol.asyncDispose]();
    await air.clock.advance(60_000); // a store that hangs does not keep the host
    await air.until(closing);
    await air.expectNothingLeft();
  });

  it("that has forgotten this central is told with bondLost; the bond stays until it is replaced", async () => {
    const { air, central, peripheral } = await bonded();
    await peripheral.host.bonds.clear();
    const ends = await air.connect(central, peripheral);
    const lost = [once(central.host, "bondLost"), once(ends.central, "bondLost")] as const;
    const { error } = (await air.ending(ends.central.encrypt())) as { readonly error: EncryptionError };
    expect([error.constructor, error.status]).toEqual([EncryptionError, 0x06]);
    const [[connection]] = (await Promise.all(lost)) as unknown as [[Connection]];
    expect(connection).toBe(ends.central);
    expect(central.host.bonds.all).toHaveLength(1);
    if (ends.central.connected)
      expect(await air.until(ends.central.pair({ renew: true }))).toMatchObject({ bonded: true });
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("that has forgotten this peripheral may pair anew only if somebody says so", async () => {
    const { air, central, peripheral } = await bonded(false);
    await central.host.bonds.clear();
    const kept = JSON.stringify(peripheral.host.bonds.export());
    const ends = await air.connect(central, peripheral);
    const lost = once(peripheral.host, "bondLost");
    expect(reasonOf(await air.ending(ends.central.pair()))).toBe(PairingFailure.PairingNotSupported);
    expect(await lost).toEqual([ends.peripheral]);
    expect(JSON.stringify(peripheral.host.bonds.export())).toBe(kept);
    const agent = new RecordingAgent({ capability: "DisplayOnly" });
    peripheral.host.agents.register(agent);
    await air.clock.advance(600_000);
    expect(await air.until(ends.central.pair())).toMatchObject({ bonded: true });
    expect(agent.methods).toContain("requestAuthorization");
    await air.clock.advance(1000);
    expect(JSON.stringify(peripheral.host.bonds.export())).not.toBe(kept);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it.each([
    ["refuse", false],
    ["allow", true],
  ] as const)(
    "that has forgotten this peripheral is dealt with as the host has it: %s",
    async (repairing, paired) => {
      const air = new HostsOnAir();
      const peripheral = await air.open({}, { pairing: { repairing } });
      const central = await air.open();
      const first = await air.connect(central, peripheral);
      await air.until(first.central.pair());
      await air.clock.advance(1000);
      await air.until(first.central.disconnect());
      await central.host.bonds.clear();
      const ends = await air.connect(central, peripheral);
      const ending = await air.ending(ends.central.pair());
      expect("value" in ending).toBe(paired);
      await air.clock.advance(1000);
      await air.expectNothingLeft();
    },
  );

  it.each(["encrypt", "pair"] as const)(
    "that pairs when this peripheral has asked it to encrypt, by %s(), needs somebody's yes as well",
    async (call) => {
      const { air, central, peripheral } = await bonded(false);
      await central.host.bonds.clear();
      const kept = JSON.stringify(peripheral.host.bonds.export());
      const ends = await air.connect(central, peripheral);
      const lost = once(peripheral.host, "bondLost");
      const ending = await air.ending<unknown>(ends.peripheral[call]());
      expect(reasonOf(ending)).toBe(PairingFailure.PairingNotSupported);
      expect(await lost).toEqual([ends.peripheral]);
      expect(JSON.stringify(peripheral.host.bonds.export())).toBe(kept);
      expect(ends.peripheral.security.encrypted).toBe(false);
      await air.clock.advance(1000);
      await air.expectNothingLeft();
    },
  );

  it.each(["central", "peripheral"] as const)(
    "with a shorter key than the %s now wants is not encrypted with (KNOB)",
    async (strict) => {
      const before = new HostsOnAir();
      const stores = { central: memoryBondStore(), peripheral: memoryBondStore() };
      const pairing = { maxKeySize: 7 };
      const open = async (
        air: HostsOnAir,
        role: "central" | "peripheral",
        short: boolean,
      ): Promise<Station> =>
        air.open({}, { bonds: stores[role], addressType: "random", ...(short && { pairing }) });
      const first = await before.connect(
        await open(before, "central", true),
        await open(before, "peripheral", true),
      );
      expect(await before.until(first.central.pair())).toMatchObject({ keySize: 7, bonded: true });
      await before.clock.advance(1000);
      await before.expectNothingLeft();
      for (const short of [true, false]) {
        const air = new HostsOnAir();
        const central = await open(air, "central", short || strict !== "central");
        const ends = await air.connect(
          central,
          await open(air, "peripheral", short || strict !== "peripheral"),
        );
        const ending = await air.ending(ends.central.encrypt());
        expect(ending).toMatchObject(short ? { value: { keySize: 7 } } : { error: { status: 0x06 } });
        await air.clock.advance(1000);
        await air.expectNothingLeft();
      }
    },
  );

  it("is not replaced by a weaker pairing, even if somebody says so", async () => {
    const { air, central, peripheral } = await bonded();
    await central.host.bonds.clear();
    central.host.agents.unregister(central.host.agents.default!);
    const kept = JSON.stringify(peripheral.host.bonds.export());
    const ends = await air.connect(central, peripheral);
    expect(await air.ending(ends.central.pair())).toMatchObject({ error: { constructor: PairingError } });
    expect(JSON.stringify(peripheral.host.bonds.export())).toBe(kept);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("can be removed while it is connected, without harm to the link", async () => {
    const { air, central, peripheral } = await bonded();
    const ends = await air.connect(central, peripheral);
    await air.until(ends.central.encrypt());
    const removed = once(central.host.bonds, "removed");
    expect(await air.until(central.host.bonds.remove(ends.central.peerIdentity))).toBe(true);
    await removed;
    expect([ends.central.connected, ends.central.security.encrypted]).toEqual([true, true]);
    expect(await air.ending(ends.central.encrypt())).toHaveProperty("value");
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("needs no key to be without: encrypt fails where there is none", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const ends = await air.connect(central, peripheral);
    expect(await air.ending(ends.central.encrypt())).toMatchObject({
      error: { constructor: EncryptionError },
    });
    expect(await air.ending(ends.peripheral.encrypt())).toMatchObject({
      error: { constructor: EncryptionError },
    });
    await air.expectNothingLeft();
  });
});

describe("Out-of-band data", () => {
  const justOne = { capability: "NoInputNoOutput" } as const;

  it.each([
    ["of the peripheral, got by the central", ["peripheral"]],
    ["of the central, got by the peripheral", ["central"]],
    ["of both sides", ["central", "peripheral"]],
  ] as const)(
    "%s authenticate a pairing without display and keys (Vol 3, Part H, 2.3.5.6.4)",
    async (_name, givers) => {
      const air = new HostsOnAir();
      const given = new Map<string, ReturnType<Station["host"]["oobData"]>>();
      const oob = (peer: Address): ReturnType<Station["host"]["oobData"]> | undefined =>
        given.get(peer.toString());
      const peripheral = await air.open({}, { pairing: { oob } });
      const central = await air.open({}, { pairing: { oob } });
      for (const { host } of [central, peripheral]) host.agents.register(new RecordingAgent(justOne));
      for (const giver of givers) {
        const { host } = giver === "central" ? central : peripheral;
        given.set(host.address.toString(), host.oobData());
      }
      const ends = await air.connect(central, peripheral);
      expect(await air.until(ends.central.pair({ mitm: true }))).toMatchObject({
        authenticated: true,
        secureConnections: true,
      });
      await air.clock.advance(1000);
      await air.expectNothingLeft();
    },
  );

  it("are given to pair too, and serve once", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const oob = peripheral.host.oobData();
    const first = await air.connect(central, peripheral);
    expect(await air.until(first.central.pair({ oob, bond: false }))).toMatchObject({ authenticated: true });
    await air.clock.advance(1000);
    await air.until(first.central.disconnect());
    await air.clock.advance(1000);
    const second = await air.connect(central, peripheral);
    // The key pair that the values stood for is gone.
    const ending = await air.ending(second.central.pair({ oob, bond: false }));
    expect(reasonOf(ending)).toBe(PairingFailure.ConfirmValueFailed);
    expect(String((ending as { readonly error: Error }).error)).toContain("host.oobData()");
    await air.clock.advance(1000);
    // What is said to help does.
    const fresh = { oob: peripheral.host.oobData() };
    expect(await air.until(second.central.pair(fresh))).toMatchObject({ authenticated: true });
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("of another are noticed: Confirm Value Failed", async () => {
    const air = new HostsOnAir();
    const [peripheral, central, stranger] = [await air.open(), await air.open(), await air.open()];
    peripheral.host.oobData();
    const ends = await air.connect(central, peripheral);
    const ending = await air.ending(ends.central.pair({ oob: stranger.host.oobData() }));
    expect(reasonOf(ending)).toBe(PairingFailure.ConfirmValueFailed);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it.each<readonly [string, unknown]>([
    [
      "throws",
      () => {
        throw new RangeError("a mistake");
      },
    ],
    ["gives what is too short", () => ({ confirm: new Uint8Array(3), random: new Uint8Array(16) })],
    ["gives none that help", () => ({})],
  ])("whose function %s end the pairing, not the host, and it is told", async (_name, oob) => {
    const air = new HostsOnAir();
    const peripheral = await air.open({}, { pairing: { oob: oob as () => undefined } });
    const central = await air.open();
    const faults: unknown[] = [];
    peripheral.host.on("fault", (fault) => faults.push(fault));
    const ends = await air.connect(central, peripheral);
    expect(reasonOf(await air.ending(ends.central.pair()))).toBe(PairingFailure.PairingNotSupported);
    expect(faults).toEqual([expect.any(RangeError)]);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("are given to a host by a function only: TypeError", async () => {
    const air = new HostsOnAir();
    for (const pairing of [{ oob: air }, null, 5]) {
      const options = { pairing } as unknown as HostOptions;
      await expect(air.open({}, options)).rejects.toThrow(/^pairing.*: /);
      await expect(air.open({}, options)).rejects.toThrow(TypeError);
    }
    await air.expectNothingLeft();
  });

  it("are fresh each time", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open();
    const [one, two] = [host.oobData(), host.oobData()];
    expect(one.address?.equals(host.address)).toBe(true);
    expect(one.confirm).not.toEqual(two.confirm);
    expect(one.random).not.toEqual(two.random);
    await air.expectNothingLeft();
  });

  it("for LE legacy pairing are a temporary key that both have", async () => {
    const air = new HostsOnAir();
    const temporaryKey = new Uint8Array(16).fill(0x5a);
    const pairing = { secureConnections: "off", oob: () => ({ temporaryKey }) } as const;
    const [peripheral, central] = [await air.open({}, { pairing }), await air.open({}, { pairing })];
    const ends = await air.connect(central, peripheral);
    expect(await air.until(ends.central.pair())).toMatchObject({
      authenticated: true,
      secureConnections: false,
    });
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });
});

describe("A resolvable private address (Vol 6, Part B, 1.3.2.2)", () => {
  it("is resolved by the key it was made with, and by no other", () => {
    fc.assert(
      fc.property(octets(16), octets(16), fc.integer(), (irk, other, seed) => {
        const address = resolvableAddress(irk, new SeededRandom(seed));
        expect(address.kind).toBe("resolvable private");
        expect(resolves(address, irk)).toBe(irk.some((octet) => octet !== 0));
        if (irk.some((octet, i) => octet !== other[i])) expect(resolves(address, other)).toBe(false);
        expect(resolves(new Address("public", address.value), irk)).toBe(false);
      }),
      runs,
    );
  });
});
