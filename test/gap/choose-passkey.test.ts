import { describe, expect, it } from "vitest";
import type { PairingAgent } from "../../src/gap/agent.ts";
import { PairingError } from "../../src/smp/error.ts";
import { twoHosts } from "../support/two-hosts.ts";

describe("an agent that makes the passkeys it shows", () => {
  it.each(["required", "off"] as const)(
    "is asked before it shows one, with secureConnections %s (Vol 3, Part H, 2.3.5.3 and 2.3.5.6.3)",
    async (secureConnections) => {
      const { air, central, peripheral } = await twoHosts();
      for (const { host } of [central, peripheral]) await host.configure({ pairing: { secureConnections } });
      const calls: string[] = [];
      peripheral.host.agents.register(
        {
          choosePasskey: () => Promise.resolve("004711"),
          displayPasskey: (_, passkey, entered) => {
            if (entered === 0) calls.push(passkey);
          },
        },
        "DisplayOnly",
      );
      central.host.agents.register({ requestPasskey: () => 4711 }, "KeyboardOnly");
      const link = await air.connect(central, peripheral);
      const paired: boolean[] = [];
      for (const each of [link.central, link.peripheral])
        each.on("paired", ({ authenticated, bonded }) => paired.push(authenticated && bonded));
      expect(await air.until(link.central.pair())).toMatchObject({ authenticated: true });
      await air.clock.advance(100);
      expect(calls).toEqual(["004711"]);
      expect(paired).toEqual([true, true]);
      await air.expectNothingLeft();
    },
  );

  it.each([
    ["refuses", (): never => Promise.reject(new Error("no")) as never],
    ["makes none", () => "12345x"],
  ])("ends the pairing when it %s", async (_, choosePasskey) => {
    const { air, central, peripheral } = await twoHosts();
    const agent: PairingAgent = { choosePasskey, displayPasskey: () => undefined };
    central.host.agents.register(agent, "DisplayOnly");
    peripheral.host.agents.register({ requestPasskey: () => 1 }, "KeyboardOnly");
    central.host.on("fault", () => undefined); // it is told of the mistake
    const link = await air.connect(central, peripheral);
    await expect(air.until(link.central.pair())).rejects.toThrow(PairingError);
    await air.expectNothingLeft();
  });
});
