import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { concat } from "../../src/common/bytes.ts";
import { type BondStore, memoryBondStore } from "../../src/gap/bond-store.ts";
import { ConnectTimeoutError, UnavailableError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { type Pausable, RadioSilence } from "../../src/gap/radio-silence.ts";
import { resolves } from "../../src/gap/resolvable-address.ts";
import {
  LeAddDeviceToResolvingList,
  LeSetAddressResolutionEnable,
  LeSetPrivacyMode,
} from "../../src/hci/commands/le-resolving-list.ts";
import { Status } from "../../src/hci/status.ts";
import { VirtualAir, type VirtualProfile } from "../../transports/virtual/index.ts";
import { HostsOnAir, outcome, type Station } from "../support/two-hosts.ts";

const quarter = 900_000;
const isPrivate: HostOptions = { privacy: "resolvable" };

/** Makes two hosts known to each other and parts them. */
async function bond(air: HostsOnAir, central: Station, peripheral: Station): Promise<void> {
  const first = await air.connect(central, peripheral);
  await air.until(first.central.pair());
  await air.clock.advance(1000);
  await air.until(first.central.disconnect());
  await air.clock.advance(10);
}

/** The commands about the resolving list that a host has sent, by their names. */
function listCommands({ transport }: Station): string[] {
  return transport.commands.filter((name) => /Resolving_List$|Address_Resolution|Privacy_Mode/.test(name));
}

/** The first thing that a host hears. */
async function heard(air: HostsOnAir, { host }: Station, options = {}): Promise<Found | undefined> {
  const scan = host.scan({ durationMs: 2000, ...options });
  const { value } = await air.until(scan.next());
  await air.until(scan[Symbol.asyncDispose]());
  return value;
}

/** Connects by identity and encrypts; both ends know who the other is, and none uses its identity address. */
async function meet(air: HostsOnAir, central: Station, peripheral: Station): Promise<void> {
  const advertising = await air.until(peripheral.host.advertise({ resume: false }));
  const connection = await air.until(central.host.connect(peripheral.host.identity));
  const [theirs] = peripheral.host.connections;
  expect(connection.peerIdentity.equals(peripheral.host.identity)).toBe(true);
  expect(theirs?.peerIdentity.equals(central.host.identity)).toBe(true);
  expect(connection.peerAddress.kind).toBe("resolvable private");
  expect(theirs?.peerAddress.kind).toBe("resolvable private");
  expect(await air.until(connection.encrypt())).toMatchObject({ encrypted: true, bonded: true });
  await air.until(connection.disconnect());
  await air.until(advertising[Symbol.asyncDispose]());
  await air.clock.advance(10);
}

describe.each<[VirtualProfile, HostOptions, list: boolean]>([
  ["4.0", {}, false],
  ["4.2", {}, false], // it would ignore peers that use their identity address
  ["4.2", { privacyMode: "network" }, true],
  ["5.0", {}, true],
  ["5.4", {}, true],
  ["5.4", { privacyMode: "network" }, true],
  ["small", {}, false],
  ["clone dongle", {}, false],
])("Bonded hosts with private addresses on %s controllers, %j", (profile, options, list) => {
  it("know each other day after day, whoever connects to whom (Vol 3, Part C, 10.7)", async () => {
    const air = new HostsOnAir();
    const kind = profile === "small" ? { profile, connections: 1 } : { profile };
    const a = await air.open(kind, { ...isPrivate, ...options });
    const b = await air.open(kind, { ...isPrivate, ...options });
    await bond(air, a, b);
    for (let day = 0; day < 3; day++) {
      await meet(air, a, b);
      await meet(air, b, a);
      await air.clock.advance(quarter);
    }
    expect(listCommands(a).includes("LE_Add_Device_To_Resolving_List")).toBe(list);
    expect(a.transport.commands.includes("LE_Set_Privacy_Mode")).toBe(list && !options.privacyMode);
    await air.expectNothingLeft();
  });

  it("are told by their identity in scans, and found by it", async () => {
    const air = new HostsOnAir();
    const a = await air.open({ profile }, options);
    const b = await air.open({ profile }, { ...isPrivate, ...options });
    const stranger = await air.open({ profile }, isPrivate);
    await bond(air, a, b);
    await air.until(stranger.host.advertise());
    await air.until(b.host.advertise());
    const found = await heard(air, a, { addresses: [b.host.identity] });
    expect(found?.identity?.equals(b.host.identity)).toBe(true);
    expect((await heard(air, stranger))?.identity).toBeUndefined();
    expect(await heard(air, stranger, { addresses: [b.host.identity] })).toBeUndefined();
    expect((await heard(air, a, { addresses: [stranger.host.address] }))?.identity).toBeUndefined();
    // What a scan has found can be connected to, whichever of its addresses the controller told.
    await air.clock.advance(quarter);
    const fresh = await heard(air, a, { addresses: [b.host.identity] });
    const connection = await air.until(a.host.connect(fresh!));
    expect(connection.peerIdentity.equals(b.host.identity)).toBe(true);
    await air.until(connection.disconnect());
    await air.expectNothingLeft();
  });
});

describe("The controller's resolving list (Vol 6, Part B, 4.7)", () => {
  it("holds a peer as long as its bond, and is off when it is empty", async () => {
    const air = new HostsOnAir();
    const [a, b] = [await air.open({ profile: "5.4" }), await air.open({ profile: "5.4" }, isPrivate)];
    expect(listCommands(a)).toEqual([]);
    await bond(air, a, b);
    expect(listCommands(a)).toEqual([
      "LE_Add_Device_To_Resolving_List",
      "LE_Set_Privacy_Mode",
      "LE_Set_Address_Resolution_Enable",
    ]);
    await air.until(b.host.advertise());
    expect((await heard(air, a))?.address.equals(b.host.identity)).toBe(true);
    a.transport.commands.length = 0;
    expect(await air.until(a.host.bonds.remove(b.host.identity))).toBe(true);
    await air.clock.advance(10);
    expect(listCommands(a)).toEqual([
      "LE_Remove_Device_From_Resolving_List",
      "LE_Set_Address_Resolution_Enable",
    ]);
    const stranger = await heard(air, a);
    expect(stranger?.address.equals(b.host.address)).toBe(true);
    expect(stranger?.identity).toBeUndefined();
    await air.expectNothingLeft();
  });

  it("is written when a host opens with bonds, and again after the controller was reset", async () => {
    const air = new HostsOnAir();
    const bonds = memoryBondStore();
    const [a, b] = [
      await air.open({ profile: "5.4" }, { bonds }),
      await air.open({ profile: "5.4" }, isPrivate),
    ];
    await bond(air, a, b);
    await air.until(a.host[Symbol.asyncDispose]());
    const again = await air.open({ profile: "5.4" }, { bonds });
    expect(listCommands(again)).toContain("LE_Add_Device_To_Resolving_List");
    await air.until(b.host.advertise());
    for (const reset of [false, true]) {
      again.transport.commands.length = 0;
      const scan = again.host.scan({ addresses: [b.host.identity], duplicates: "all" });
      await air.until(scan.next());
      if (reset) {
        again.controller.hardwareError(1);
        await air.clock.advance(1000);
        expect(listCommands(again)).toContain("LE_Add_Device_To_Resolving_List");
      }
      const next = await air.until(scan.next());
      expect(next.value?.identity?.equals(b.host.identity)).toBe(true);
      await air.until(scan[Symbol.asyncDispose]());
    }
    const connection = await air.until(again.host.connect(b.host.identity));
    expect(again.transport.commands).not.toContain("LE_Set_Scan_Enable"); // the controller found it
    expect(connection.peerIdentity.equals(b.host.identity)).toBe(true);
    await air.expectNothingLeft();
  });

  it("that is smaller than the bonds holds those used last; the others are known all the same", async () => {
    const air = new HostsOnAir();
    const hub = await air.open({ profile: "5.4", resolvingListSize: 2 }, isPrivate);
    const peers = [];
    for (let i = 0; i < 4; i++) peers.push(await air.open({ profile: "5.4" }, isPrivate));
    for (const peer of peers) await bond(air, hub, peer);
    for (const peer of [...peers, ...peers.reverse()]) await meet(air, hub, peer);
    const listed: string[] = [];
    for (const peer of peers) {
      const advertising = await air.until(peer.host.advertise());
      const found = await heard(air, hub);
      expect(found?.identity?.equals(peer.host.identity)).toBe(true);
      // Only the controller's list turns the address of a report into an identity.
      if (found?.address.equals(peer.host.identity)) listed.push(String(peer.host.identity));
      await air.until(advertising[Symbol.asyncDispose]());
    }
    expect(listed).toEqual(peers.slice(2).map(({ host }) => String(host.identity)));
    await air.expectNothingLeft();
  });

  it("changes while the host scans, advertises and connects, which all go on", async () => {
    const air = new HostsOnAir();
    const [a, b] = [await air.open({ profile: "5.4" }), await air.open({ profile: "5.4" }, isPrivate)];
    const late = await air.open({ profile: "5.4" });
    const scan = a.host.scan({ duplicates: "all" });
    const next = scan.next();
    await air.until(a.host.advertise());
    const connecting = outcome(a.host.connect(late.host.identity, { timeoutMs: 100_000 }));
    const link = await air.until(b.host.connect(a.host.identity));
    await air.until(link.pair());
    await air.clock.advance(1000);
    expect(listCommands(a)).toContain("LE_Set_Address_Resolution_Enable");
    expect(a.host.bonds.all).toHaveLength(1);
    await air.until(late.host.advertise());
    expect(await air.until(connecting)).toHaveProperty("value");
    expect((await air.until(next)).done).toBe(false);
    await air.until(late.host.connect(a.host.identity).catch(() => undefined));
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("that does not take a peer leaves it to the host", async () => {
    const air = new HostsOnAir();
    const [a, b] = [
      await air.open({ profile: "5.4" }, isPrivate),
      await air.open({ profile: "5.4" }, isPrivate),
    ];
    a.transport.refuse(LeAddDeviceToResolvingList, Status.MemoryCapacityExceeded);
    await bond(air, a, b);
    await meet(air, a, b);
    await meet(air, b, a);
    expect(listCommands(a).filter((name) => name.startsWith("LE_Add"))).toHaveLength(1);
    await air.expectNothingLeft();
  });

  it.each([
    ["Add", LeAddDeviceToResolvingList],
    ["Set Privacy Mode", LeSetPrivacyMode],
    ["Enable", LeSetAddressResolutionEnable],
  ] as const)("is tried again a second later when the controller is busy: %s", async (_, command) => {
    const air = new HostsOnAir();
    const [a, b] = [await air.open({ profile: "5.4" }), await air.open({ profile: "5.4" }, isPrivate)];
    const refusal = a.transport.refuse(
      command as typeof LeAddDeviceToResolvingList,
      Status.CommandDisallowed,
    );
    await bond(air, a, b);
    await air.until(b.host.advertise());
    expect((await heard(air, a))?.identity?.equals(b.host.identity)).toBe(true);
    refusal.on = false;
    await air.clock.advance(1000);
    const found = await heard(air, a);
    expect(found?.address.equals(b.host.identity)).toBe(true);
    await air.expectNothingLeft();
  });

  it("is given up on a controller that refuses it, and the host resolves", async () => {
    const air = new HostsOnAir();
    const [a, b] = [await air.open({ profile: "5.4" }), await air.open({ profile: "5.4" }, isPrivate)];
    a.transport.refuse(LeSetAddressResolutionEnable, Status.UnknownHciCommand);
    await bond(air, a, b);
    await air.until(b.host.advertise());
    expect((await heard(air, a))?.identity?.equals(b.host.identity)).toBe(true);
    const connection = await air.until(a.host.connect(b.host.identity));
    expect(connection.peerIdentity.equals(b.host.identity)).toBe(true);
    await air.expectNothingLeft();
  });
});

describe("An address that changes", () => {
  it("changes while the host connects to somebody, who is found all the same", async () => {
    const air = new HostsOnAir();
    const central = await air.open({}, { ...isPrivate, addressRotationMs: 1000 });
    const late = await air.open();
    const connecting = air.track("connect", central.host.connect(late.host.identity));
    const used = new Set<string>();
    for (let i = 0; i < 10; i++) {
      used.add(String(central.host.address));
      await air.clock.advance(1000);
    }
    expect(used.size).toBe(10);
    await air.until(late.host.advertise());
    const connection = await air.until(connecting);
    expect(late.host.connections[0]?.peerAddress.equals(central.host.address)).toBe(true);
    await air.clock.advance(5000);
    expect(connection.connected).toBe(true);
    await air.expectNothingLeft();
  });

  it("is no reason to connect to a bonded peer twice", async () => {
    const air = new HostsOnAir();
    const [a, b] = [await air.open({ profile: "4.0" }), await air.open({ profile: "4.0" }, isPrivate)];
    await bond(air, a, b);
    await air.until(b.host.advertise());
    const connection = await air.until(a.host.connect(b.host.identity));
    await air.clock.advance(quarter);
    expect(connection.peerAddress.equals(b.host.address)).toBe(false);
    const again = await air.ending(a.host.connect(b.host.address));
    expect(again).toMatchObject({ error: { constructor: UnavailableError } });
    await air.expectNothingLeft();
  });
});

describe("Silence of the radio", () => {
  /** Somebody who uses the radio and takes its time to be still. */
  class User implements Pausable {
    readonly name: string;
    readonly log: string[];
    still: (() => void) | undefined;

    constructor(name: string, log: string[]) {
      this.name = name;
      this.log = log;
    }

    pause(done: () => void): void {
      this.log.push(`${this.name} pauses`);
      this.still = done;
    }

    resume(): void {
      this.log.push(`${this.name} resumes`);
    }
  }

  it("begins when the last is still, serves one after the other, and ends when nobody needs it", () => {
    const log: string[] = [];
    const users = [new User("a", log), new User("b", log)];
    const silence = new RadioSilence();
    silence.add(...users);
    const over: (() => void)[] = [];
    silence.during((done) => {
      log.push("first");
      over.push(done);
    });
    silence.during((done) => {
      log.push("second");
      done();
    });
    users[0]!.still?.();
    users[1]!.still?.();
    expect(log).toEqual(["a pauses", "b pauses", "first"]);
    over[0]!();
    expect(log.slice(3)).toEqual(["second", "a resumes", "b resumes"]);
    silence.during((done) => {
      done();
    });
    expect(log.slice(6)).toEqual(["a pauses"]);
  });
});

describe("A bonded peer that uses its identity address after all (Vol 3, Part C, 10.7)", () => {
  /** A host, and a peer with a bond that has given its key away and goes without privacy now. */
  async function careless(
    air: HostsOnAir,
    profile: VirtualProfile,
    options: HostOptions,
  ): Promise<{ readonly a: Station; readonly b: Station }> {
    const bonds: BondStore = memoryBondStore();
    const randomAddress = "C0:FF:EE:00:00:07/random";
    const a = await air.open({ profile }, options);
    const before = await air.open({ profile }, { ...isPrivate, bonds, randomAddress });
    await bond(air, a, before);
    await air.until(before.host[Symbol.asyncDispose]());
    const b = await air.open({ profile }, { bonds, randomAddress });
    expect(b.host.address.equals(a.host.bonds.all[0]!.identity)).toBe(true);
    await air.until(b.host.advertise());
    return { a, b };
  }

  it.each(["4.0", "4.2", "5.4"] as const)("is taken in device privacy mode, on %s", async (profile) => {
    const air = new HostsOnAir();
    const { a, b } = await careless(air, profile, {});
    const found = await heard(air, a);
    expect(found?.address.equals(b.host.identity)).toBe(true);
    expect(found?.identity?.equals(b.host.identity)).toBe(true);
    const connection = await air.until(a.host.connect(b.host.identity));
    expect(await air.until(connection.encrypt())).toMatchObject({ encrypted: true });
    await air.expectNothingLeft();
  });

  it.each(["4.0", "4.2", "5.4"] as const)("is ignored in network privacy mode, on %s", async (profile) => {
    const air = new HostsOnAir();
    const { a, b } = await careless(air, profile, { privacyMode: "network" });
    expect(await heard(air, a)).toBeUndefined();
    expect(await air.ending(a.host.connect(b.host.identity, { timeoutMs: 5000 }))).toMatchObject({
      error: { constructor: ConnectTimeoutError },
    });
    await air.expectNothingLeft();
  });
});

describe("Directed advertising to a bonded peer by its identity (Vol 6, Part B, 6.2.2)", () => {
  it.each<[VirtualProfile, HostOptions, HostOptions]>([
    ["5.4", isPrivate, isPrivate],
    ["5.4", {}, isPrivate],
    ["5.4", isPrivate, {}],
    ["5.4", {}, {}],
    // Without a resolving list, and without a word on its supported states.
    ["clone dongle", {}, {}],
    ["clone dongle", isPrivate, {}],
  ])("on %s reaches it: %j to %j", async (profile, own, theirs) => {
    const air = new HostsOnAir();
    const [device, phone] = [await air.open({ profile }, own), await air.open({ profile }, theirs)];
    const other = await air.open({ profile }, isPrivate);
    await bond(air, phone, device);
    await bond(air, other, device);
    await air.clock.advance(quarter);
    const directedTo = phone.host.identity;
    await air.until(device.host.advertise({ directedTo, resume: false }));
    const refused = await air.ending(other.host.connect(device.host.identity, { timeoutMs: 3000 }));
    expect(refused).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    const connection = await air.until(phone.host.connect(device.host.identity));
    const [link] = device.host.connections;
    expect(link?.peerIdentity.equals(phone.host.identity)).toBe(true);
    expect(link?.peerAddress.kind === "resolvable private").toBe(theirs.privacy === "resolvable");
    expect(connection.peerAddress.kind === "resolvable private").toBe(own.privacy === "resolvable");
    expect(await air.until(connection.encrypt())).toMatchObject({ encrypted: true });
    await air.expectNothingLeft();
  });

  it("makes room in the controller's list for the peer", async () => {
    const air = new HostsOnAir();
    const device = await air.open({ profile: "5.4", resolvingListSize: 1 }, isPrivate);
    const phones = [];
    for (let i = 0; i < 3; i++) phones.push(await air.open({ profile: "5.4" }, isPrivate));
    for (const phone of phones) await bond(air, phone, device);
    for (const phone of phones) {
      await air.until(device.host.advertise({ directedTo: phone.host.identity, resume: false }));
      const connection = await air.until(phone.host.connect(device.host.identity));
      expect(device.host.connections[0]?.peerIdentity.equals(phone.host.identity)).toBe(true);
      await air.until(connection.disconnect());
      await air.clock.advance(10);
    }
    await air.expectNothingLeft();
  });
});

/** An air on which encrypted packets are encrypted indeed. */
class CipheredAir extends HostsOnAir {
  override readonly air: VirtualAir = new VirtualAir({ clock: this.clock, encryption: "ccm" });
}

describe("Whoever listens to hosts with private addresses", () => {
  it.each(["4.0", "4.2", "5.4"] as const)("never hears who they are, on %s", async (profile) => {
    const air = new CipheredAir();
    const chunks: Uint8Array[] = [];
    const capture = air.air.capture((octets) => chunks.push(octets.slice()), { payload: "cipher" });
    const [a, b] = [await air.open({ profile }, isPrivate), await air.open({ profile }, isPrivate)];
    const identities = [a, b].map(({ host }) => host.identity);
    await bond(air, a, b);
    const heardOf = new Set<string>();
    for (let day = 0; day < 3; day++) {
      await meet(air, a, b);
      await meet(air, b, a);
      if (profile === "5.4") {
        await air.until(b.host.advertise({ directedTo: a.host.identity, resume: false }));
        const connection = await air.until(a.host.connect(b.host.identity));
        await air.until(connection.disconnect());
      }
      for (const { host } of [a, b]) heardOf.add(String(host.address));
      await air.clock.advance(quarter);
    }
    a.controller.hardwareError(1);
    await air.clock.advance(1000);
    await meet(air, a, b);
    await air.expectNothingLeft();
    capture[Symbol.dispose]();
    const octets = Buffer.from(concat(...chunks));
    for (const identity of identities) {
      expect(octets.includes(Buffer.from(littleEndian(identity))), `${String(identity)} on the air`).toBe(
        false,
      );
    }
    for (const address of heardOf) {
      // Those that were used are there: it was the right thing that was looked for.
      const used = Buffer.from(littleEndian(Address.parse(address)));
      expect(octets.includes(used), `${address} on the air`).toBe(true);
    }
  });

  it("cannot tell two addresses of one from those of two without its key (Vol 6, Part B, 1.3.2.2)", async () => {
    const air = new HostsOnAir();
    const [a, b] = [await air.open({}, isPrivate), await air.open({}, isPrivate)];
    await bond(air, a, b);
    const keys = [a, b].map(({ host }) => Buffer.from(host.bonds.export().local.irk, "hex"));
    const addresses: [owner: number, address: Address][] = [];
    for (let i = 0; i < 64; i++) {
      [a, b].forEach(({ host }, owner) => addresses.push([owner, host.address]));
      await air.clock.advance(quarter);
    }
    const halves = addresses.flatMap(([, { value }]) => [Math.floor(value / 2 ** 24), value % 2 ** 24]);
    expect(new Set(halves).size).toBe(halves.length); // nothing of one comes again in another
    for (const [owner, address] of addresses) {
      expect(keys.map((key) => resolves(address, key))).toEqual([owner === 0, owner === 1]);
    }
    await air.expectNothingLeft();
  });
});

function littleEndian({ value }: Address): number[] {
  return Array.from({ length: 6 }, (_, at) => Math.floor(value / 2 ** (8 * at)) % 256);
}
