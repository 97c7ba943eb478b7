import { AirEnd } from "./air-end.ts";
import { airTime, interFrameSpace } from "./air-time.ts";
import type { Carrier, ControlPdu } from "./carrier.ts";
import type { SharedLink, LinkEnd } from "./link-end.ts";
import { captureLinkPacket } from "./link-capture.ts";
import { isLost } from "./loss.ts";
import { type Contender, newContender } from "./radio-time.ts";

/** Rounding of times, in ms. */
const hair = 1e-6;

/** From µs. */
const microsecond = 1e-3;

const never = Number.POSITIVE_INFINITY;

/** Something to do when a connection event begins. */
interface Instant {
  readonly event: number;
  readonly callback: () => void;
}

/**
 * Packets go in connection events, with the acknowledgement scheme of Vol 6, Part B, 4.5.
 *
 * There is one timer, for the end of the next exchange of two packets that matters: as long as neither end has
 * anything to send and nothing can be lost, events pass by arithmetic alone. A packet that is lost ends the event.
 */
export class AirCarrier implements Carrier<LinkEnd> {
  readonly #link: SharedLink;
  #ends: { readonly central: AirEnd; readonly peripheral: AirEnd } | undefined;
  #instants: Instant[] = [];
  #timer: Disposable | undefined;
  /** The event that comes next of those that matter, once it is decided. */
  #event: number | undefined;
  /** Whether that event matters without a capture: only then it takes the radio from others. */
  #claims = false;
  readonly #contender: Contender;
  /** Of the event that goes on, when the next packet of the central is sent. */
  #start: number | undefined;
  /** When that event has to be over. */
  #limit = 0;
  #busy = false;
  #disposed = false;

  constructor(link: SharedLink) {
    this.#link = link;
    this.#contender = newContender(link.identity.accessAddress);
  }

  data(end: LinkEnd, packet: Uint8Array): void {
    this.settle();
    this.#at(end).data(packet, this.#now);
    this.#decide();
  }

  control(end: LinkEnd, pdu: ControlPdu): void {
    this.settle();
    this.#at(end).control(pdu, this.#now);
    this.#decide();
  }

  at(event: number, callback: () => void): boolean {
    if (event < this.#link.plan.next) return false;
    this.#instants.push({ event, callback });
    this.#decide();
    return true;
  }

  /** Lets the events pass in which nothing happened. */
  settle(): void {
    if (this.#event !== undefined || this.#start !== undefined || this.#isOver()) return;
    this.#pass(this.#link.plan.eventAt(this.#now));
  }

  pause(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = this.#event = this.#start = undefined;
    this.#planNothing();
  }

  resume(): void {
    const { plan } = this.#link;
    // Nothing went through meanwhile, and the peripheral sleeps no more.
    plan.next = Math.max(plan.next, plan.eventAt(this.#now));
    plan.attended = -1;
    this.#decide();
  }

  replan(): void {
    this.settle();
    if (this.#start !== undefined) return;
    this.pause();
    this.#decide();
  }

  dispose(): void {
    this.pause();
    this.#disposed = true;
    for (const { end } of this.#ends ? [this.#ends.central, this.#ends.peripheral] : []) {
      end.chip.radio.remove(this.#contender);
    }
    this.#instants = [];
    this.#ends?.central.clear();
    this.#ends?.peripheral.clear();
  }

  /** Nothing goes through, or the link is gone: what arrives may bring that about. */
  #isOver(): boolean {
    return this.#disposed || this.#link.silent;
  }

  get #now(): number {
    return this.#link.medium.clock.now();
  }

  get #both(): { readonly central: AirEnd; readonly peripheral: AirEnd } {
    return (this.#ends ??= this.#begin());
  }

  #begin(): { readonly central: AirEnd; readonly peripheral: AirEnd } {
    const { central } = this.#link;
    for (const { chip } of [central, central.peer]) chip.radio.add(this.#contender);
    return { central: new AirEnd(central), peripheral: new AirEnd(central.peer) };
  }

  #at(end: LinkEnd): AirEnd {
    const { central, peripheral } = this.#both;
    return end === central.end ? central : peripheral;
  }

  /** Sets the timer for what comes next, unless it is set already. */
  #decide(): void {
    if (this.#isOver() || this.#start !== undefined) return;
    const event = this.#nextEvent();
    if (event === this.#event) return;
    this.#event = event;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    if (event === undefined) this.#planNothing();
    else this.#await(event);
  }

  /** Sets the timer for the end of the first exchange of an event. */
  #await(event: number): void {
    const contender = this.#contender;
    const anchor = this.#link.plan.anchor(event);
    const end = anchor + this.#duration(anchor);
    contender.plannedFrom = this.#claims ? anchor : never;
    contender.plannedUntil = this.#claims ? end : never;
    this.#wait(end);
  }

  #planNothing(): void {
    this.#contender.plannedFrom = this.#contender.plannedUntil = never;
  }

  #wait(until: number): void {
    const { clock } = this.#link.medium;
    this.#timer = clock.after(until - clock.now(), this.#run);
  }

  /** The next event that matters. */
  #nextEvent(): number | undefined {
    const { plan, loss, established, medium } = this.#link;
    const { central, peripheral } = this.#both;
    let next = never;
    if (loss > 0 || !established) next = plan.heard(plan.next);
    const toPeripheral = central.readySince;
    if (toPeripheral < never) next = Math.min(next, plan.heard(this.#from(toPeripheral)));
    const toCentral = peripheral.readySince;
    if (toCentral < never) next = Math.min(next, plan.used(this.#from(toCentral)));
    for (const { event } of this.#instants) next = Math.min(next, Math.max(plan.next, event));
    const seen = medium.capture ? plan.heard(plan.next) : never;
    this.#claims = next <= seen;
    next = Math.min(next, seen);
    return next === never ? undefined : next;
  }

  /** The first event for what is ready since `time`. */
  #from(time: number): number {
    const { plan } = this.#link;
    return Math.max(plan.next, plan.eventAt(time));
  }

  /** How long an exchange of two packets takes that begins at `start`, in ms. */
  #duration(start: number): number {
    const { central, peripheral } = this.#both;
    return (
      (airTime(central.end.phy.transmit, central.sizeAt(start)) +
        interFrameSpace +
        airTime(peripheral.end.phy.transmit, peripheral.sizeAt(start))) *
      microsecond
    );
  }

  readonly #run = (): void => {
    this.#timer = undefined;
    const now = this.#now;
    // Usually one exchange; more when the clock is late.
    while (!this.#isOver()) {
      if (this.#start === undefined && !this.#beginEvent(now)) return;
      if (this.#start === undefined) continue; // what an instant brought has ended the link
      const end = this.#start + this.#duration(this.#start);
      if (end > now + hair) {
        this.#wait(end);
        return;
      }
      this.#exchange(this.#start, end);
    }
  };

  /** False when there is nothing to do before the timer. */
  #beginEvent(now: number): boolean {
    const { plan, mostEventTime } = this.#link;
    if (this.#event === undefined) {
      this.#decide();
      return false;
    }
    const event = this.#event;
    if (plan.anchor(event) > now + hair) {
      this.#await(event);
      return false;
    }
    this.#pass(event);
    this.#event = undefined;
    const start = plan.anchor(event);
    this.#start = start;
    this.#busy = false;
    this.#reachInstants(event);
    if (!this.#takeRadio(start)) {
      this.#skip();
      return true;
    }
    const next = plan.anchor(plan.used(event + 1));
    this.#limit = mostEventTime > 0 ? Math.min(next, start + mostEventTime) : next;
    return true;
  }

  /** False if another link of one of the ends has it. */
  #takeRadio(start: number): boolean {
    const contender = this.#contender;
    const { central, peripheral } = this.#both;
    if (!this.#claims || this.#isOver()) return true;
    contender.plannedFrom = start;
    contender.plannedUntil = start + this.#duration(start);
    const isFree = central.end.chip.radio.isFree(contender) && peripheral.end.chip.radio.isFree(contender);
    contender.lost = isFree ? 0 : contender.lost + 1;
    if (isFree) {
      contender.takenFrom = start;
      contender.takenUntil = contender.plannedUntil;
    }
    this.#planNothing();
    return isFree;
  }

  /** The event does not take place: one end is in another, and neither hears anything. */
  #skip(): void {
    const { plan } = this.#link;
    const { central, peripheral } = this.#both;
    this.#link.crowded = true;
    for (const { end } of [central, peripheral]) end.watch();
    plan.hold(plan.next, false);
    plan.attended = -1;
    this.#start = undefined;
    this.#event = this.#nextEvent();
  }

  /** Whether there is time for one more exchange, from `next` on, before this link or another has its next event. */
  #fits(next: number): boolean {
    const { central, peripheral } = this.#both;
    const until = next + this.#duration(next);
    const wantedAt = Math.min(
      this.#limit,
      central.end.chip.radio.wantedAt(this.#contender),
      peripheral.end.chip.radio.wantedAt(this.#contender),
    );
    if (until + interFrameSpace * microsecond > wantedAt + hair) return false;
    if (this.#claims) this.#contender.takenUntil = until;
    return true;
  }

  #reachInstants(event: number): void {
    const due = this.#instants.filter((instant) => instant.event <= event);
    if (due.length === 0) return;
    this.#instants = this.#instants.filter((instant) => instant.event > event);
    for (const { callback } of due) callback();
  }

  /** Events before `end` in which both send empty packets. */
  #pass(end: number): void {
    const { plan } = this.#link;
    const events = plan.idle(end);
    if (events === 0) return;
    this.#link.established = true;
    const { central, peripheral } = this.#both;
    for (const side of [central, peripheral]) {
      side.end.heardAt = plan.anchor(plan.attended);
      side.end.counters.packets += events;
      side.end.counters.connectionEvents += events;
      side.sn ^= events & 1;
      side.nesn ^= events & 1;
    }
  }

  /** The central sends a packet, the peripheral one in answer. Vol 6, Part B, 4.5.6 and 4.5.9. */
  #exchange(start: number, end: number): void {
    const { central, peripheral } = this.#both;
    const centralMore = this.#send(central, start);
    if (isLost(this.#link)) {
      this.#miss(peripheral, central);
      return;
    }
    const event = this.#link.plan.next;
    const answerAt =
      start + (airTime(central.end.phy.transmit, central.sizeAt(start)) + interFrameSpace) * microsecond;
    peripheral.end.heardAt = end;
    this.#receive(central, peripheral);
    if (this.#isOver()) return;
    const peripheralMore = this.#send(peripheral, start, answerAt);
    if (isLost(this.#link)) {
      this.#miss(central);
      return;
    }
    central.end.heardAt = end;
    this.#link.established = true;
    this.#link.crowded = false;
    this.#receive(peripheral, central);
    if (this.#isOver() || this.#link.plan.next !== event) return;
    const next = end + interFrameSpace * microsecond;
    const isLast = !centralMore && !peripheralMore;
    if (isLast || !this.#fits(next)) this.#endEvent(true);
    else this.#start = next;
  }

  /** Returns its More Data. */
  #send(from: AirEnd, decidedAt: number, at: number = decidedAt): boolean {
    const { counters } = from.end;
    const event = this.#link.plan.next;
    counters.packets++;
    if (from.repeats) counters.retransmissions++;
    from.transmit(decidedAt, event);
    this.#busy ||= from.busy;
    const md = from.more(decidedAt);
    const { capture } = this.#link.medium;
    if (capture) {
      const content = from.content(capture.ciphered);
      captureLinkPacket(from.end, at, event, { sn: from.sn, nesn: from.nesn, md, ...content });
    }
    return md;
  }

  #receive(from: AirEnd, to: AirEnd): void {
    if (from.nesn !== to.sn) {
      to.sn ^= 1;
      to.acknowledged();
    }
    if (from.sn !== to.nesn) return; // had it already
    // No room for data: it is not acknowledged, and comes again. Control needs none of the host's.
    if (from.carriesData && to.end.chip.hci.full) return;
    to.nesn ^= 1;
    from.arrive();
  }

  /** These did not hear what was due to them: the event is over. */
  #miss(...ends: readonly AirEnd[]): void {
    for (const { end } of ends) end.watch();
    this.#endEvent(ends.length === 1);
  }

  #endEvent(heard: boolean): void {
    const { plan } = this.#link;
    const { central, peripheral } = this.#both;
    const event = plan.next;
    plan.hold(event, this.#busy);
    // Who has missed an event does not sleep through the next ones.
    if (!heard) plan.attended = -1;
    for (const { end } of [central, peripheral]) end.counters.connectionEvents++;
    this.#start = undefined;
    this.#event = undefined;
    this.#event = this.#nextEvent();
  }
}
