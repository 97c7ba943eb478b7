import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/att/error-code.ts";
import type { AttError } from "../../src/att/error.ts";
import type { PairingAgent } from "../../src/gap/agent.ts";
import { RejectedError } from "../../src/gap/agent-error.ts";
import { NoIoAgent } from "../../src/gap/agents/no-io-agent.ts";
import { RecordingAgent } from "../../src/gap/agents/recording-agent.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { characteristic, service, type ValueOptions } from "../../src/gatt/service-builder.ts";
import type { ChannelRefusedError } from "../../src/l2cap/error.ts";
import { ConnectionResult } from "../../src/l2cap/signaling-pdu.ts";
import { type Ending, outcome, type TwoHosts, twoHosts } from "../support/two-hosts.ts";

const authorized = { read: "authorized", write: "authorized", notify: "authorized" } as const;

interface Setting extends TwoHosts {
  readonly ends: { readonly central: Connection; readonly peripheral: Connection };
  /** Reads, as central, a value of one of the two services. */
  readonly read: (uuid?: string) => Promise<Ending<Uint8Array>>;
}

/** Two services whose values ask for authorization, and nobody who has written a handler for it. */
async function offered(agent?: PairingAgent, options: ValueOptions = {}): Promise<Setting> {
  const hosts = await twoHosts();
  const { air, central, peripheral } = hosts;
  const guarded = { value: Uint8Array.of(7), write: true, notify: true, permissions: authorized, ...options };
  peripheral.host.gatt.add(
    service("180d", { one: characteristic("2a37", guarded), two: characteristic("2a38", guarded) }),
  );
  peripheral.host.gatt.add(service("180f", { level: characteristic("2a19", guarded) }));
  if (agent) peripheral.host.agents.register(agent);
  const ends = await air.connect(central, peripheral);
  const read = async (uuid = "2a37"): Promise<Ending<Uint8Array>> => {
    const remote = await air.until(ends.central.gatt.characteristic(uuid === "2a19" ? "180f" : "180d", uuid));
    return air.ending(remote.read());
  };
  return { ...hosts, ends, read };
}

const refused = { error: { status: ErrorCode.InsufficientAuthorization } };
const granted = { value: Uint8Array.of(7) };

describe("authorizeService, for values that ask for authorization (Vol 3, Part C, 10.5)", () => {
  it("is asked once for each service of a link, whatever is done with its values", async () => {
    const agent = new RecordingAgent({ capability: "NoInputNoOutput" });
    const { air, ends, read } = await offered(agent);
    expect(await read("2a37")).toEqual(granted);
    expect(await read("2a38")).toEqual(granted);
    const remote = await air.until(ends.central.gatt.characteristic("180d", "2a37"));
    await air.until(remote.write(Uint8Array.of(7)));
    await using subscription = await air.until(remote.subscribe());
    expect(subscription).toBeDefined();
    expect(agent.calls).toEqual([{ method: "authorizeService", device: ends.peripheral, uuid: "180d" }]);
    expect(await read("2a19")).toEqual(granted);
    expect(agent.calls.map(({ uuid }) => uuid)).toEqual(["180d", "180f"]);
    await air.expectNothingLeft();
  });

  it("is asked anew on the next link", async () => {
    const agent = new RecordingAgent({ capability: "NoInputNoOutput" });
    const { air, central, peripheral, ends, read } = await offered(agent);
    await read();
    await air.until(ends.central.disconnect());
    const next = await air.connect(central, peripheral);
    const remote = await air.until(next.central.gatt.characteristic("180d", "2a37"));
    expect(await air.until(remote.read())).toEqual(Uint8Array.of(7));
    expect(agent.methods.filter((method) => method === "authorizeService")).toHaveLength(2);
    await air.expectNothingLeft();
  });

  it.each<readonly [string, PairingAgent]>([
    ["rejects", new RecordingAgent({ capability: "NoInputNoOutput", answer: false })],
    ["returns false, which no compiler has checked", { authorizeService: () => false as never }],
    ["rejects by throwing", { authorizeService: () => Promise.reject(new RejectedError()) }],
  ])("refuses with Insufficient Authorization when the agent %s, and asks no more", async (_name, agent) => {
    const calls: string[] = [];
    const counting: PairingAgent = {
      capability: "NoInputNoOutput",
      authorizeService: (device, uuid, signal) => {
        calls.push(uuid);
        return agent.authorizeService?.(device, uuid, signal);
      },
    };
    const { air, read } = await offered(counting);
    expect(await read()).toMatchObject(refused);
    expect(await read("2a38")).toMatchObject(refused);
    expect(calls).toEqual(["180d"]);
    await air.expectNothingLeft();
  });

  it("refuses where there is no agent, or it cannot be asked, and asks one that comes later", async () => {
    const { air, peripheral, read } = await offered();
    expect(await read()).toMatchObject(refused);
    const mute = peripheral.host.agents.register({ capability: "NoInputNoOutput" });
    expect(await read()).toMatchObject(refused);
    mute[Symbol.dispose]();
    peripheral.host.agents.register(new NoIoAgent());
    expect(await read()).toEqual(granted);
    await air.expectNothingLeft();
  });

  it("does not ask the agent where the program has an onAuthorize", async () => {
    const agent = new RecordingAgent({ capability: "NoInputNoOutput" });
    const { air, read } = await offered(agent, { onAuthorize: () => false });
    expect(await read()).toMatchObject(refused);
    expect(agent.methods).toEqual([]);
    await air.expectNothingLeft();
  });

  it("of an agent that never answers is called off before the client gives up, and is asked again (Vol 3, Part F, 3.3.3)", async () => {
    const agent = new RecordingAgent({ capability: "NoInputNoOutput", answer: "wait" });
    const { air, read } = await offered(agent);
    const started = air.clock.now();
    expect(await read()).toMatchObject(refused);
    expect(air.clock.now() - started).toBeGreaterThanOrEqual(25_000);
    expect(air.clock.now() - started).toBeLessThan(30_000);
    await air.clock.advance(0);
    expect(agent.methods).toEqual(["authorizeService", "cancel"]);
    expect(await read()).toMatchObject(refused);
    expect(agent.methods.filter((method) => method === "authorizeService")).toHaveLength(2);
    await air.expectNothingLeft();
  });

  it.each(["unregistered", "gone"] as const)(
    "is called off when the agent or the link is %s",
    async (how) => {
      const agent = new RecordingAgent({ capability: "NoInputNoOutput", answer: "wait" });
      const { air, peripheral, ends } = await offered(agent);
      const remote = await air.until(ends.central.gatt.characteristic("180d", "2a37"));
      const reading = outcome(remote.read());
      await air.clock.advance(1000);
      expect(agent.methods).toEqual(["authorizeService"]);
      if (how === "unregistered") peripheral.host.agents.unregister(agent);
      else await air.until(ends.peripheral.disconnect());
      const { error } = (await air.until(reading)) as { readonly error: AttError };
      if (how === "unregistered") expect(error.status).toBe(ErrorCode.InsufficientAuthorization);
      await air.clock.advance(0);
      expect(agent.methods.slice(0, 2)).toEqual(["authorizeService", "cancel"]);
      await air.expectNothingLeft();
    },
  );

  it("asks nobody about a link that is not encrypted as it has to be", async () => {
    const agent = new RecordingAgent({ capability: "NoInputNoOutput" });
    const permissions = { read: { encrypted: true, authorized: true } };
    const { air, central, peripheral, ends } = await offered(agent, { permissions });
    const remote = await air.until(ends.central.gatt.characteristic("180d", "2a37"));
    // The client pairs, as it is asked to, and only then somebody is asked about the service.
    expect(await air.until(remote.read())).toEqual(Uint8Array.of(7));
    expect(agent.methods).toEqual(["requestAuthorization", "authorizeService"]);
    expect(central.host.bonds.all).toHaveLength(1);
    expect(peripheral.host.bonds.all).toHaveLength(1);
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });
});

describe("authorizeService, for channels of a listener with authorize (Vol 3, Part A, 4.23)", () => {
  it.each([true, false])(
    "lets a peer in that the agent has agreed to, once for each link: %s",
    async (answer) => {
      const { air, central, peripheral } = await twoHosts();
      const agent = new RecordingAgent({ capability: "NoInputNoOutput", answer });
      peripheral.host.agents.register(agent);
      peripheral.host.listen({ spsm: 0x25, authorize: "1825" });
      const ends = await air.connect(central, peripheral);
      for (let i = 0; i < 2; i++) {
        const ending = await air.ending(ends.central.openChannel({ spsm: 0x25 }));
        if (answer) expect(ending).toHaveProperty("value");
        else {
          const { result } = (ending as { readonly error: ChannelRefusedError }).error;
          expect(result).toBe(ConnectionResult.InsufficientAuthorization);
        }
      }
      expect(agent.calls).toEqual([{ method: "authorizeService", device: ends.peripheral, uuid: "1825" }]);
      await air.expectNothingLeft();
    },
  );

  it("asks the program's accept afterwards, and refuses what is no UUID", async () => {
    const { air, central, peripheral } = await twoHosts();
    expect(() => peripheral.host.listen({ authorize: "heart" })).toThrow(/UUID|heart/);
    expect(() => peripheral.host.listen(null as never)).toThrow(TypeError);
    const asked: string[] = [];
    peripheral.host.agents.register({
      capability: "NoInputNoOutput",
      authorizeService: (_device, uuid) => void asked.push(uuid),
    });
    const accept = (): void => void asked.push("accept");
    peripheral.host.listen({ spsm: 0x25, authorize: 0x1825, accept });
    const ends = await air.connect(central, peripheral);
    await air.until(ends.central.openChannel({ spsm: 0x25 }));
    expect(asked).toEqual(["1825", "accept"]);
    await air.expectNothingLeft();
  });
});
