import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { manyLinks } from "../support/profile.ts";
import { HostsOnAir } from "../support/two-hosts.ts";

const centrals = 50;
const values = 40;

describe("50 centrals subscribed to one peripheral", () => {
  it("each get every notification, in order (Vol 3, Part G, 4.10.1)", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open({ ...manyLinks, aclOctets: 251, aclPackets: 12 });
    const { level } = peripheral.host.gatt.add(
      service("180f", { level: characteristic("2a19", { notify: true }) }),
    );
    const seen: string[][] = [];
    for (let i = 0; i < centrals; i++) {
      const central = await air.open({ aclOctets: 251, aclPackets: 12 });
      const { central: connection } = await air.connect(central, peripheral);
      const remote = await air.until(connection.gatt.characteristic("180f", "2a19"));
      const mine: string[] = [];
      seen.push(mine);
      await air.until(remote.subscribe({ onValue: (value) => mine.push(toHex(value)) }));
    }
    expect(peripheral.host.connections).toHaveLength(centrals);
    expect(level.subscribers).toHaveLength(centrals);
    const sent = Array.from({ length: values }, (_, i) => Uint8Array.of(i, i * 3));
    for (const value of sent) expect(await air.until(level.notify(value))).toBe(centrals);
    await air.clock.advance(2_000);
    const expected = sent.map((value) => toHex(value));
    for (const [index, mine] of seen.entries()) expect(mine, `central ${index}`).toEqual(expected);
    await air.expectNothingLeft();
  }, 120_000);
});
