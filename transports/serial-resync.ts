import type { Clock } from "../src/common/clock.ts";
import { concat, equal, noOctets, u16At } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { commandName } from "../src/hci/commands/names.ts";
import { Reset } from "../src/hci/commands/controller-baseband.ts";
import { encodeCommand } from "../src/hci/command.ts";
import { type Event, leMetaEventCode } from "../src/hci/event.ts";
import { eventByCode } from "../src/hci/events/registry.ts";
import { CommandComplete } from "../src/hci/events/flow.ts";
import { PacketType } from "../src/hci/packet.ts";
import { H4Framer, type PacketSink } from "./h4-framer.ts";

/** Where packets go, and word of what was no packet. */
export interface ResyncSink extends PacketSink {
  /** The stream lost its packets here. Octets are skipped until one begins for certain. */
  fault(error: MalformedPduError): void;
}

/** After so long a silence within a packet, in ms, what comes next may be a new one. */
const longSilence = 500;

const resetCommand = encodeCommand(Reset, {});
const eventHeader = 3;
const resetCompleteSize = 7;
/** The least of a Command Complete event that names its command. */
const namesItsCommand = 6;

/**
 * Cuts the stream of a serial port into HCI packets, and finds the next one where octets were lost, changed or added.
 * Vol 4, Part A, 4 has the host reset the controller then; this saves it that where it can.
 *
 * What it does about noise:
 * - An octet that is no packet type where a packet begins is a fault. From there octets are skipped until an event
 *   stands there that the specification knows, with a length that fits its parameters, and behind it nothing or another
 *   packet. Command Complete must also name a command that there is.
 * - Noise may look like the header of a long packet, and swallow what comes. When the host resets the controller, as it
 *   does when a command is not answered, the answer is found wherever it stands.
 * - Silence within a packet and then a whole event: the packet is dropped, the controller has begun anew.
 * - What noise does to the inside of a packet nobody can tell: UARTs have no checksum. H5 has.
 */
export class ResyncingFramer {
  readonly #framer = new H4Framer();
  readonly #clock: Clock;
  readonly #sink: ResyncSink;
  #isLost = false;
  /** While packets are sought: what may be the beginning of one. */
  #kept: Uint8Array = noOctets;
  #lastAt = 0;
  #awaitsReset = false;
  /** While it does: what may be the beginning of the answer. */
  #tail: Uint8Array = noOctets;
  #skipped = 0;
  #faults = 0;

  constructor(sink: ResyncSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /** Octets that were part of no packet, so far. */
  get skipped(): number {
    return this.#skipped;
  }

  /** How often packets had to be sought, so far. */
  get faults(): number {
    return this.#faults;
  }

  /** Tells it of a packet to the controller, since the answer to a Reset is where order begins again. */
  sent(packet: Uint8Array): void {
    if (packet[0] !== PacketType.Command || !equal(packet, resetCommand)) return;
    this.#awaitsReset = true;
  }

  /** Takes the next octets and gives every packet that is now whole to the sink, in order. Throws what the sink throws. */
  push(chunk: Uint8Array): void {
    const now = this.#clock.now();
    const isLate = now - this.#lastAt >= longSilence;
    if (isLate && judge(chunk, 0) === "yes") this.#forget("a packet was never finished");
    this.#lastAt = now;
    if (this.#awaitsReset) this.#takeUntilReset(chunk);
    else this.#take(chunk);
  }

  #take(chunk: Uint8Array): void {
    let octets = chunk;
    while (octets.length > 0) {
      if (this.#isLost) octets = this.#seek(octets);
      octets = this.#parse(octets);
    }
  }

  /** The answer to a Reset begins a packet, whatever the octets before it looked like. */
  #takeUntilReset(chunk: Uint8Array): void {
    const octets = this.#tail.length > 0 ? concat(this.#tail, chunk) : chunk;
    this.#tail = noOctets;
    let at = 0;
    while (at < octets.length && !couldBeResetComplete(octets, at)) at++;
    this.#take(octets.subarray(0, at));
    const rest = octets.subarray(at);
    if (rest.length < resetCompleteSize) {
      this.#tail = rest.slice();
      return;
    }
    this.#awaitsReset = false;
    this.#forget("the answer to HCI_Reset came within what was taken for a packet");
    this.#take(rest);
  }

  /** Gives the packets to the sink; returns what stands from a fault on. */
  #parse(octets: Uint8Array): Uint8Array {
    const framer = this.#framer;
    try {
      framer.push(octets, this.#sink);
      return noOctets;
    } catch (error) {
      if (!(error instanceof MalformedPduError) || error !== framer.fault) throw error;
      const rest = octets.subarray(framer.understood);
      framer.reset();
      this.#lose(error);
      return rest;
    }
  }

  /** Skips octets; returns those from the first on that begin a packet for certain. */
  #seek(octets: Uint8Array): Uint8Array {
    const all = concat(this.#kept, octets);
    let at = 0;
    let verdict: Verdict = "no";
    while (at < all.length) {
      verdict = judge(all, at);
      if (verdict !== "no") break;
      at++;
    }
    this.#skipped += at;
    this.#kept = verdict === "maybe" ? all.slice(at) : noOctets;
    if (verdict !== "yes") return noOctets;
    this.#isLost = false;
    return all.subarray(at);
  }

  /** Drops what has begun a packet, or may have: the next octet begins one. */
  #forget(why: string): void {
    const held = this.#isLost ? this.#kept : this.#framer.held;
    if (!this.#isLost && held.length > 0) this.#lose(new MalformedPduError("H4", why, held));
    this.#skipped += held.length;
    this.#kept = noOctets;
    this.#isLost = false;
    this.#framer.reset();
  }

  #lose(error: MalformedPduError): void {
    this.#isLost = true;
    this.#faults++;
    this.#sink.fault(error);
  }
}

/** Whether a packet begins here: yes, no, or more octets have to come to tell. */
type Verdict = "yes" | "no" | "maybe";

function judge(octets: Uint8Array, at: number): Verdict {
  if (octets[at] !== PacketType.Event) return "no";
  const left = octets.length - at;
  if (left <= eventHeader) return "maybe"; // no event that is looked for has no parameters
  const event = eventByCode(octets[at + 1] ?? 0, octets[at + eventHeader]);
  if (!event || !isKnownCommand(octets, at)) return "no";
  const size = eventHeader + (octets[at + 2] ?? 0);
  if (left < size) return "maybe";
  if (left > size && !canFollow(octets[at + size])) return "no";
  return isOf(event, octets.subarray(at, at + size)) ? "yes" : "no";
}

function isOf({ code, parameters }: Event<unknown>, packet: Uint8Array): boolean {
  try {
    parameters.decode(packet, code === leMetaEventCode ? eventHeader + 1 : eventHeader);
    return true;
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error; // a fault of ours: do not hide it
    return false;
  }
}

/** Of Command Complete, as far as it is there. */
function isKnownCommand(octets: Uint8Array, at: number): boolean {
  if (octets[at + 1] !== CommandComplete.code || octets.length - at < namesItsCommand) return true;
  return commandName(u16At(octets, at + 4)) !== undefined;
}

/** What a controller sends: anything but commands. */
function canFollow(octet: number | undefined): boolean {
  return octet !== undefined && octet >= PacketType.AclData && octet <= PacketType.IsoData;
}

/** HCI_Command_Complete for HCI_Reset; the controller says how many commands it takes. Vol 4, Part E, 7.7.14. */
const resetComplete = [
  PacketType.Event,
  CommandComplete.code,
  4,
  undefined,
  Reset.opcode & 0xff,
  Reset.opcode >> 8,
];

/** Whether as much of it as is there stands here. */
function couldBeResetComplete(octets: Uint8Array, at: number): boolean {
  return resetComplete.every((octet, index) => {
    const actual = octets[at + index];
    return octet === undefined || actual === undefined || actual === octet;
  });
}
