import type { Address } from "../common/address.ts";
import { BleError } from "../common/errors.ts";
import { checkCallOptions } from "../common/options.ts";
import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised, reasonOf } from "../common/promised.ts";
import type { SecurityState } from "../common/security.ts";
import type { Turn } from "../common/turn.ts";
import type { ChannelUser } from "../l2cap/channel.ts";
import type {
  LocalOobData,
  PairingContext,
  PairingResult,
  PairingSettings,
  PairingUser,
  PasskeyEntry,
} from "../smp/pairing-user.ts";
import { KeypressType } from "../smp/pdu.ts";
import type { SecurityManager } from "../smp/security-manager.ts";
import { InvalidArgumentsError } from "./agent-error.ts";
import { AgentSession } from "./agent-session.ts";
import type { Agents, RegisteredAgent } from "./agents.ts";
import type { BondKeeper } from "./bond-keeper.ts";
import type { Connection, ConnectionSecurity } from "./connection.ts";
import { UnavailableError } from "./error.ts";
import type { LocalOob } from "./local-oob.ts";
import type { OobData } from "../smp/oob-data.ts";
import {
  checkPairOptions,
  checkPeerOob,
  type HostPairingOptions,
  type PairOptions,
  present,
} from "./pairing-options.ts";
import { pairingSettings } from "./pairing-settings.ts";

/** What the pairings of all links share. */
export interface PairingSetup {
  readonly turn: Turn;
  readonly agents: Agents;
  readonly keeper: BondKeeper;
  readonly options: HostPairingOptions;
  readonly localOob: LocalOob;
  /** Whether peers may begin to pair. */
  readonly pairable: () => boolean;
  /** Told of mistakes of agents. */
  readonly fault: (error: unknown) => void;
  /** A peer has forgotten this host. */
  readonly bondLost: (connection: Connection) => void;
}

/** Pairing on one link, between the Security Manager, which asks, and the program and its agents, who answer. */
export class LinkPairing implements PairingUser, ChannelUser, ConnectionSecurity {
  readonly #setup: PairingSetup;
  readonly #connection: Connection;
  readonly #manager: SecurityManager;
  readonly #delivered: (callback: () => void) => void;
  /** What the program has asked for and waits for. */
  #wanted: PairOptions | undefined;
  /** Who is asked in the pairing under way, decided when it began; and how far it was asked. */
  #chosen: RegisteredAgent | undefined;
  #session: AgentSession | undefined;

  /**
   * @param manager - Makes the Security Manager of the link, whose user this is.
   * @param delivered - Calls back when the peer's controller has what was sent so far, or the link has gone.
   */
  constructor(
    setup: PairingSetup,
    connection: Connection,
    manager: (user: PairingUser) => SecurityManager,
    delivered: (callback: () => void) => void,
  ) {
    this.#setup = setup;
    this.#connection = connection;
    this.#delivered = delivered;
    this.#manager = manager(this);
    this.#manager.onChange((state) => {
      connection.securityChanged(state);
    });
  }

  /** The Security Manager of the link. */
  get manager(): SecurityManager {
    return this.#manager;
  }

  /** The identity of the peer where it is known, else the address of the link. */
  get peer(): Address {
    return this.#manager.peer;
  }

  get state(): SecurityState {
    return this.#manager.state;
  }

  /** For `connection.pair`: resolves when the link is encrypted, and what is kept of it is saved at both ends. */
  async pair(options: PairOptions): Promise<void> {
    checkPairOptions(options, this.#setup.options);
    const { agent, renew = false, signal } = options;
    if (agent && !this.#setup.agents.find(agent)) {
      throw new InvalidArgumentsError("agent: it is not registered with host.agents");
    }
    if (this.#wanted) throw new UnavailableError("the link is being paired already");
    signal?.throwIfAborted();
    this.#wanted = options;
    let result: PairingResult | undefined;
    try {
      result = await this.#asked<PairingResult | undefined>(options, (done) =>
        this.#manager.pair({ renew }, done),
      );
    } finally {
      this.#wanted = undefined;
    }
    if (result) await this.#lastKeys({ signal });
    await this.#setup.keeper.saved();
  }

  /** The central hands out its keys last: a program that disconnects now must not keep them from the peer. */
  #lastKeys(options: CallOptions): Promise<void> {
    return promised<undefined>((done) => {
      this.#setup.turn.run(() => {
        this.#delivered(() => {
          done(undefined);
        });
      });
    }, options);
  }

  /** For `connection.encrypt`. */
  async encrypt(options: CallOptions): Promise<void> {
    checkCallOptions("encrypt", options);
    await this.#asked<undefined>(options, (done) => this.#manager.encrypt(done));
  }

  /** An agent is no longer registered: what it was asked is refused. */
  released(agent: RegisteredAgent): void {
    if (this.#chosen !== agent) return;
    this.#chosen = undefined;
    this.#endSession();
    this.#manager.cancel();
  }

  receive(sdu: Uint8Array): void {
    this.#manager.receive(sdu);
  }

  /** The link is gone. */
  closed(reason: BleError): void {
    this.#manager.closed(reason);
    this.#endSession();
  }

  settings(context: PairingContext): PairingSettings | undefined {
    const { agents, keeper, options, localOob, pairable } = this.#setup;
    const wanted = this.#wanted;
    if (context.wantedBy === "peer" && !wanted && !pairable()) return undefined;
    const peerOob = this.#oobOf(context.peer);
    if (peerOob instanceof Error) return undefined; // with less than the program meant, nobody pairs
    this.#chosen = agents.find(wanted?.agent);
    return pairingSettings({
      options: { ...present(options), ...present(wanted) },
      context,
      capability: this.#chosen?.capability,
      choosesPasskey: this.#chosen?.agent.choosePasskey !== undefined,
      canBond: keeper.hasRoomFor(context.peer),
      peerOob,
      localOob: localOob.current,
    });
  }

  displayPasskey(passkey: number, entered: number, refused: () => void): void {
    // Without an agent it is the fixed passkey of the options, which stands on a sticker.
    this.#ask()?.displayPasskey(passkey, entered, refused);
  }

  choosePasskey(answer: (passkey: number | undefined) => void): void {
    const session = this.#ask();
    if (!session) {
      answer(undefined);
      return;
    }
    session.choosePasskey((passkey) => {
      answer(passkey);
      if (passkey === undefined) return;
      this.displayPasskey(passkey, 0, () => {
        this.#manager.cancel();
      });
    });
  }

  requestPasskey(entry: PasskeyEntry): void {
    const session = this.#ask();
    if (!session) {
      entry.answer(undefined);
      return;
    }
    session.requestPasskey((passkey) => {
      // An agent tells all six at once.
      if (passkey !== undefined) {
        for (let digit = 0; digit < 6; digit++) entry.keypress(KeypressType.PasskeyDigitEntered);
      }
      entry.answer(passkey);
    });
  }

  confirmNumber(number: number, answer: (same: boolean) => void): void {
    const session = this.#ask();
    if (session) session.confirmNumber(number, answer);
    else answer(false);
  }

  authorize(why: "justWorks" | "repairing", answer: (allowed: boolean) => void): void {
    const session = this.#ask();
    if (!session) {
      answer(why === "justWorks"); // what a device that can ask nobody stands for
      return;
    }
    const { agent, capability } = session.registered;
    const mute = capability === "NoInputNoOutput";
    // Nobody is there to say that the peer in the place of another may be: an agent that says yes to all says nothing.
    if (why === "repairing" && mute) answer(false);
    else if (agent.requestAuthorization) session.authorize(answer);
    else answer(mute);
  }

  ended(outcome: PairingResult | Error): void {
    this.#endSession();
    this.#chosen = undefined;
    if (outcome instanceof BleError) this.#connection.pairingFailed(outcome);
    else this.#connection.paired();
  }

  outOfBandServes(data: LocalOobData): boolean {
    return this.#setup.localOob.take(data);
  }

  bondLost(): void {
    this.#setup.bondLost(this.#connection);
  }

  /** What has come of the peer out of band, or what the program's function has done wrong, which is told. */
  #oobOf(peer: Address): OobData | undefined | Error {
    if (this.#wanted?.oob) return this.#wanted.oob;
    const { options, fault } = this.#setup;
    try {
      const data = options.oob?.(peer);
      if (data !== undefined) checkPeerOob(data);
      return data;
    } catch (error) {
      fault(error);
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #ask(): AgentSession | undefined {
    if (!this.#chosen) return undefined;
    const { turn, fault } = this.#setup;
    this.#session ??= new AgentSession(this.#chosen, this.#connection, turn, fault);
    return this.#session;
  }

  #endSession(): void {
    this.#session?.end();
    this.#session = undefined;
  }

  /** Waits for the Security Manager; the signal calls the pairing off on the air too. */
  async #asked<T>({ signal }: CallOptions, operation: (done: Done<T>) => () => void): Promise<T> {
    const { turn } = this.#setup;
    let giveUp: (() => void) | undefined;
    const cancel = (): void => {
      turn.run(() => giveUp?.());
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await promised<T>(
        (done) => {
          turn.run(() => {
            giveUp = operation(done);
          });
        },
        { signal },
      );
    } catch (error) {
      if (signal?.aborted) throw reasonOf(signal); // not what the pairing ended with because of it
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }
}
