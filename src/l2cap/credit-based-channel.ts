import { noOctets } from "../common/bytes.ts";
import type { BleError } from "../common/errors.ts";
import type { Priority } from "../common/priority.ts";
import type { Done, Outcome } from "../common/procedure.ts";
import type { ChannelUser } from "./channel.ts";
import { type Effect, type Input, type ReceiveLimits, type State, step } from "./channel-lifecycle.ts";
import type { CreditChannel, OpenChannel, Reconfiguration } from "./credit-channel.ts";
import { checkReconfiguration, type Limits } from "./credit-limits.ts";
import { CreditReceiver } from "./credit-receiver.ts";
import type { CreditSender, PeerEnd } from "./credit-sender.ts";
import { ChannelFaultError, ChannelUnavailableError } from "./error.ts";

/** What a channel asks of the link it is on. */
export interface ChannelLink {
  /** The sending end towards the peer's, once that is known. */
  sender(peer: PeerEnd, priority: Priority): CreditSender;
  /** False when the link has no room for it; then it calls {@link CreditBasedChannel.settle} when it has. */
  indicateCredits(channel: CreditBasedChannel, credits: number): boolean;
  /** Asks the peer, and puts its answer in. */
  sendDisconnect(channel: CreditBasedChannel): void;
  sendReconfigure(channel: CreditBasedChannel, limits: ReceiveLimits): void;
  /** Both ends are free for another channel. */
  release(channel: CreditBasedChannel): void;
}

/** What is known of a channel from the start. */
export interface ChannelIdentity {
  readonly localCid: number;
  readonly spsm: number;
  readonly enhanced: boolean;
  readonly limits: Limits;
}

const initial: State = { at: "opening", abandoned: false };

/** A credit-based channel: its life, with a sender and a receiver for its data. Vol 3, Part A, 10.1 and 10.2. */
export class CreditBasedChannel implements CreditChannel {
  readonly localCid: number;
  readonly spsm: number;
  readonly enhanced: boolean;
  readonly priority: Priority;
  readonly #link: ChannelLink;
  readonly #receiver: CreditReceiver;
  #state: State = initial;
  #peerCid = 0;
  #sender: CreditSender | undefined;
  #user: ChannelUser | undefined;
  #reconfigured: Done<undefined> | undefined;
  #disconnected: (() => void)[] = [];

  constructor(link: ChannelLink, { localCid, spsm, enhanced, limits }: ChannelIdentity) {
    this.#link = link;
    this.localCid = localCid;
    this.spsm = spsm;
    this.enhanced = enhanced;
    this.priority = limits.priority;
    this.#receiver = new CreditReceiver(limits, (credits) => this.#link.indicateCredits(this, credits));
  }

  get peerCid(): number {
    return this.#peerCid;
  }

  get open(): boolean {
    return this.#state.at === "open" || this.#state.at === "reconfiguring";
  }

  get mtu(): number {
    return this.#receiver.mtu;
  }

  get mps(): number {
    return this.#receiver.mps;
  }

  get granted(): number {
    return this.#receiver.granted;
  }

  get peerMtu(): number {
    return this.#sender?.mtu ?? 0;
  }

  get peerMps(): number {
    return this.#sender?.mps ?? 0;
  }

  get credits(): number {
    return this.#sender?.credits ?? 0;
  }

  get waiting(): number {
    return this.#sender?.waiting ?? 0;
  }

  send(priority: Priority, head: Uint8Array, body: Uint8Array = noOctets): void {
    this.#sender?.send(priority, head, body);
  }

  hasRoom(priority: Priority): boolean {
    return this.#sender?.hasRoom(priority) ?? true;
  }

  whenRoom(priority: Priority, callback: () => void): void {
    if (this.#sender) this.#sender.whenRoom(priority, callback);
    else callback();
  }

  whenDrained(callback: () => void): void {
    if (this.#sender) this.#sender.whenDrained(callback);
    else callback();
  }

  consumed(): void {
    if (this.open) this.#receiver.consumed();
  }

  reconfigure({ mtu = this.mtu, mps = this.mps }: Reconfiguration, done: Done<undefined>): void {
    if (!this.enhanced) throw new RangeError("reconfigure: only an enhanced channel can be");
    checkReconfiguration(mtu, mps, this.mtu);
    if (this.#state.at !== "open") {
      const why = this.open ? "is being reconfigured already" : "is closed";
      done(new ChannelUnavailableError(`the channel ${why}`));
      return;
    }
    this.#reconfigured = done;
    this.input({ type: "reconfigure", limits: { mtu, mps } });
  }

  close(done: () => void): void {
    this.#disconnected.push(done);
    this.input({ type: "close" });
  }

  /** The peer has accepted it, or we have the peer's: this is its other end. Told apart from {@link use}, which follows. */
  accepted(peer: PeerEnd): void {
    this.#peerCid = peer.cid;
    this.input({ type: "accepted" });
    if (this.open) this.#sender = this.#link.sender(peer, this.priority);
  }

  /** Gives it its user. */
  use(open: OpenChannel): void {
    this.#user = open(this);
  }

  /** Takes the payload of a K-frame; *borrowed*. What comes for a channel that is not open is discarded. 4.6. */
  receive(frame: Uint8Array): void {
    if (!this.#user || !this.open) return;
    const sdu = this.#receiver.receive(frame);
    if (sdu instanceof ChannelFaultError) {
      this.input({ type: "fault", reason: sdu });
      return;
    }
    if (sdu) this.#user.receive(sdu, this.#receiver.reassembled);
    this.settle();
  }

  /** Gives credits back when it is time; the user may have closed the channel when it received. */
  settle(): void {
    if (this.open) this.#receiver.settle();
  }

  /** The peer can take more K-frames. */
  addCredits(credits: number): void {
    if (!this.open || !this.#sender || this.#sender.addCredits(credits)) return;
    this.input({ type: "fault", reason: new ChannelFaultError("the peer gave more than 65535 credits") });
  }

  /** The peer has told of other limits for what it receives. */
  limit(mtu: number, mps: number): void {
    this.#sender?.limit(mtu, mps);
    this.#user?.reconfigured?.();
  }

  /** Something has happened to it. */
  input(input: Input): void {
    const [next, ...effects] = step(this.#state, input);
    this.#state = next;
    for (const effect of effects) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "sendReconfigure":
        this.#receiver.reconfiguring(effect.limits);
        this.#link.sendReconfigure(this, effect.limits);
        return;
      case "sendDisconnect":
        this.#link.sendDisconnect(this);
        return;
      case "tellReconfigured":
        this.#tellReconfigured(effect.limits, effect.outcome);
        return;
      case "tellClosed":
        this.#tellClosed(effect.reason);
        return;
      case "tellDisconnected":
        for (const done of this.#disconnected.splice(0)) done();
        return;
      case "release":
        this.#link.release(this);
        return;
    }
  }

  #tellReconfigured(limits: ReceiveLimits, outcome: Outcome<undefined>): void {
    this.#receiver.reconfigured(outcome === undefined ? limits : undefined);
    const done = this.#reconfigured;
    this.#reconfigured = undefined;
    done?.(outcome);
  }

  #tellClosed(reason: BleError): void {
    this.#sender?.close();
    this.#user?.closed(reason);
    this.#sender?.release();
  }
}
