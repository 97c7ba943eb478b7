import type { Clock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { decodeMessage, encodeMessage, type LinkConfiguration, type LinkMessage } from "./link-control.ts";
import { type Effect, type End, type Input, type State, step } from "./link-establishment.ts";
import { decodePacket, encodePacket, H5PacketType, longestPacket, longestPayload } from "./packet.ts";
import { type Outgoing, ReliableSender } from "./reliable-sender.ts";
import { SlipDecoder, slipEncode } from "./slip.ts";

/** What a link tells whoever stands on it. */
export interface H5LinkUser {
  /** Octets for the wire, *owned*. */
  write(octets: Uint8Array): void;
  /** The link is up; after {@link reset} once more. */
  activated(configuration: LinkConfiguration): void;
  /** One whole HCI packet, packet-type octet first, *borrowed* until the call returns. */
  packet(packet: Uint8Array): void;
  /** The other end has begun anew: what was under way in both directions is lost. */
  reset(): void;
  /** Something on the wire that cannot be understood; it was dropped. */
  fault(error: MalformedPduError): void;
  /** The other end does not answer: nothing more comes of this link. */
  unheard(): void;
}

/** How a link is. */
export interface H5LinkOptions extends End {
  /** After how long a packet is sent again that was not acknowledged, in ms. */
  readonly resendMs: number;
}

/** How often SYNC and CONFIG are sent, in ms. Vol 4, Part D, 8.4 and 8.6. */
const repeatMs = 250;
/** How often each of them is sent before the other end counts as absent. */
const mostRepeats = 20;
/** How often WAKEUP is sent, in ms. */
const wakeupMs = 50;
const mostWakeups = 100;

/** Synchronous data and ISO data are sent once, come what may. Vol 4, Part D, 4.5. */
const reliableTypes: ReadonlySet<number> = new Set([
  PacketType.Command,
  PacketType.AclData,
  PacketType.Event,
]);
const hciTypes: ReadonlySet<number> = new Set(Object.values(PacketType));

const off: LinkConfiguration = { windowSize: 1, softwareFlowControl: false, dataIntegrityCheck: false };

/**
 * One end of a three-wire UART: HCI packets above, octets below, which may be lost, changed or added on the way.
 * Vol 4, Part D. It can be the end of the controller too.
 */
export class H5Link implements Disposable {
  readonly #user: H5LinkUser;
  readonly #clock: Clock;
  readonly #end: End;
  readonly #decoder = new SlipDecoder(longestPacket);
  readonly #sender: ReliableSender;
  #state: State = { at: "uninitialized" };
  #configuration = off;
  /** The sequence number that is due from the other end. */
  #expected = 0;
  #owesAcknowledgement = false;
  #peerAsleep = false;
  #repeats = 0;
  #timer: Disposable | undefined;
  #ended = false;
  readonly #packet = new Uint8Array(1 + longestPayload);

  constructor(user: H5LinkUser, clock: Clock, options: H5LinkOptions) {
    this.#user = user;
    this.#clock = clock;
    this.#end = options;
    this.#sender = new ReliableSender(
      {
        transmit: (packet, sequenceNumber) => this.#transmit(packet, true, sequenceNumber),
        unheard: () => this.#unheard(),
      },
      clock,
      options.resendMs,
    );
  }

  /** Begins to establish the link. */
  start(): void {
    this.#establish();
  }

  /** Octets that were sent and that the other end has not acknowledged yet. */
  get waiting(): number {
    return this.#sender.waiting;
  }

  /** Takes the next octets from the wire. */
  receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    this.#decoder.push(chunk, {
      frame: (octets) => this.#frame(octets),
      fault: (error) => this.#user.fault(error),
    });
    // One for all packets of a chunk, and none where a packet of ours has carried it.
    if (this.#owesAcknowledgement) this.#transmit(acknowledgement, false, 0);
  }

  /** Queues one HCI packet, packet-type octet first, which it *owns* from now on. While the link is down it is lost. */
  send(packet: Uint8Array): void {
    if (this.#ended || this.#state.at !== "active") return;
    const [type = 0] = packet;
    const payload = packet.subarray(1);
    if (payload.length > longestPayload) {
      this.#user.fault(
        new MalformedPduError("three-wire UART packet", `${payload.length} octets are too many`),
      );
    } else if (!reliableTypes.has(type)) {
      this.#transmit({ type, payload }, false, 0);
    } else {
      if (this.#peerAsleep) this.#wake();
      this.#sender.push({ type, payload });
    }
  }

  /** Tells the other end that this one sleeps: it wakes it before it sends. Vol 4, Part D, 9.3. */
  sleep(): void {
    if (this.#state.at === "active") this.#sendMessage({ type: "sleep" });
  }

  /** Ends it; nothing is sent any more, and no timer is left. */
  [Symbol.dispose](): void {
    this.#ended = true;
    this.#sender[Symbol.dispose]();
    this.#stopTimer();
  }

  #frame(octets: Uint8Array): void {
    if (this.#ended) return;
    try {
      this.#accept(octets);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error; // a fault of ours: do not hide it
      this.#user.fault(error);
    }
  }

  #accept(octets: Uint8Array): void {
    const { reliable, sequenceNumber, acknowledgementNumber, type, payload } = decodePacket(octets);
    if (type === H5PacketType.LinkControl) {
      // Its acknowledgement number says nothing: some ends leave it 0.
      const message = decodeMessage(payload);
      if (message) this.#message(message);
      return;
    }
    if (this.#state.at !== "active") return;
    if (this.#peerAsleep) this.#awake();
    this.#sender.acknowledge(acknowledgementNumber);
    if (reliable) {
      this.#owesAcknowledgement = true;
      if (sequenceNumber !== this.#expected) return; // one was lost before it, or it came already
      this.#expected = (this.#expected + 1) & 7;
    }
    if (!hciTypes.has(type)) return;
    this.#packet[0] = type;
    this.#packet.set(payload, 1);
    this.#user.packet(this.#packet.subarray(0, 1 + payload.length));
  }

  #message(message: LinkMessage): void {
    if (this.#state.at === "active") {
      if (message.type === "sleep") this.#peerAsleep = true;
      if (message.type === "sleep" && this.#sender.busy) this.#wake();
      if (message.type === "wakeup") this.#sendMessage({ type: "woken" });
      if (message.type === "woken" || message.type === "wakeup") this.#awake();
    }
    this.#step({ type: "message", message });
  }

  #step(input: Input): void {
    const [next, ...effects] = step(this.#state, input, this.#end);
    if (next.at !== this.#state.at) this.#repeats = 0;
    this.#state = next;
    for (const effect of effects) this.#carryOut(effect);
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "send":
        this.#sendMessage(effect.message);
        return;
      case "configured":
        this.#configuration = effect.configuration;
        this.#sender.windowSize = effect.configuration.windowSize;
        return;
      case "activated":
        this.#stopTimer();
        this.#user.activated(this.#configuration);
        return;
      case "peerReset":
        this.#sender[Symbol.dispose]();
        this.#expected = 0;
        this.#owesAcknowledgement = false;
        this.#peerAsleep = false;
        this.#configuration = off;
        this.#stopTimer();
        this.#timer = this.#clock.after(repeatMs, () => this.#establish());
        this.#user.reset();
        return;
    }
  }

  #establish(): void {
    if (++this.#repeats > mostRepeats) {
      this.#unheard();
      return;
    }
    this.#timer = this.#clock.after(repeatMs, () => this.#establish());
    this.#step({ type: "timer" });
  }

  /** Has the other end listen again, and keeps what there is to send until it does. Vol 4, Part D, 9.1. */
  #wake(): void {
    this.#sender.pause();
    if (this.#timer) return;
    this.#repeats = 0;
    this.#repeatWakeup();
  }

  #repeatWakeup(): void {
    if (++this.#repeats > mostWakeups) {
      this.#unheard();
      return;
    }
    this.#timer = this.#clock.after(wakeupMs, () => this.#repeatWakeup());
    this.#sendMessage({ type: "wakeup" });
  }

  #awake(): void {
    this.#peerAsleep = false;
    this.#stopTimer();
    this.#sender.resume();
  }

  #unheard(): void {
    this[Symbol.dispose]();
    this.#user.unheard();
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #sendMessage(message: LinkMessage): void {
    this.#transmit({ type: H5PacketType.LinkControl, payload: encodeMessage(message) }, false, 0);
  }

  #transmit({ type, payload }: Outgoing, reliable: boolean, sequenceNumber: number): void {
    if (this.#ended) return;
    const isOfLink = type === H5PacketType.LinkControl;
    const packet = encodePacket({
      sequenceNumber,
      acknowledgementNumber: isOfLink ? 0 : this.#expected,
      checked: this.#configuration.dataIntegrityCheck && payload.length > 0 && !isOfLink,
      reliable,
      type,
      payload,
    });
    if (!isOfLink) this.#owesAcknowledgement = false;
    this.#user.write(slipEncode(packet, this.#configuration.softwareFlowControl));
  }
}

const acknowledgement: Outgoing = { type: H5PacketType.Acknowledgement, payload: new Uint8Array(0) };
