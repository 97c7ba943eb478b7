import { concat, noOctets, u16At } from "../../src/common/bytes.ts";
import { type Event, encodeEvent } from "../../src/hci/event.ts";
import { HostNumberOfCompletedPackets } from "../../src/hci/commands/controller-baseband.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver } from "../../src/hci/transport.ts";
import { Ring } from "../../src/common/ring.ts";
import type { Chip } from "./chip.ts";
import { EventMasks } from "./event-masks.ts";
import { HostFlow } from "./host-flow.ts";
import { type HciTrouble, noTrouble } from "./hci-trouble.ts";
import { LateQueue } from "./late-queue.ts";
import type { LinkEnd } from "./link.ts";

/** How many packets for the host a controller holds before it takes no more data from the air. */
const mostWaiting = 256;

/** Probabilities are drawn to one in so many. */
const grain = 0x1_0000_0000;

/** The controller's end of HCI: packets wait here in both directions until the air's turn. */
export class HciPort {
  masks: EventMasks = new EventMasks();
  /** The host's buffers for data. */
  readonly flow: HostFlow = new HostFlow((packet, origin) => {
    this.#enqueue(packet, origin);
  });
  readonly #chip: Chip;
  readonly #in = new Ring<Uint8Array>();
  readonly #out = new Ring<Uint8Array>();
  /** For each packet in `#out`, whose buffer comes free when the host has it. */
  readonly #origins = new Ring<LinkEnd | undefined>();
  /** Events that are held back, when they are. */
  readonly #late: LateQueue<Uint8Array>;
  #receiver: HciReceiver | undefined;
  #trouble: HciTrouble = noTrouble;
  /** Commands whose answer the host has not seen. */
  #unanswered = 0;
  /** What the host was told last, less what it has sent since. Before anything was told it is 1. Vol 4, Part E, 4.4. */
  #allowed = 1;

  constructor(chip: Chip) {
    this.#chip = chip;
    this.#late = new LateQueue(chip.medium.clock, (event) => {
      this.#enqueue(event, undefined);
    });
  }

  /** What goes wrong at HCI, on purpose. */
  get trouble(): HciTrouble {
    return this.#trouble;
  }

  set trouble(trouble: HciTrouble) {
    this.#trouble = trouble;
    if (!trouble.hung) this.#chip.wake();
  }

  /** Whether so much waits for the host that the controller has no room for more from the air. */
  get full(): boolean {
    return this.#out.length >= mostWaiting || this.flow.full;
  }

  get attached(): boolean {
    return this.#receiver !== undefined;
  }

  attach(receiver: HciReceiver): void {
    this.#receiver = receiver;
  }

  /** Nothing goes to this host any more, nor is anything of it worked off. */
  detach(): void {
    this.#receiver = undefined;
    this.#in.clear();
    this.#out.clear();
    this.#late.clear();
    this.#origins.clear();
    this.#unanswered = 0;
    this.#allowed = 1;
  }

  /** A packet from the host. */
  send(packet: Uint8Array): void {
    // One command takes no part in the flow control of commands. Vol 4, Part E, 7.3.40.
    if (packet[0] === PacketType.Command && u16At(packet, 1) !== HostNumberOfCompletedPackets.opcode)
      this.#charge();
    this.#in.push(packet);
    this.#chip.wake();
  }

  takeIn(): void {
    if (this.#trouble.hung) return;
    for (let packet = this.#in.shift(); packet; packet = this.#in.shift()) this.#chip.receive(packet);
  }

  handOut(): void {
    if (this.#trouble.hung) return;
    // What is pushed meanwhile belongs to the next turn.
    for (let left = this.#out.length; left > 0 && this.#receiver; left--) {
      const packet = this.#out.shift();
      const origin = this.#origins.shift();
      if (!packet) return;
      if (packet[0] === PacketType.Event) this.#discharge(packet);
      if (origin) origin.chip.acl.returned(origin);
      this.#receiver.packet(packet);
      if (this.#trouble.duplicate > 0) this.#repeat(packet);
    }
  }

  /** Whether the host has unmasked an event. */
  wants(event: Pick<Event<unknown>, "code" | "subevent">): boolean {
    return this.#chip.knowsEvent(event.code, event.subevent) && this.masks.allow(event.code, event.subevent);
  }

  /** Sends an event that can be masked, unless it is. */
  event<T>(definition: Event<T>, parameters: T): void {
    if (this.wants(definition)) {
      this.push(encodeEvent(definition, parameters), undefined);
    }
  }

  /** Answers a command with its return parameters, status first. Vol 4, Part E, 7.7.14. */
  complete(commandOpcode: number, status: number, returns: Uint8Array = noOctets): void {
    const returnParameters = concat(Uint8Array.of(status), returns);
    this.push(
      encodeEvent(CommandComplete, { numHciCommandPackets: 0, commandOpcode, returnParameters }),
      undefined,
    );
  }

  /** Answers a command whose result, if it is not refused, comes later. Vol 4, Part E, 7.7.15. */
  status(commandOpcode: number, status: number): void {
    this.push(encodeEvent(CommandStatus, { status, numHciCommandPackets: 0, commandOpcode }), undefined);
  }

  /** Queues a packet for the host; when it has been handed out, `origin` gets its buffer back. */
  push(packet: Uint8Array, origin: LinkEnd | undefined): void {
    if (!this.#receiver) return;
    if (packet[0] === PacketType.AclData && this.flow.holds(packet, origin)) return;
    const { delayMs } = this.#trouble;
    const isLate = packet[0] === PacketType.Event && (delayMs > 0 || !this.#late.empty);
    if (isLate) this.#late.push(packet, delayMs);
    else this.#enqueue(packet, origin);
  }

  #enqueue(packet: Uint8Array, origin: LinkEnd | undefined): void {
    // A controller that is hung forgets what it cannot hold.
    if (this.#trouble.hung && this.full && packet[0] === PacketType.Event) return;
    this.#out.push(packet);
    this.#origins.push(origin);
    this.#chip.wake();
  }

  /** The host gets an event twice, if chance has it. */
  #repeat(packet: Uint8Array): void {
    const { random } = this.#chip.medium;
    if (packet[0] !== PacketType.Event || random.below(grain) >= this.#trouble.duplicate * grain) return;
    this.#receiver?.packet(packet);
  }

  #charge(): void {
    this.#unanswered++;
    if (this.#allowed-- > 0) return;
    this.#chip.fault("commandCredit", "a command more than Num_HCI_Command_Packets allows");
  }

  /** How many commands the host may send is decided when it gets the answer: it may have sent some since. */
  #discharge(packet: Uint8Array): void {
    const at = packet[1] === CommandComplete.code ? 3 : packet[1] === CommandStatus.code ? 4 : 0;
    if (at === 0) return;
    if (u16At(packet, at + 1) !== HostNumberOfCompletedPackets.opcode) this.#unanswered--;
    this.#allowed = Math.max(0, this.#chip.settings.commandPackets - this.#unanswered);
    packet[at] = this.#allowed;
  }
}
