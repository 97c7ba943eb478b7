import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AdvertiseOptions } from "../../src/gap/advertising-plan.ts";
import { HostsOnAir, type Station } from "../support/two-hosts.ts";
import { runs } from "../support/runs.ts";

const peers = 3;
const who = fc.nat({ max: peers - 1 });

const step = fc.oneof(
  fc.record({ do: fc.constantFrom("bond", "meet", "be met", "forget", "direct"), peer: who }),
  fc.record({ do: fc.constantFrom("reset", "rotate", "wait"), peer: fc.constant(0) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A host and peers that all use private addresses, and which of them it has a bond with. */
class Company {
  readonly air = new HostsOnAir();
  readonly bonded = new Set<number>();
  readonly #stations: Station[] = [];
  #hub: Station | undefined;
  #size = 0;

  get hub(): Station {
    return this.#hub!;
  }

  async open(resolvingListSize: number): Promise<void> {
    this.#size = resolvingListSize;
    const options = { privacy: "resolvable", addressRotationMs: 60_000 } as const;
    this.#hub = await this.air.open({ profile: "5.4", resolvingListSize }, options);
    for (let i = 0; i < peers; i++) this.#stations.push(await this.air.open({ profile: "5.4" }, options));
    // All the while it listens, so that every change of the list is one in the middle of something.
    const scan = this.hub.host.scan({ duplicates: "all" });
    void this.air.track("scan", scan.next());
    await this.air.clock.advance(10);
  }

  async take({ do: what, peer }: Step): Promise<void> {
    const station = this.#stations[peer]!;
    const { hub, air } = this;
    if (what === "reset") hub.controller.hardwareError(1);
    else if (what === "rotate") await air.clock.advance(60_000);
    else if (this.bonded.has(peer)) await this.#takeWithBond(what, peer, station);
    else if (what === "bond") await this.#bond(peer, station);
    await air.clock.advance(1500); // as long as a change that came at a bad moment waits
  }

  async #takeWithBond(what: Step["do"], peer: number, station: Station): Promise<void> {
    const { hub } = this;
    const { identity } = station.host;
    if (what === "forget") {
      this.bonded.delete(peer);
      await this.air.until(hub.host.bonds.remove(identity));
      await this.air.until(station.host.bonds.remove(hub.host.identity));
    } else if (what === "meet") await this.#meet(hub, station);
    else if (what === "be met") await this.#meet(station, hub);
    // Only a list makes the address that a peer with private addresses listens to.
    else if (what === "direct" && this.#size > 0) await this.#meet(station, hub, { directedTo: identity });
  }

  async #bond(peer: number, station: Station): Promise<void> {
    const { central } = await this.air.connect(this.hub, station);
    await this.air.until(central.pair());
    await this.air.clock.advance(1000);
    await this.air.until(central.disconnect());
    this.bonded.add(peer);
  }

  async #meet(central: Station, peripheral: Station, options: AdvertiseOptions = {}): Promise<void> {
    const { air } = this;
    const advertising = await air.until(peripheral.host.advertise({ ...options, resume: false }));
    const connection = await air.until(central.host.connect(peripheral.host.identity));
    const [theirs] = peripheral.host.connections;
    expect(connection.peerIdentity.equals(peripheral.host.identity)).toBe(true);
    expect(theirs?.peerIdentity.equals(central.host.identity)).toBe(true);
    for (const end of [connection, theirs]) expect(end?.peerAddress.kind).toBe("resolvable private");
    expect(await air.until(connection.encrypt())).toMatchObject({ encrypted: true });
    await air.until(connection.disconnect());
    await air.until(advertising[Symbol.asyncDispose]());
  }
}

describe("Hosts with private addresses", () => {
  it("know each other exactly as long as there is a bond, whatever happens meanwhile", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: peers }), fc.array(step, { maxLength: 14 }), async (size, steps) => {
        const company = new Company();
        await company.open(size);
        for (const each of steps) await company.take(each);
        expect(company.hub.host.bonds.all).toHaveLength(company.bonded.size);
        await company.air.expectNothingLeft();
      }),
      { numRuns: Math.ceil(runs.numRuns / 5) },
    );
  });
});
