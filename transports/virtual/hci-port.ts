import { concat, noOctets } from "../../src/common/bytes.ts";
import { type Event, encodeEvent } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver } from "../../src/hci/transport.ts";
import { Ring } from "../../src/common/ring.ts";
import type { Chip } from "./chip.ts";
import { EventMasks } from "./event-masks.ts";
import type { LinkEnd } from "./link.ts";

/** The controller's end of HCI: packets wait here in both directions until the air's turn. */
export class HciPort {
  masks: EventMasks = new EventMasks();
  readonly #chip: Chip;
  readonly #in = new Ring<Uint8Array>();
  readonly #out = new Ring<Uint8Array>();
  /** For each packet in `#out`, whose buffer comes free when the host has it. */
  readonly #origins = new Ring<LinkEnd | undefined>();
  #receiver: HciReceiver | undefined;
  /** Commands whose answer the host has not seen. */
  #unanswered = 0;
  /** What the host was told last, less what it has sent since. Before anything was told it is 1. Vol 4, Part E, 4.4. */
  #allowed = 1;

  constructor(chip: Chip) {
    this.#chip = chip;
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
    this.#origins.clear();
    this.#unanswered = 0;
    this.#allowed = 1;
  }

  /** A packet from the host. */
  send(packet: Uint8Array): void {
    if (packet[0] === PacketType.Command) this.#charge();
    this.#in.push(packet);
    this.#chip.wake();
  }

  takeIn(): void {
    for (let packet = this.#in.shift(); packet; packet = this.#in.shift()) this.#chip.receive(packet);
  }

  handOut(): void {
    // What is pushed meanwhile belongs to the next turn.
    for (let left = this.#out.length; left > 0 && this.#receiver; left--) {
      const packet = this.#out.shift();
      const origin = this.#origins.shift();
      if (!packet) return;
      if (packet[0] === PacketType.Event) this.#discharge(packet);
      if (origin) origin.chip.acl.returned(origin);
      this.#receiver.packet(packet);
    }
  }

  /** Whether the host has unmasked an event. */
  wants(event: Pick<Event<unknown>, "code" | "subevent">): boolean {
    return this.masks.allow(event.code, event.subevent);
  }

  /** Sends an event that can be masked, unless it is. */
  event<T>(definition: Event<T>, parameters: T): void {
    if (this.masks.allow(definition.code, definition.subevent)) {
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
    this.#out.push(packet);
    this.#origins.push(origin);
    this.#chip.wake();
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
    this.#unanswered--;
    this.#allowed = Math.max(0, this.#chip.settings.commandPackets - this.#unanswered);
    packet[at] = this.#allowed;
  }
}
