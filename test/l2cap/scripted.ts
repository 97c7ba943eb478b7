import { fromHex, toHex, u16At } from "../../src/common/bytes.ts";
import type { BleError } from "../../src/common/errors.ts";
import type { Outcome } from "../../src/common/procedure.ts";
import type { LinkSecurity, SecurityRequirement, SecurityState } from "../../src/common/security.ts";
import { lackOf, unprotected } from "../../src/common/security.ts";
import { type ChannelUser, FixedCid } from "../../src/l2cap/channel.ts";
import type {
  CreditChannel,
  IncomingChannels,
  OpenedChannels,
  OpenRequest,
  SpsmListener,
} from "../../src/l2cap/credit-channel.ts";
import type { L2capSetup } from "../../src/l2cap/l2cap.ts";
import {
  type CreditBasedConnectionRequest,
  type CreditBasedConnectionResponse,
  encodeSignaling,
  type LeCreditBasedConnectionRequest,
  type LeCreditBasedConnectionResponse,
  SignalingCode,
  type SignalingCommand,
} from "../../src/l2cap/signaling-pdu.ts";
import { OneLink } from "./one-link.ts";

/** A user that keeps what it is told. */
export class Keeper implements ChannelUser {
  readonly channel: CreditChannel;
  readonly sdus: Uint8Array[] = [];
  readonly closings: BleError[] = [];
  reconfigurations = 0;
  /** Whether it consumes each SDU at once. */
  consumes = true;

  constructor(channel: CreditChannel) {
    this.channel = channel;
  }

  receive(sdu: Uint8Array): void {
    this.sdus.push(sdu.slice());
    if (this.consumes) this.channel.consumed();
  }

  reconfigured(): void {
    this.reconfigurations++;
  }

  closed(reason: BleError): void {
    this.closings.push(reason);
  }
}

/** A listener that accepts with {@link Keeper}s, or does what a test says. */
export class Acceptor implements SpsmListener {
  readonly spsm: number;
  readonly mtu: number;
  readonly mps: number;
  readonly initialCredits: number;
  readonly users: Keeper[] = [];
  readonly requests: IncomingChannels[] = [];
  readonly withdrawals: BleError[] = [];
  readonly security: SecurityRequirement;
  readonly enhanced: boolean | undefined;
  decide: ((request: IncomingChannels) => void) | undefined;

  constructor({
    spsm = 0x80,
    mtu = 256,
    mps = 128,
    initialCredits = 8,
    security = {},
    enhanced,
  }: AcceptorOptions) {
    this.spsm = spsm;
    this.mtu = mtu;
    this.mps = mps;
    this.initialCredits = initialCredits;
    this.security = security;
    this.enhanced = enhanced;
  }

  requested(request: IncomingChannels): void {
    this.requests.push(request);
    if (this.decide) this.decide(request);
    else this.accept(request);
  }

  withdrawn(_: IncomingChannels, reason: BleError): void {
    this.withdrawals.push(reason);
  }

  accept(request: IncomingChannels, count?: number): boolean {
    return request.accept((channel) => {
      const user = new Keeper(channel);
      this.users.push(user);
      return user;
    }, count);
  }
}

export type AcceptorOptions = Partial<
  Pick<SpsmListener, "spsm" | "mtu" | "mps" | "initialCredits" | "security" | "enhanced">
>;

/** Security that a test sets, and that notes what is asked of it. */
export class SettableSecurity implements LinkSecurity {
  state: SecurityState = unprotected;
  hasKey = false;
  readonly raised: SecurityRequirement[] = [];
  /** What `raise` comes to: other security, an error, or nothing until a test goes on. */
  raising: SecurityState | BleError | "waits" = unprotected;
  goOn: ((outcome: Outcome<undefined>) => void) | undefined;

  raise(requirement: SecurityRequirement, done: (outcome: Outcome<undefined>) => void): void {
    this.raised.push(requirement);
    if (this.raising === "waits") {
      this.goOn = done;
    } else if (this.raising instanceof Error) {
      done(this.raising);
    } else {
      this.state = this.raising;
      done(undefined);
    }
  }

  onChange(): void {
    // Nobody here asks to be told.
  }

  lacks(requirement: SecurityRequirement): boolean {
    return lackOf(this.state, requirement, this.hasKey) !== undefined;
  }
}

/** A signalling command that the link under test has sent. */
export interface Sent {
  readonly code: number;
  readonly identifier: number;
  /** Its data as hex. */
  readonly data: string;
}

/** One link against a peer that says what a test says. */
export class Scripted extends OneLink {
  #identifier = 0x20;

  constructor(setup: Partial<L2capSetup> = {}, packetOctets = 251) {
    super(packetOctets, 8, setup);
  }

  /** What the link has sent on the signalling channel since last asked. */
  commands(): Sent[] {
    const found: Sent[] = [];
    for (let at = 0; at < this.sent.length;) {
      const pdu = fromHex(this.sent[at]!);
      if (u16At(pdu, 2) !== FixedCid.Signaling) {
        at++;
        continue;
      }
      this.sent.splice(at, 1);
      found.push({ code: pdu[4]!, identifier: pdu[5]!, data: toHex(pdu.subarray(8)) });
    }
    return found;
  }

  /** The one command that it has sent. */
  command(): Sent {
    const [only, ...more] = this.commands();
    if (!only || more.length > 0) throw new Error(`${more.length + (only ? 1 : 0)} commands, not one`);
    return only;
  }

  /** The payloads of what it has sent on other channels, as `cid: hex`. */
  frames(): string[] {
    return this.sent.splice(0).map((text) => {
      const pdu = fromHex(text);
      return `${u16At(pdu, 2).toString(16)}: ${toHex(pdu.subarray(4))}`;
    });
  }

  /** The peer sends a command, by default with an identifier of its own. */
  tell<T>(command: SignalingCommand<T>, value: T, identifier: number = this.#identifier++): void {
    this.receive(FixedCid.Signaling, encodeSignaling(command.code, identifier, command.encode(value)));
  }

  /** The same, with what it brings about. */
  say<T>(command: SignalingCommand<T>, value: T, identifier?: number): Sent[] {
    this.tell(command, value, identifier);
    return this.commands();
  }

  /** The same with data that no codec makes. */
  sayRaw(code: number, data: string, identifier: number = this.#identifier++): Sent[] {
    this.receive(FixedCid.Signaling, encodeSignaling(code, identifier, fromHex(data)));
    return this.commands();
  }

  /** Puts a listener in place. */
  listen(options: AcceptorOptions = {}): Acceptor {
    const acceptor = new Acceptor(options);
    this.listeners.register(acceptor);
    return acceptor;
  }

  /** Asks for channels, and keeps what becomes of it. */
  open(request: Partial<OpenRequest> = {}): Opening {
    const opening: Opening = { users: [], outcomes: [], cancel: () => undefined };
    opening.cancel = this.link.openChannels(
      { spsm: 0x80, mtu: 256, mps: 128, initialCredits: 8, ...request },
      (channel) => {
        const user = new Keeper(channel);
        opening.users.push(user);
        return user;
      },
      (outcome) => opening.outcomes.push(outcome),
    );
    this.complete();
    return opening;
  }
}

/** What became of an attempt to open channels. */
export interface Opening {
  readonly users: Keeper[];
  readonly outcomes: Outcome<OpenedChannels>[];
  cancel: () => void;
}

/** The request with which a peer opens a channel in most tests. */
export const request: LeCreditBasedConnectionRequest = {
  spsm: 0x80,
  sourceCid: 0x41,
  mtu: 100,
  mps: 64,
  initialCredits: 5,
};
/** The same for an enhanced one. */
export const enhancedRequest: CreditBasedConnectionRequest = {
  spsm: 0x80,
  sourceCids: [0x41],
  mtu: 100,
  mps: 64,
  initialCredits: 5,
};
/** How a peer accepts a channel in most tests. */
export const acceptance: LeCreditBasedConnectionResponse = {
  destinationCid: 0x51,
  mtu: 100,
  mps: 64,
  initialCredits: 5,
  result: 0,
};
/** The same for an enhanced one. */
export const enhancedAcceptance: CreditBasedConnectionResponse = {
  destinationCids: [0x51],
  mtu: 100,
  mps: 64,
  initialCredits: 5,
  result: 0,
};

/** The codes of commands, for what is expected. */
export const codes: typeof SignalingCode = SignalingCode;
