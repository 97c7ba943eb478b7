import { VirtualClock } from "../../../src/common/clock.ts";
import { VirtualAir, type VirtualControllerOptions } from "../../../transports/virtual/index.ts";
import { RawHost } from "../../support/raw-host.ts";
import type { Rig, Seat } from "./rig.ts";

/** As BlueZ's controllers are: one buffer, of 192 octets. */
const options: VirtualControllerOptions = { aclPackets: 1, aclOctets: 192 };

/** How long a scene waits for what comes of a packet, in ms of the virtual clock: less than an advertising interval. */
const patience = 10;

/** Two controllers of a {@link VirtualAir}. */
export function openOurs(addresses: Readonly<Record<Seat, number>>): Rig {
  const clock = new VirtualClock();
  const air = new VirtualAir({ clock });
  const host = (address: number): RawHost =>
    new RawHost(air.controller({ ...options, address }).transport(), clock);
  const hosts: Record<Seat, RawHost> = { a: host(addresses.a), b: host(addresses.b) };
  const received: Record<Seat, Uint8Array[]> = { a: [], b: [] };
  for (const seat of ["a", "b"] as const) hosts[seat].onPacket = (packet) => received[seat].push(packet);
  return {
    addresses,
    send(seat, packet) {
      hosts[seat].send(packet);
      clock.advanceSync(patience);
      return Promise.resolve();
    },
    take: (seat) => received[seat].splice(0),
    [Symbol.asyncDispose]: () => air[Symbol.asyncDispose](),
  };
}
