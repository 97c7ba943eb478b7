import { createHash, type Hash } from "node:crypto";
import { u16At } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { aclHeaderSize } from "../../src/hci/acl-view.ts";
import { type Command, encodeCommand } from "../../src/hci/command.ts";
import { Reset, SetEventMask } from "../../src/hci/commands/controller-baseband.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import { LeCreateConnection, LeSetDataLength, LeSetPhy } from "../../src/hci/commands/le-connection.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { CommandComplete, CommandStatus, NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { VirtualAir, type VirtualAirOptions } from "../../transports/virtual/index.ts";
import { aclPacket } from "./raw-host.ts";
import { advertising, connection } from "./raw-pair.ts";

/** How large a crowd is, and how long it stays. */
export interface CrowdSize {
  readonly controllers: number;
  /** At most half as many as there are pairs of controllers. */
  readonly links: number;
  /** Of virtual time, once all links stand. */
  readonly ms: number;
}

/** What became of a crowd. */
export interface CrowdResult {
  /** SHA-256 over every HCI packet in both directions, with its time and its controller. */
  readonly hash: string;
  readonly hciPackets: number;
  /** Octets of ACL data that hosts sent, and that peers received. */
  readonly sent: number;
  readonly received: number;
  /** Links that stand at the end. */
  readonly links: number;
  /** Virtual time until all links stood, in ms. */
  readonly setUpMs: number;
  readonly connectionEvents: number;
  readonly retransmissions: number;
  /** Of the clock, when all is closed. */
  readonly timersLeft: number;
}

/** The controller's. */
const buffers = 12;
/** Short and often from the peripheral, long and seldom from the central; in octets and ms. */
const traffic = {
  peripheral: { size: 27, every: 1000 },
  central: { size: 200, every: 5000 },
} as const;

/** One of so many loses packets, scans, or advertises to the end. */
const oneOf = { lossy: 20, scanning: 40, advertising: 10 };

/** Lets many raw hosts connect with one another and send. Everything that is random comes of the seed. */
export async function crowd(
  { controllers, links, ms }: CrowdSize,
  options: VirtualAirOptions & { readonly seed: number },
): Promise<CrowdResult> {
  const clock = new VirtualClock();
  const air = new VirtualAir({ timing: "air", ...options, clock });
  const trace = new Trace(clock);
  const random = new SeededRandom(options.seed);
  const members = Array.from({ length: controllers }, (_, i) => {
    const controller = air.controller();
    if (i % oneOf.lossy === 1) air.setLoss(0.05, controller);
    return new Member(i, controller.transport(), controller.address.value, { clock, random, trace });
  });
  for (let i = 0; i < links; i++) {
    // In rounds, each to another neighbour: no pair meets twice.
    const central = members[i % controllers];
    const peripheral = members[((i % controllers) + 1 + 6 * Math.floor(i / controllers)) % controllers];
    if (central && peripheral) central.meet(peripheral);
  }
  for (const member of members) member.begin();
  const standing = (): number => members.reduce((sum, { standing }) => sum + standing, 0) / 2;
  while (standing() < links && clock.now() < 600_000) clock.advanceSync(10);
  const setUpMs = clock.now();
  for (const [i, member] of members.entries())
    member.talk(i % oneOf.advertising === 0, i % oneOf.scanning === 0);
  clock.advanceSync(ms);
  for (const member of members) member.fallSilent();
  clock.advanceSync(10_000); // what is on its way arrives
  const { connectionEvents, retransmissions } = air.counters;
  const stood = standing();
  await air[Symbol.asyncDispose]();
  const total = (of: (member: Member) => number): number =>
    members.reduce((sum, member) => sum + of(member), 0);
  return {
    hash: trace.digest(),
    hciPackets: trace.packets,
    sent: total(({ sent }) => sent),
    received: total(({ received }) => received),
    links: stood,
    setUpMs,
    connectionEvents,
    retransmissions,
    timersLeft: clock.timers,
  };
}

/** What all members share. */
interface Around {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly trace: Trace;
}

/** The packets of all, in the order in which they passed. */
class Trace {
  packets = 0;
  readonly #clock: VirtualClock;
  readonly #hash: Hash = createHash("sha256");
  readonly #head = new DataView(new ArrayBuffer(12));

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  add(member: number, direction: number, packet: Uint8Array): void {
    this.packets++;
    this.#head.setFloat64(0, this.#clock.now());
    this.#head.setUint16(8, member);
    this.#head.setUint16(10, direction);
    this.#hash.update(this.#head).update(packet);
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

/** A host that connects with whom it is told, and sends at its intervals as long as it has credits. */
class Member implements HciReceiver {
  /** Links that stand. */
  standing = 0;
  sent = 0;
  received = 0;
  readonly #index: number;
  readonly #transport: HciTransport;
  readonly #address: number;
  readonly #around: Around;
  readonly #roles = new Map<number, "central" | "peripheral">();
  readonly #commands: Uint8Array[] = [];
  readonly #wanted: Member[] = [];
  readonly #timers = new Set<Disposable>();
  #expected = 0;
  #credits = buffers;
  #busy = false;
  #talking = false;

  constructor(index: number, transport: HciTransport, address: number, around: Around) {
    this.#index = index;
    this.#transport = transport;
    this.#address = address;
    this.#around = around;
  }

  /** Will become the central of `other`. */
  meet(other: Member): void {
    this.#wanted.push(other);
    other.#expected++;
  }

  begin(): void {
    this.#transport.start(this);
    this.#ask(Reset, {});
    this.#ask(SetEventMask, { eventMask: 0x3fff_ffff_ffff_ffffn });
    this.#advertise(0);
    this.#connect();
  }

  /** Everything that a member does from now on. */
  talk(advertises: boolean, scans: boolean): void {
    this.#talking = true;
    if (advertises) this.#advertise(3);
    if (scans) {
      const interval = { scanInterval: 0x60, scanWindow: 0x30 };
      this.#ask(LeSetScanParameters, {
        scanType: 0,
        ...interval,
        ownAddressType: 0,
        scanningFilterPolicy: 0,
      });
      this.#ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    }
    for (const [handle, role] of this.#roles) {
      const { every } = traffic[role];
      if (role === "central" && this.#index % 2 === 0) {
        const phys = { allPhys: 0, txPhys: 2, rxPhys: 2, phyOptions: 0 };
        this.#ask(LeSetDataLength, { connectionHandle: handle, txOctets: 251, txTime: 2120 });
        this.#ask(LeSetPhy, { connectionHandle: handle, ...phys });
      }
      this.#after(this.#around.random.below(every), () => this.#say(handle));
    }
  }

  fallSilent(): void {
    this.#talking = false;
    for (const timer of this.#timers) timer[Symbol.dispose]();
    this.#timers.clear();
  }

  packet(packet: Uint8Array): void {
    this.#around.trace.add(this.#index, 1, packet);
    if (packet[0] === PacketType.AclData) {
      this.received += packet.length - aclHeaderSize;
      return;
    }
    switch (packet[1]) {
      case CommandComplete.code:
      case CommandStatus.code:
        this.#busy = false;
        this.#next();
        return;
      case NumberOfCompletedPackets.code:
        for (let at = 4; at < packet.length; at += 4) this.#credits += u16At(packet, at + 2);
        return;
      case DisconnectionComplete.code:
        this.standing--;
        this.#roles.delete(u16At(packet, 4));
        return;
      default:
        if (packet[3] === LeConnectionComplete.subevent) this.#connected(packet);
    }
  }

  closed(): void {
    this.fallSilent();
  }

  #connected(packet: Uint8Array): void {
    const { status, connectionHandle, role } = LeConnectionComplete.parameters.decode(packet, 4);
    if (status === 0) {
      this.standing++;
      this.#roles.set(connectionHandle, role === 0 ? "central" : "peripheral");
    }
    if (role === 0) {
      if (status === 0) this.#wanted.shift();
      this.#connect();
    } else if (--this.#expected > 0) this.#advertise(0);
  }

  #connect(): void {
    const [next] = this.#wanted;
    if (!next) return;
    const interval = 6 + this.#around.random.below(60);
    this.#ask(LeCreateConnection, {
      ...connection,
      peerAddress: next.#address,
      connectionIntervalMin: interval,
      connectionIntervalMax: interval,
      maxLatency: this.#around.random.below(4),
      supervisionTimeout: 400,
    });
  }

  #advertise(advertisingType: number): void {
    if (advertisingType === 0 && this.#expected === 0) return;
    this.#ask(LeSetAdvertisingParameters, { ...advertising, advertisingType });
    this.#ask(LeSetAdvertisingEnable, { advertisingEnable: true });
  }

  #say(handle: number): void {
    const role = this.#roles.get(handle);
    if (!this.#talking || role === undefined) return;
    const { size, every } = traffic[role];
    if (this.#credits > 0) {
      this.#credits--;
      this.sent += size;
      this.#send(aclPacket(handle, this.#around.random.bytes(size)));
    }
    this.#after(every, () => this.#say(handle));
  }

  #after(ms: number, callback: () => void): void {
    const timer = this.#around.clock.after(ms, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }

  #ask<P>(command: Command<P, unknown>, parameters: P): void {
    this.#commands.push(encodeCommand(command, parameters));
    this.#next();
  }

  #next(): void {
    if (this.#busy) return;
    const packet = this.#commands.shift();
    if (!packet) return;
    this.#busy = true;
    this.#send(packet);
  }

  #send(packet: Uint8Array): void {
    this.#around.trace.add(this.#index, 0, packet);
    this.#transport.send(packet);
  }
}
