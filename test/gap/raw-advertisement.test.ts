import { describe, expect, it } from "vitest";
import { HostsOnAir, twoHosts } from "../support/two-hosts.ts";
import type { Found } from "../../src/gap/found.ts";

describe("raw advertisements", () => {
  it("are sent as they are, and each packet found tells what it was (Vol 4, Part E, 7.7.65.2)", async () => {
    const air = new HostsOnAir();
    const [advertiser, observer] = [await air.open(), await air.open()];
    // No structures at all, and one that is cut off.
    const raw = { advertisingData: Uint8Array.of(9, 9, 9), scanResponseData: Uint8Array.of(5, 0xff, 1) };
    const advertising = await air.until(advertiser.host.advertise({ raw, connectable: false }));
    const scan = observer.host.scan({ duplicates: "all" });
    const packets: Found["packet"][] = [];
    for (let left = 2; left > 0; left--) packets.push((await air.until(scan.next())).value!.packet);
    expect(packets).toEqual([
      {
        ...{ scanResponse: false, connectable: false, scannable: true, directed: false },
        data: raw.advertisingData,
      },
      expect.objectContaining({ scanResponse: true, data: raw.scanResponseData }),
    ]);
    await air.until(advertising.update({ raw: { advertisingData: Uint8Array.of(1) } }));
    for (;;) {
      const { packet } = (await air.until(scan.next())).value!;
      if (packet.scanResponse || packet.data.length === 3) continue;
      expect([...packet.data]).toEqual([1]);
      break;
    }
    await air.until(scan.return());
    await air.expectNothingLeft();
  });

  it("fit the packets, and do not go with periodic advertising", async () => {
    const { air, peripheral } = await twoHosts();
    const { host } = peripheral;
    const long = new Uint8Array(32);
    await expect(air.until(host.advertise({ raw: { advertisingData: long } }))).rejects.toThrow(
      /raw\.adv.*32/,
    );
    await expect(air.until(host.advertise({ raw: { scanResponseData: long } }))).rejects.toThrow(/raw\.scan/);
    await expect(
      air.until(host.advertise({ raw: { advertisingData: "text" as unknown as Uint8Array } })),
    ).rejects.toThrow(TypeError);
    await expect(air.until(host.advertise({ periodic: { data: { raw: {} } } }))).rejects.toThrow(/periodic/);
    await air.expectNothingLeft();
  });
});
