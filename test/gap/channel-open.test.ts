import { PairingError } from "../../src/smp/error.ts";
import { describe, expect, it } from "vitest";
import type { Channel } from "../../src/gap/channel.ts";
import type { ChannelRequest } from "../../src/gap/channel-listener.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import {
  ChannelRefusedError,
  ChannelUnavailableError,
  SignalingTimeoutError,
  SpsmTakenError,
} from "../../src/l2cap/error.ts";
import { ConnectionResult } from "../../src/l2cap/signaling-pdu.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { controllerKinds, HostsOnAir, outcome, twoHosts } from "../support/two-hosts.ts";
import { listening, octets, opened, take, taken } from "./channel-pair.ts";
import { manyLinks } from "../support/profile.ts";

const aclData = 2;

describe.each(controllerKinds)("Channels, on controllers with %s", (_name, kind) => {
  it("open in either direction, several at once, to several SPSMs", async () => {
    const { air, ends, listener, central } = await listening({ spsm: 0x25 }, kind);
    const other = central.host.listen();
    expect([listener.spsm, other.spsm]).toEqual([0x25, 0x80]);
    const openings = [
      ...Array.from({ length: 3 }, () => ends.central.openChannel({ spsm: 0x25 })),
      ends.peripheral.openChannel({ spsm: other.spsm }),
    ];
    const near = await air.until(Promise.all(openings));
    const far: Channel[] = [];
    for (let i = 0; i < 3; i++) far.push(await taken(air, listener));
    far.push(await taken(air, other));
    await air.until(Promise.all(near.map((channel, i) => channel.send(octets(2000, i)))));
    const arrived = await air.until(Promise.all(far.map((channel) => take(channel, 1))));
    expect(arrived).toEqual(near.map((_, i) => [octets(2000, i)]));
    expect(new Set(near.slice(0, 3).map(({ localCid }) => localCid)).size).toBe(3);
    await air.expectNothingLeft();
  });

  it("open five with one request, of which each is a channel of its own (Vol 3, Part A, 4.25)", async () => {
    const { air, ends, listener } = await listening({ enhanced: true }, kind);
    const near = await air.until(ends.central.openChannel({ spsm: listener.spsm, count: 5 }));
    expect(near).toHaveLength(5);
    const far: Channel[] = [];
    for (const { enhanced } of near) {
      expect(enhanced).toBe(true);
      far.push(await taken(air, listener));
    }
    expect(far.map(({ peerCid }) => peerCid)).toEqual(near.map(({ localCid }) => localCid));
    await air.until(Promise.all(near.map((channel, i) => channel.send(octets(100, i)))));
    const arrived = await air.until(Promise.all(far.map((channel) => take(channel, 1))));
    expect(arrived).toEqual(near.map((_, i) => [octets(100, i)]));
    await air.until(near[2]![Symbol.asyncDispose]());
    await air.until(far[2]!.closed);
    expect(far.map(({ closeReason }) => closeReason === undefined)).toEqual([true, true, false, true, true]);
    await air.expectNothingLeft();
  });
});

describe("Opening a channel", () => {
  it("where nobody listens is refused by that name (Vol 3, Part A, 4.23)", async () => {
    const { air, ends } = await listening();
    for (const enhanced of [false, true]) {
      expect(await air.ending(ends.central.openChannel({ spsm: 0x90, enhanced }))).toMatchObject({
        error: { constructor: ChannelRefusedError, result: ConnectionResult.SpsmNotSupported },
      });
    }
    await air.expectNothingLeft();
  });

  it("of the other kind than the listener takes is refused", async () => {
    const { air, ends, listener, peripheral } = await listening({ enhanced: true });
    const plain = peripheral.host.listen({ enhanced: false });
    for (const options of [
      { spsm: listener.spsm, enhanced: false },
      { spsm: plain.spsm, enhanced: true },
    ]) {
      expect(await air.ending(ends.central.openChannel(options))).toMatchObject({
        error: { code: "CHANNEL_REFUSED" },
      });
    }
    await air.until(ends.central.openChannel({ spsm: plain.spsm }));
    await air.until(ends.central.openChannel({ spsm: listener.spsm, enhanced: true }));
    await air.expectNothingLeft();
  });

  it("as the 65th on a link finds no channel identifier, and as the 64th one that was given back (2.1)", async () => {
    const { air, ends, listener } = await listening({ backlog: 100 });
    const channels: Channel[] = [];
    for (let i = 0; i < 64; i++) {
      channels.push(await air.until(ends.central.openChannel({ spsm: listener.spsm })));
    }
    expect(new Set(channels.map(({ localCid }) => localCid)).size).toBe(64);
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { constructor: ChannelUnavailableError },
    });
    await air.until(channels[7]![Symbol.asyncDispose]());
    const again = await air.until(ends.central.openChannel({ spsm: listener.spsm }));
    expect(again.localCid).toBe(channels[7]!.localCid);
    await air.expectNothingLeft();
  });

  it.each([
    [{ spsm: 0 }, /spsm/],
    [{ spsm: 0x100 }, /spsm/],
    [{ spsm: 0x80, mtu: 22 }, /mtu/],
    [{ spsm: 0x80, mtu: 65_536 }, /mtu/],
    [{ spsm: 0x80, mps: 22 }, /mps/],
    [{ spsm: 0x80, mps: 65_534 }, /mps/],
    [{ spsm: 0x80, initialCredits: 65_536 }, /initialCredits/],
    [{ spsm: 0x80, enhanced: true, mtu: 63 }, /mtu/],
    [{ spsm: 0x80, count: 6 }, /count/],
    [{ spsm: 0x80, count: 0 }, /count/],
    [{ spsm: 0x80, count: 2, enhanced: false }, /count.*enhanced/],
    [{ spsm: 0x80, security: "high" as never }, /security/],
    [{ spsm: 0x80, security: null as never }, /security/],
    [{ spsm: 0x80, security: { level: 3 } as never }, /security.*level/],
    [{ spsm: 0x80, security: { encrypted: "no" as never } }, /security\.encrypted/],
    [{ spsm: 0x80, security: { keySize: 17 } }, /security\.keySize/],
    [{ spsm: 0x80, security: { keySize: Number.NaN } }, /security\.keySize/],
    [{ spsm: 0x80, enhanced: "no" as never }, /enhanced/],
  ])("with %j is a RangeError or TypeError that names it", async (options, name) => {
    const { air, ends } = await listening();
    expect(await air.ending(ends.central.openChannel(options))).toMatchObject({
      error: {
        name: expect.stringMatching(/^(Range|Type)Error$/) as unknown,
        message: expect.stringMatching(name) as unknown,
      },
    });
    await air.expectNothingLeft();
  });

  it("takes none but the program's options: what goes first on the link is not one", async () => {
    const { air, ends, listener, peripheral } = await listening();
    const { spsm } = listener;
    expect(() => peripheral.host.listen({ priority: 7 } as never)).toThrow(/"priority" is no option/);
    expect(await air.ending(ends.central.openChannel({ spsm, priority: 7 } as never))).toMatchObject({
      error: { name: "TypeError", message: expect.stringContaining('"priority" is no option') as unknown },
    });
    const plain = { spsm, count: undefined } as { readonly spsm: number };
    expect(await air.until(ends.central.openChannel(plain))).toMatchObject({ enhanced: false });
    await air.expectNothingLeft();
  });

  it("of which the peer never hears rejects in the end", async () => {
    const { air, ends, listener, peripheral } = await listening();
    peripheral.transport.onPacket = (packet, toHost) =>
      toHost && packet[0] === aclData ? undefined : packet;
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { constructor: SignalingTimeoutError },
    });
    await air.expectNothingLeft();
  });

  it("on a link that is gone, or goes, rejects with its reason", async () => {
    const { air, ends, listener, peripheral } = await listening();
    peripheral.transport.onPacket = (packet, toHost) =>
      toHost && packet[0] === aclData ? undefined : packet;
    const ending = air.ending(ends.central.openChannel({ spsm: listener.spsm }));
    await air.clock.advance(10);
    await air.until(ends.central.disconnect());
    expect(await ending).toMatchObject({ error: { constructor: DisconnectedError } });
    expect(await air.ending(ends.central.openChannel({ spsm: 0x80 }))).toEqual({
      error: ends.central.disconnectReason,
    });
    expect(() => ends.central.openFixedChannel(0x30)).toThrow(DisconnectedError);
    await air.expectNothingLeft();
  });

  it("that is aborted closes the channel that comes all the same", async () => {
    const { air, ends, listener } = await listening();
    const { signal, abort, listeners } = countingSignal();
    const opening = ends.central.openChannel({ spsm: listener.spsm, signal });
    const ending = outcome(opening);
    await Promise.resolve();
    expect(listeners()).toBeGreaterThan(0);
    abort(new Error("enough"));
    expect(await air.until(ending)).toMatchObject({ error: { message: "enough" } });
    const far = await taken(air, listener);
    expect(await air.until(far.closed)).toMatchObject({ code: "CHANNEL_CLOSED", by: "peer" });
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm, signal }))).toMatchObject({
      error: { message: "enough" },
    });
    const settled = countingSignal();
    await air.until(ends.central.openChannel({ spsm: listener.spsm, signal: settled.signal }));
    expect(settled.listeners()).toBe(0);
    await air.expectNothingLeft();
  });
});

describe("A listener", () => {
  it("has one SPSM to itself, and gives it back", async () => {
    const { air, peripheral } = await twoHosts();
    const { host } = peripheral;
    const first = host.listen({ spsm: 0x80 });
    expect(() => host.listen({ spsm: 0x80 })).toThrow(SpsmTakenError);
    const dynamic = host.listen();
    expect(dynamic.spsm).toBe(0x81);
    await air.until(first[Symbol.asyncDispose]());
    await air.until(first[Symbol.asyncDispose]());
    expect(host.listen().spsm).toBe(0x80);
    expect(String(dynamic)).toBe("at SPSM 0x81 (open)");
    expect(String(first)).toBe("at SPSM 0x80 (closed)");
    await air.expectNothingLeft();
  });

  it.each([
    [{ spsm: 0 }, /spsm/],
    [{ spsm: 256 }, /spsm/],
    [{ mtu: 10 }, /mtu/],
    [{ mps: 10 }, /mps/],
    [{ backlog: 0 }, /backlog/],
    [{ backlog: 1025 }, /backlog/],
    [{ accept: true as never }, /accept/],
    [{ security: "high" as never }, /security/],
    [{ security: null as never }, /security/],
    [{ security: { level: 3 } as never }, /security.*level/],
    [{ security: { encrypted: "no" as never } }, /security\.encrypted/],
    [{ security: { keySize: 17 } }, /security\.keySize/],
    [{ security: { keySize: Number.NaN } }, /security\.keySize/],
    [{ enhanced: "no" as never }, /enhanced/],
  ])("with %j is refused at once", async (options, name) => {
    const { air, peripheral } = await twoHosts();
    expect(() => peripheral.host.listen(options)).toThrow(name);
    await air.expectNothingLeft();
  });

  it("takes channels of every link, those that come later too", async () => {
    const air = new HostsOnAir();
    const server = await air.open(manyLinks);
    const listener = server.host.listen({ spsm: 0x85 });
    for (let i = 0; i < 3; i++) {
      const client = await air.open();
      const { central } = await air.connect(client, server);
      const near = await air.until(central.openChannel({ spsm: 0x85 }));
      const far = await taken(air, listener);
      expect(far.connection.peerAddress).toEqual(client.host.address);
      await air.until(near.send(octets(10, i)));
      expect(await air.until(take(far, 1))).toEqual([octets(10, i)]);
    }
    await air.expectNothingLeft();
  });

  it("keeps as many as its backlog and refuses more, until one is taken", async () => {
    const { air, ends, listener } = await listening({ backlog: 2 });
    const { spsm } = listener;
    await air.until(ends.central.openChannel({ spsm }));
    await air.until(ends.central.openChannel({ spsm }));
    const refused = {
      error: { result: ConnectionResult.NoResources, resultName: expect.any(String) as unknown },
    };
    expect(await air.ending(ends.central.openChannel({ spsm }))).toMatchObject(refused);
    await taken(air, listener);
    await air.until(ends.central.openChannel({ spsm }));
    expect(await air.ending(ends.central.openChannel({ spsm, count: 2 }))).toMatchObject(refused);
    await air.expectNothingLeft();
  });

  it("with room for some of those asked for accepts these (Vol 3, Part A, 4.26)", async () => {
    const { air, ends, listener } = await listening({ backlog: 2 });
    const near = await air.until(ends.central.openChannel({ spsm: listener.spsm, count: 5 }));
    expect(near).toHaveLength(2);
    for (const { localCid } of near) expect((await taken(air, listener)).peerCid).toBe(localCid);
    await air.expectNothingLeft();
  });

  it("that ends closes the channels nobody has taken, and leaves the others", async () => {
    const pair = await listening();
    const { air, ends, listener } = pair;
    const kept = await opened(pair);
    const looped = await air.until(ends.central.openChannel({ spsm: listener.spsm }));
    const loop = air.track(
      "loop",
      (async () => {
        for await (const channel of listener) return channel;
        return undefined;
      })(),
    );
    await air.until(loop);
    const untaken = await air.until(ends.central.openChannel({ spsm: listener.spsm }));
    await air.until(listener[Symbol.asyncDispose]());
    expect(await air.until(untaken.closed)).toMatchObject({ by: "peer" });
    expect([kept.near.closeReason, looped.closeReason]).toEqual([undefined, undefined]);
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { result: ConnectionResult.SpsmNotSupported },
    });
    expect(await air.until(listener[Symbol.asyncIterator]().next())).toEqual({
      done: true,
      value: undefined,
    });
    await air.expectNothingLeft();
  });

  it("of a host that the program closes ends, and no other begins", async () => {
    const { air, peripheral, listener } = await listening();
    const loop = air.track("loop", listener[Symbol.asyncIterator]().next());
    const ending = air.ending(loop);
    await air.until(peripheral.host[Symbol.asyncDispose]());
    expect(await ending).toEqual({ value: { done: true, value: undefined } });
    expect(String(listener)).toBe("at SPSM 0x80 (closed)");
    expect(() => peripheral.host.listen()).toThrow(/closed/);
    await air.until(listener[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("of a host whose controller is lost throws the reason, once", async () => {
    const { air, peripheral, listener } = await listening();
    const ending = air.ending(air.track("loop", listener[Symbol.asyncIterator]().next()));
    peripheral.transport.fail(new Error("unplugged"));
    expect(await ending).toMatchObject({ error: { code: "TRANSPORT" } });
    expect(await air.until(listener[Symbol.asyncIterator]().next())).toMatchObject({ done: true });
    await air.expectNothingLeft();
  });
});

describe("The program decides on a request", () => {
  it("knowing who asks for what", async () => {
    const requests: ChannelRequest[] = [];
    const accept = (request: ChannelRequest): void => void requests.push(request);
    const pair = await listening({ accept });
    const { air, ends, listener } = pair;
    await opened(pair, { mtu: 300, mps: 60, initialCredits: 5 });
    await air.until(
      ends.central.openChannel({ spsm: listener.spsm, count: 3, mtu: 301, mps: 65, initialCredits: 6 }),
    );
    const { spsm } = listener;
    expect(requests).toMatchObject([
      { spsm, enhanced: false, count: 1, peerMtu: 300, peerMps: 60, credits: 5 },
      { spsm, enhanced: true, count: 3, peerMtu: 301, peerMps: 65, credits: 6 },
    ]);
    expect(requests.map(({ connection }) => connection)).toEqual([ends.peripheral, ends.peripheral]);
    await air.expectNothingLeft();
  });

  const results = Object.entries(ConnectionResult).filter(
    ([name]) => !["Success", "Pending", "AuthenticationPending", "AuthorizationPending"].includes(name),
  );

  it.each(results)(
    "and may refuse with %s (0x%s), at once or later, however secure the link has become",
    async (name, result) => {
      let later = false;
      const { air, ends, listener } = await listening({
        accept: async () => {
          if (later) await new Promise<void>((resolve) => void air.clock.after(5_000, resolve));
          throw new ChannelRefusedError(result);
        },
      });
      for (const enhanced of name === "InvalidParameters" ? [true] : [false, true]) {
        for (later of [false, true]) {
          expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm, enhanced }))).toMatchObject(
            {
              error: { code: expect.stringMatching(codeFor(result)) as unknown },
            },
          );
        }
      }
      await air.expectNothingLeft();
    },
  );

  it("and a mistake of its own is a fault of the host, which refuses for want of resources", async () => {
    const mistake = new Error("a mistake");
    const { air, ends, listener, peripheral } = await listening({
      accept: () => {
        throw mistake;
      },
    });
    const faults: unknown[] = [];
    peripheral.host.on("fault", (fault) => faults.push(fault));
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { result: ConnectionResult.NoResources },
    });
    expect(faults).toEqual([mistake]);
    await air.expectNothingLeft();
  });

  it.each([
    ["at once", () => false],
    ["later", () => Promise.resolve(false)],
  ])("with false %s, which refuses for want of resources and is no fault", async (_name, accept) => {
    const { air, ends, listener, peripheral } = await listening({ accept });
    const faults: unknown[] = [];
    peripheral.host.on("fault", (fault) => faults.push(fault));
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { result: ConnectionResult.NoResources },
    });
    expect(faults).toEqual([]);
    await air.expectNothingLeft();
  });

  it.each([
    ["nothing", () => undefined],
    ["true", () => true],
    ["true later", () => Promise.resolve(true)],
  ])("with %s, which accepts", async (_name, accept) => {
    const { air, ends, listener } = await listening({ accept });
    const near = await air.until(ends.central.openChannel({ spsm: listener.spsm }));
    expect(near.spsm).toBe(listener.spsm);
    await air.expectNothingLeft();
  });

  it.each([0, null, "no", { accept: false }])(
    "with %j, which is neither yes nor no: a fault of the host, which refuses",
    async (answer) => {
      const { air, ends, listener, peripheral } = await listening({ accept: (() => answer) as never });
      const faults: unknown[] = [];
      peripheral.host.on("fault", (fault) => faults.push(fault));
      expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
        error: { result: ConnectionResult.NoResources },
      });
      expect(faults).toMatchObject([
        { name: "TypeError", message: expect.stringMatching(/^accept: /) as unknown },
      ]);
      await air.expectNothingLeft();
    },
  );

  it("and a result that there is not is such a mistake", async () => {
    const { air, ends, listener, peripheral } = await listening({
      accept: () => {
        throw new ChannelRefusedError(ConnectionResult.Success);
      },
    });
    const faults: unknown[] = [];
    peripheral.host.on("fault", (fault) => faults.push(fault));
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { result: ConnectionResult.NoResources },
    });
    expect(faults).toMatchObject([{ name: "RangeError" }]);
    await air.expectNothingLeft();
  });

  it("late, and the peer waits for it as long as it may", async () => {
    const { air, ends, listener } = await listening({
      accept: () => new Promise<void>((resolve) => void air.clock.after(15_000, resolve)),
    });
    const near = await air.until(ends.central.openChannel({ spsm: listener.spsm }));
    const far = await taken(air, listener);
    await air.until(near.send(octets(10)));
    expect(await air.until(take(far, 1))).toEqual([octets(10)]);
    expect(air.clock.now()).toBeGreaterThanOrEqual(15_000);
    await air.expectNothingLeft();
  });

  it("too late, and is told so by the signal", async () => {
    const reasons: unknown[] = [];
    const { air, ends, listener } = await listening({
      accept: ({ signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            resolve();
          });
        }),
    });
    for (const enhanced of [false, true]) {
      expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm, enhanced }))).toMatchObject({
        error: { code: expect.stringMatching(/CHANNEL_REFUSED|SIGNALING_TIMEOUT/) as unknown },
      });
    }
    expect(reasons).toHaveLength(2);
    const asked = outcome(ends.central.openChannel({ spsm: listener.spsm }));
    await air.clock.advance(100);
    await air.until(ends.peripheral.disconnect());
    expect(await air.until(asked)).toMatchObject({ error: { constructor: DisconnectedError } });
    expect(reasons).toHaveLength(3);
    await air.expectNothingLeft();
  });

  it("when it stops listening meanwhile, the peer is refused", async () => {
    let aborted = false;
    const { air, ends, listener } = await listening({
      accept: ({ signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve();
          });
        }),
    });
    const asked = outcome(ends.central.openChannel({ spsm: listener.spsm }));
    await air.clock.advance(100);
    await air.until(listener[Symbol.asyncDispose]());
    expect(await air.until(asked)).toMatchObject({ error: { result: ConnectionResult.SpsmNotSupported } });
    expect(aborted).toBe(true);
    await air.expectNothingLeft();
  });

  it("is asked when the link is secure enough, for which the initiator pairs once (Vol 3, Part A, 4.22)", async () => {
    let asked = 0;
    const { air, ends, listener } = await listening({
      security: { encrypted: true },
      accept: () => {
        asked++;
      },
    });
    await air.until(ends.central.openChannel({ spsm: listener.spsm }));
    expect([asked, ends.central.security.encrypted, ends.peripheral.security.encrypted]).toEqual([
      1,
      true,
      true,
    ]);
    await air.expectNothingLeft();
  });

  it("is not asked when the link cannot be made secure enough; the initiator learns why", async () => {
    let asked = 0;
    const { air, ends, listener, peripheral } = await listening({
      security: { encrypted: true },
      accept: () => {
        asked++;
      },
    });
    peripheral.host.pairable = false;
    expect(await air.ending(ends.central.openChannel({ spsm: listener.spsm }))).toMatchObject({
      error: { constructor: PairingError },
    });
    expect(asked).toBe(0);
    await air.expectNothingLeft();
  });
});

/** Asked for more than a pairing without a person can give, the initiator learns that instead. */
function codeFor(result: number): RegExp {
  return result === ConnectionResult.InsufficientAuthentication
    ? /^(CHANNEL_REFUSED|PAIRING_FAILED)$/
    : /^CHANNEL_REFUSED$/;
}
