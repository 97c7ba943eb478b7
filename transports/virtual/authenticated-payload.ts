import type { Clock } from "../../src/common/clock.ts";
import { AuthenticatedPayloadTimeoutExpired } from "../../src/hci/events/link.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { ControlPdu } from "./carrier.ts";
import type { EventPlan } from "./event-plan.ts";
import type { HciPort } from "./hci-port.ts";
import type { ProcedureLine } from "./procedure-line.ts";
import { LlOpcode, llControl } from "./ll-control.ts";

/** authenticatedPayloadTO of new links, in 10 ms. Vol 4, Part E, 7.3.93. */
const defaultTimeout = 3000;

/** How many connection events LE Ping may take, so that packets can be lost. */
const eventsToAsk = 6;

/** Rounding of times, in ms. */
const hair = 1e-6;

/** One end of a link, as far as LE Ping is concerned. */
export interface PingingEnd {
  readonly chip: { readonly hci: HciPort; readonly features: Uint8Array };
  readonly handle: number;
  readonly link: {
    readonly medium: { readonly clock: Clock };
    readonly plan: Pick<EventPlan, "interval" | "latency">;
  };
  readonly peer: PingingEnd;
  readonly procedures: ProcedureLine;
  control(octets: Uint8Array, arrived: ControlPdu["arrived"]): void;
}

/**
 * How long one end of an encrypted link has heard nothing that is authenticated. Vol 6, Part B, 4.6.5.
 *
 * Well before the time is over the peer is asked for a packet (LE Ping procedure, Vol 6, Part B, 5.1.8); if none comes
 * the host is told, and the time begins anew.
 */
export class AuthenticatedPayload implements Disposable {
  readonly #end: PingingEnd;
  #timeout = defaultTimeout;
  #heardAt = 0;
  #asking = false;
  #timer: Disposable | undefined;

  constructor(end: PingingEnd) {
    this.#end = end;
  }

  /** authenticatedPayloadTO, in 10 ms. */
  get timeout(): number {
    return this.#timeout;
  }

  set timeout(timeout: number) {
    this.#timeout = timeout;
    if (this.#timer) this.begin();
  }

  /** The time begins. */
  begin(): void {
    if (!hasFeature(this.#end.chip.features, LeFeature.Ping)) return;
    this.heard();
    this.#wait();
  }

  /** A packet came whose message integrity check is right. */
  heard(): void {
    this.#heardAt = this.#end.link.medium.clock.now();
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #wait(): void {
    this[Symbol.dispose]();
    const { clock } = this.#end.link.medium;
    const quiet = clock.now() - this.#heardAt;
    const due = quiet < this.#patience - hair ? this.#patience : this.#timeout * 10;
    this.#timer = clock.after(due - quiet, () => {
      this.#timer = undefined;
      this.#check(clock.now() - this.#heardAt);
    });
  }

  /** After how long without an authenticated packet one is asked for, in ms. */
  get #patience(): number {
    const { interval, latency } = this.#end.link.plan;
    const limit = this.#timeout * 10;
    return Math.max(limit / 2, limit - (latency + eventsToAsk) * interval);
  }

  #check(quiet: number): void {
    const { chip, handle } = this.#end;
    if (quiet >= this.#timeout * 10 - hair) {
      chip.hci.event(AuthenticatedPayloadTimeoutExpired, { connectionHandle: handle });
      this.heard();
    } else if (quiet >= this.#patience - hair) this.#ask();
    this.#wait();
  }

  /** LE Ping. */
  #ask(): void {
    if (this.#asking) return;
    this.#asking = true;
    const end = this.#end;
    const { peer } = end;
    end.procedures.run((done) => {
      end.control(llControl(LlOpcode.PingReq), () => {
        // A peer that does not know the request says so, which is authenticated too: it is asked again all the same.
        const knows = hasFeature(peer.chip.features, LeFeature.Ping);
        const answer = knows ? llControl(LlOpcode.PingRsp) : llControl(LlOpcode.UnknownRsp, LlOpcode.PingReq);
        peer.control(answer, () => {
          this.#asking = false;
          done();
        });
      });
    });
  }
}
