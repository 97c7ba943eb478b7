import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedPduError } from "../src/common/errors.ts";
import type { Connection } from "../src/gap/connection.ts";
import { characteristic, service } from "../src/gatt/service-builder.ts";
import { CommandComplete, CommandStatus } from "../src/hci/events/flow.ts";
import { DisconnectionComplete } from "../src/hci/events/link.ts";
import { PacketType } from "../src/hci/packet.ts";
import { runs } from "./support/runs.ts";
import { controllerKinds, type HostsOnAir, type Station, twoHosts } from "./support/two-hosts.ts";

const octets = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength, size: "max" });
const value = Uint8Array.from({ length: 60 }, (_, i) => i);

/** Handles that the virtual controllers of these tests never give: they begin at 0x040 and 0x080. */
const foreignHandle = fc.integer({ min: 0x200, max: 0xfff });

const acl = fc
  .tuple(foreignHandle, fc.integer({ min: 0, max: 15 }), octets(60))
  .map(([handle, flags, data]) =>
    Uint8Array.of(PacketType.AclData, handle & 0xff, (handle >> 8) | (flags << 4), data.length, 0, ...data),
  );

/** Events that would change what the stack believes of its commands are left out: they are no noise, but lies. */
const lies: readonly number[] = [CommandComplete.code, CommandStatus.code];

const event = fc
  .tuple(fc.integer({ min: 0, max: 255 }), octets(80))
  .filter(
    ([code]) =>
      !lies.includes(code) &&
      code !== 0x3e &&
      code !== 0x13 &&
      code !== 0x10 &&
      code !== DisconnectionComplete.code,
  )
  .map(([code, data]) => Uint8Array.of(PacketType.Event, code, data.length, ...data));

/** LE Meta events of every subevent, but for the connections that they announce. */
const connections: readonly number[] = [0x01, 0x0a, 0x29];
const metaEvent = fc
  .tuple(fc.integer({ min: 0, max: 255 }), octets(80))
  .filter(([subevent]) => !connections.includes(subevent))
  .map(([subevent, data]) => Uint8Array.of(PacketType.Event, 0x3e, 1 + data.length, subevent, ...data));

/** Number Of Completed Packets and Disconnection Complete for links that there are not. */
const foreignEvent = fc
  .tuple(fc.constantFrom(0x13, 0x05), foreignHandle, fc.integer({ min: 0, max: 0xffff }))
  .map(([code, handle, count]) =>
    code === 0x13
      ? Uint8Array.of(PacketType.Event, code, 5, 1, handle, handle >> 8, count, count >> 8)
      : Uint8Array.of(PacketType.Event, code, 4, 0, handle, handle >> 8, count & 0xff),
  );

/** Packets whose length is not what they say, or whose type there is not. */
const broken = fc
  .tuple(fc.integer({ min: 0, max: 255 }), octets(40))
  .map(([type, data]) => Uint8Array.of(type, ...data))
  .filter((packet) => {
    const saysEvent = packet[0] === PacketType.Event && packet.length === 3 + (packet[2] ?? 0);
    const saysAcl =
      packet[0] === PacketType.AclData && packet.length === 5 + (packet[3] ?? 0) + 256 * (packet[4] ?? 0);
    return !saysEvent && !saysAcl;
  });

const noise = fc.oneof(acl, event, metaEvent, foreignEvent, broken);

interface Link {
  readonly air: HostsOnAir;
  readonly central: Station;
  readonly peripheral: Station;
  readonly connection: Connection;
}

async function connected(kind: (typeof controllerKinds)[number][1]): Promise<Link> {
  const { air, central, peripheral } = await twoHosts(kind);
  peripheral.host.gatt.add(
    service("180d", { value: characteristic("2a37", { notify: true, value, onWrite: () => undefined }) }),
  );
  const { central: connection } = await air.connect(central, peripheral);
  return { air, central, peripheral, connection };
}

describe("A controller that talks nonsense between its packets", () => {
  it.each(controllerKinds)(
    "neither stops the host nor gets in the way of what goes on, with %s",
    async (_, kind) => {
      await fc.assert(
        fc.asyncProperty(fc.array(noise, { minLength: 1, maxLength: 40 }), async (packets) => {
          const { air, central, peripheral, connection } = await connected(kind);
          const faults: unknown[] = [];
          for (const { host, transport } of [central, peripheral]) {
            host.on("fault", (error) => faults.push(error));
            let next = 0;
            transport.onPacket = (packet, toHost) => {
              const extra = packets[next];
              if (toHost && extra && ++next) transport.inject(extra.slice());
              return packet;
            };
          }
          const remote = await air.until(connection.gatt.characteristic("180d", "2a37"));
          expect(await air.until(remote.read())).toEqual(value);
          await air.until(remote.write(Uint8Array.of(1)));
          expect(await air.until(remote.read())).toEqual(Uint8Array.of(1));
          for (const fault of faults) expect(fault).toBeInstanceOf(MalformedPduError);
          expect(central.host.connections).toEqual([connection]);
          await air.expectNothingLeft();
        }),
        { numRuns: Math.ceil(runs.numRuns / controllerKinds.length), endOnFailure: true },
      );
    },
  );

  it("lies about anything, and the host still closes in the end, with nothing left", async () => {
    const lie = fc
      .tuple(fc.constantFrom(0x0e, 0x0f, 0x05, 0x13, 0x3e, 0x10, 0x08), octets(40))
      .map(([code, data]) => Uint8Array.of(PacketType.Event, code, data.length, ...data));
    const live = fc
      .tuple(fc.constantFrom(0x40, 0x80), fc.constantFrom(0, 1, 2, 3), octets(40))
      .map(([handle, flags, data]) =>
        Uint8Array.of(PacketType.AclData, handle, flags << 4, data.length, 0, ...data),
      );
    const pdu = fc
      .tuple(fc.constantFrom(0x40, 0x80), fc.constantFrom(4, 5, 6, 0x40), octets(30))
      .map(([handle, cid, data]) =>
        Uint8Array.of(PacketType.AclData, handle, 0x20, 4 + data.length, 0, data.length, 0, cid, 0, ...data),
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(lie, live, pdu, noise), { minLength: 1, maxLength: 40 }),
        async (packets) => {
          const { air, central, peripheral, connection } = await connected({});
          for (const { transport } of [central, peripheral]) {
            let next = 0;
            transport.onPacket = (packet, toHost) => {
              const extra = packets[next];
              if (toHost && extra && ++next) transport.inject(extra.slice());
              return packet;
            };
          }
          const work = (async () => {
            const remote = await connection.gatt.characteristic("180d", "2a37");
            await Promise.all([remote.read(), remote.write(Uint8Array.of(1))]);
          })();
          await air.ending(air.track("work", work));
          for (const { transport } of [central, peripheral]) transport.onPacket = undefined;
          for (const { host } of [central, peripheral]) await air.until(host[Symbol.asyncDispose]());
          await air.clock.advance(60_000); // links of which a host was told that they are gone
          expect(air.clock.timers).toBe(0);
        },
      ),
      { ...runs, endOnFailure: true },
    );
  });
});
