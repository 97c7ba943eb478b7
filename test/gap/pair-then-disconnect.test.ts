import { describe, expect, it } from "vitest";
import { controllerKinds, HostsOnAir } from "../support/two-hosts.ts";

const timings = ["instant", "air"] as const;
const pairings = ["required", "off"] as const;

describe.each(controllerKinds)(
  "A central with %s that disconnects as soon as it has paired",
  (_, options) => {
    it.each(
      timings.flatMap((timing) => pairings.map((secureConnections) => ({ timing, secureConnections }))),
    )(
      "has given the peripheral its keys: Vol 3, Part H, 2.4.3 (%o)",
      async ({ timing, secureConnections }) => {
        const air = new HostsOnAir(timing);
        const peripheral = await air.open(options, { pairing: { secureConnections } });
        const central = await air.open(options, { pairing: { secureConnections } });
        const link = await air.connect(central, peripheral);
        await air.until(link.central.pair());
        await air.until(link.central.disconnect());
        const again = await air.connect(central, peripheral);
        expect(await air.until(again.central.encrypt())).toMatchObject({ encrypted: true, bonded: true });
        await air.expectNothingLeft();
      },
    );
  },
);
