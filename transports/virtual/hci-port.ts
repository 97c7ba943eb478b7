import { concat, noOctets, u16At } from "../../src/common/bytes.ts";
import { type Event, encodeEvent } from "../../src/hci/event.ts";
import { HostNumberOfCompletedPackets } from "../../src/hci/commands/controller-baseband.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver } from "../../src/hci/transport.ts";
import type { Clock } from "../../src/common/clock.ts";
import type { Random } from "../../src/common/random.ts";
import { Ring } from "../../src/common/ring.ts";
import { EndedLinks } from "./ended-links.ts";
import { EventMasks } from "./event-masks.ts";
import { HostFlow, type Origin } from "./host-flow.ts";
import type { HostFaultKind } from "./host-fault.ts";
import { type HciTrouble, noTrouble } from "./hci-trouble.ts";
import { LateQueue } from "./late-queue.ts";
import type { Settings } from "./settings.ts";

/** The packet type, the opcode and the length of the parameters. Vol 4, Part E, 5.4.1. */
export const commandHeaderSize = 4;

/** How many packets of the host a controller that is hung holds: more than any credits allow. */
const mostUntaken = 1024;

/** How many packets for the host a controller holds before it takes no more data from the air. */
const mostWaiting = 256;

/** Probabilities are drawn to one in so many. */
const grain = 0x1_0000_0000;

/** What is behind the port. */
export interface Inside {
  readonly medium: { readonly clock: Clock; readonly random: Random };
  readonly settings: Pick<Settings, "commandPackets">;
  /** Has the port take in and hand out. */
  wake(): void;
  /** One packet from the host. */
  receive(packet: Uint8Array): void;
  /** Whether this kind of controller sends an event at all. */
  knowsEvent(code: number, subevent: number | undefined): boolean;
  fault(kind: HostFaultKind, message: string): void;
}

/** The controller's end of HCI: packets wait here in both directions until the air's turn. */
export class HciPort {
  masks: EventMasks = new EventMasks();
  /** The host's buffers for data. */
  readonly flow: HostFlow = new HostFlow((packet, origin) => {
    this.#enqueue(packet, origin);
  });
  /** What the host cannot know yet. */
  readonly ended: EndedLinks = new EndedLinks();
  readonly #chip: Inside;
  readonly #in = new Ring<Uint8Array>();
  readonly #out = new Ring<Uint8Array>();
  /** For each packet in `#out`, whose buffer comes free when the host has it. */
  readonly #origins = new Ring<Origin | undefined>();
  /** Events that are held back, when they are. */
  readonly #late: LateQueue<Uint8Array>;
  #receiver: HciReceiver | undefined;
  #trouble: HciTrouble = noTrouble;
  /** How many packets the host has sent, and how many of them were worked off. */
  #sent = 0;
  #taken = 0;
  /** Commands whose answer the host has not seen. */
  #unanswered = 0;
  /** What the host was told last, less what it has sent since. Before anything was told it is 1. Vol 4, Part E, 4.4. */
  #allowed = 1;

  constructor(chip: Inside) {
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
    this.#sent = this.#taken = 0;
    this.ended.forget();
  }

  /** A packet from the host. */
  send(packet: Uint8Array): void {
    if (this.#trouble.hung && this.#in.length >= mostUntaken) {
      const kind = packet[0] === PacketType.Command ? "commandCredit" : "aclCredit";
      this.#chip.fault(kind, `a packet more than the ${mostUntaken} that wait for a controller that is hung`);
      return;
    }
    if (isCharged(packet)) this.#charge();
    this.#sent++;
    this.#in.push(packet);
    this.#chip.wake();
  }

  takeIn(): void {
    if (this.#trouble.hung) return;
    for (let packet = this.#in.shift(); packet; packet = this.#in.shift()) {
      this.#taken++;
      this.#chip.receive(packet);
    }
  }

  handOut(): void {
    if (this.#trouble.hung) return;
    // What is pushed meanwhile belongs to the next turn.
    for (let left = this.#out.length; left > 0 && this.#receiver; left--) {
      const packet = this.#out.shift();
      const origin = this.#origins.shift();
      if (!packet) return;
      if (packet[0] === PacketType.Event) this.#tell(packet);
      if (origin) origin.returned();
      this.#receiver.packet(packet);
      if (this.#trouble.duplicate > 0) this.#repeat(packet);
    }
  }

  /** Whether the host could take a link for alive when it sent the packet that is being worked off. */
  couldBeAlive(handle: number): boolean {
    return this.ended.couldBeAlive(handle, this.#taken);
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
  push(packet: Uint8Array, origin: Origin | undefined): void {
    if (!this.#receiver) return;
    if (packet[0] === PacketType.AclData && this.flow.holds(packet, origin)) return;
    const { delayMs } = this.#trouble;
    const isLate = packet[0] === PacketType.Event && (delayMs > 0 || !this.#late.empty);
    if (isLate) this.#late.push(packet, delayMs);
    else this.#enqueue(packet, origin);
  }

  #enqueue(packet: Uint8Array, origin: Origin | undefined): void {
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

  /** An event is handed out: what the host may do, and what it knows, follow from some of them. */
  #tell(packet: Uint8Array): void {
    if (packet[1] === DisconnectionComplete.code) this.ended.tell(u16At(packet, 4), this.#sent);
    else this.#discharge(packet);
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

/**
 * Whether a packet takes part in the flow control of commands, as all commands but one do. Vol 4, Part E, 7.3.40.
 *
 * One without a whole header is not answered: it would never be given back.
 */
function isCharged(packet: Uint8Array): boolean {
  if (packet[0] !== PacketType.Command || packet.length < commandHeaderSize) return false;
  return u16At(packet, 1) !== HostNumberOfCompletedPackets.opcode;
}
