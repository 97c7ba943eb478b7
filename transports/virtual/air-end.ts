import { noOctets, putU16 } from "../../src/common/bytes.ts";
import { Ring } from "../../src/common/ring.ts";
import { aclHeaderSize } from "../../src/hci/acl-view.ts";
import { deliver, partOf } from "./acl-delivery.ts";
import { micSize, payloadWithin } from "./air-time.ts";
import type { ControlPdu } from "./carrier.ts";
import type { LinkEnd } from "./link-end.ts";
import { type LinkPacket, llidOf, payloadOf } from "./link-capture.ts";
import { Llid } from "./llid.ts";
import { Phy } from "./phy.ts";

/** On LE Coded every controller manages a packet with 27 octets, whatever was negotiated. Vol 6, Part B, 4.5.10. */
const leastCodedTime = 2704;

/** How many connection events a change is announced ahead. Vol 6, Part B, 5.5. */
const instantAhead = 6;

const Flying = { Nothing: 0, Empty: 1, Control: 2, Data: 3 } as const;
type Flying = (typeof Flying)[keyof typeof Flying];

/** One end of a link as the acknowledgement scheme knows it: what is sent, and what waits. Vol 6, Part B, 4.5.9. */
export class AirEnd {
  /** transmitSeqNum */
  sn = 0;
  /** nextExpectedSeqNum */
  nesn = 0;
  readonly end: LinkEnd;
  readonly #controls = new Ring<ControlPdu>();
  readonly #controlTimes = new Ring<number>();
  /** ACL packets, and control that goes behind them. */
  readonly #data = new Ring<Uint8Array | ControlPdu>();
  readonly #dataTimes = new Ring<number>();
  /** How many octets of the first of `#data` have been acknowledged. */
  #offset = 0;
  /** What was sent and is not acknowledged. */
  #flying: Flying = Flying.Nothing;
  #control: ControlPdu | undefined;
  #size = 0;
  #instant = 0;
  #llid: Llid = Llid.Continuation;
  /** Its payload as it goes through the air, where that is really encrypted. */
  #sealed: Uint8Array | undefined;

  constructor(end: LinkEnd) {
    this.end = end;
  }

  data(packet: Uint8Array, now: number): void {
    this.#data.push(packet);
    this.#dataTimes.push(now);
  }

  control(pdu: ControlPdu, now: number): void {
    (pdu.behindData ? this.#data : this.#controls).push(pdu);
    (pdu.behindData ? this.#dataTimes : this.#controlTimes).push(now);
  }

  /** Since when it has had something to send; Infinity when it has nothing. */
  get readySince(): number {
    if (this.#flying >= Flying.Control) return Number.NEGATIVE_INFINITY;
    const control = this.#controlTimes.peek() ?? Number.POSITIVE_INFINITY;
    return this.end.paused ? control : Math.min(control, this.#dataTimes.peek() ?? control);
  }

  /** Whether a packet that it sends at `time` is one that was sent before. */
  get repeats(): boolean {
    return this.#flying !== Flying.Nothing;
  }

  /** How long the payload of a packet sent at `time` is, with its message integrity check. */
  sizeAt(time: number): number {
    const size = this.#flying === Flying.Nothing ? this.#nextSize(time) : this.#size;
    return size > 0 && this.end.encrypted ? size + micSize : size;
  }

  /** Sends the next packet, or the last one again. @param event - The connection event it is sent in. */
  transmit(time: number, event: number): void {
    if (this.#flying !== Flying.Nothing) return;
    this.#size = this.#nextSize(time);
    const item = this.#head(time);
    if (item === undefined) {
      this.#flying = Flying.Empty;
      this.#llid = Llid.Continuation;
    } else if (item instanceof Uint8Array) {
      this.#flying = Flying.Data;
      this.#llid = llidOf(item, this.#offset);
    } else {
      this.#flying = Flying.Control;
      this.#llid = Llid.Control;
      this.#control = item;
      this.#instant = event + instantAhead;
      if (item.instantAt !== undefined) putU16(item.octets, item.instantAt, this.#instant);
    }
    if (item !== undefined) this.#sealed = this.end.encryption.transmit?.seal(this.#llid, this.#payload);
  }

  /** More Data: whether there is something behind the packet sent at `time`. Vol 6, Part B, 4.5.6. */
  more(time: number): boolean {
    const quick = this.#control !== undefined && !this.#control.behindData;
    if (this.#controls.length > Number(quick) && (quick || isBy(this.#controlTimes, time))) return true;
    const head = this.#data.peek();
    if (head === undefined || this.end.paused) return false;
    if (this.#flying !== Flying.Data && this.#control !== head) return isBy(this.#dataTimes, time);
    return this.#data.length > 1 || (head instanceof Uint8Array && this.#offset + this.#size < sizeOf(head));
  }

  /** For the capture. @param ciphered - Whether as it goes through the air. */
  content(ciphered: boolean): Pick<LinkPacket, "llid" | "payload" | "decrypted"> {
    const sealed = this.#sealed;
    if (sealed && ciphered) return { llid: this.#llid, payload: sealed };
    return { llid: this.#llid, payload: this.#payload, decrypted: sealed !== undefined };
  }

  /** Whether what it sent last has a payload. */
  get busy(): boolean {
    return this.#flying >= Flying.Control;
  }

  /** Whether what it sent last is data of its host. */
  get carriesData(): boolean {
    return this.#flying === Flying.Data;
  }

  /** The peer has what was sent, for the first time. */
  arrive(): void {
    const { encrypted, peer } = this.end;
    if (this.#sealed && !this.#open(this.#sealed)) return;
    if (encrypted && this.busy) peer.encryption.payload.heard();
    if (this.#control) {
      this.#control.arrived(this.#instant);
      return;
    }
    const packet = this.#data.peek();
    if (this.#flying !== Flying.Data || !(packet instanceof Uint8Array)) return;
    const whole = this.#offset === 0 && this.#size === sizeOf(packet);
    const first = this.#llid === Llid.Start;
    deliver(peer, whole ? packet : partOf(packet, this.#offset, this.#size, first), undefined);
  }

  /** The peer has acknowledged what was sent. */
  acknowledged(): void {
    const flying = this.#flying;
    this.#flying = Flying.Nothing;
    if (flying === Flying.Control) this.#take(this.#control?.behindData ? this.#data : this.#controls);
    this.#control = this.#sealed = undefined;
    const packet = this.#data.peek();
    if (flying !== Flying.Data || !(packet instanceof Uint8Array)) return;
    this.#offset += this.#size;
    if (this.#offset < sizeOf(packet)) return;
    this.#offset = 0;
    this.#take(this.#data);
    this.end.chip.acl.returned(this.end);
  }

  clear(): void {
    for (const ring of [this.#controls, this.#controlTimes, this.#data, this.#dataTimes]) ring.clear();
  }

  #take(from: Ring<ControlPdu> | Ring<Uint8Array | ControlPdu>): void {
    from.shift();
    (from === this.#controls ? this.#controlTimes : this.#dataTimes).shift();
  }

  /** The payload of what was sent last, in plain. */
  get #payload(): Uint8Array {
    if (this.#control) return this.#control.octets;
    const head = this.#data.peek();
    if (this.#flying !== Flying.Data || !(head instanceof Uint8Array)) return noOctets;
    return payloadOf(head, this.#offset, this.#size);
  }

  /** False if the peer can make nothing of it. */
  #open(sealed: Uint8Array): boolean {
    const payload = this.end.peer.encryption.open(this.#llid, sealed);
    if (payload) this.#payload.set(payload);
    return payload !== undefined;
  }

  #head(time: number): Uint8Array | ControlPdu | undefined {
    if (isBy(this.#controlTimes, time)) return this.#controls.peek();
    return this.end.paused || !isBy(this.#dataTimes, time) ? undefined : this.#data.peek();
  }

  #nextSize(time: number): number {
    const head = this.#head(time);
    if (head === undefined) return 0;
    return head instanceof Uint8Array
      ? Math.min(this.#most, sizeOf(head) - this.#offset)
      : head.octets.length;
  }

  /** The longest payload it may send now. Vol 6, Part B, 4.5.10. */
  get #most(): number {
    const { dataLength, phy, encrypted } = this.end;
    const { octets, time } = dataLength.transmit;
    const within = payloadWithin(
      phy.transmit,
      phy.transmit >= Phy.CodedS8 ? Math.max(time, leastCodedTime) : time,
    );
    return Math.max(1, Math.min(octets, encrypted ? within - micSize : within));
  }
}

function sizeOf(packet: Uint8Array): number {
  return packet.length - aclHeaderSize;
}

/** Whether what waits first has been there at `time`. */
function isBy(times: Ring<number>, time: number): boolean {
  return (times.peek() ?? Number.POSITIVE_INFINITY) <= time;
}
