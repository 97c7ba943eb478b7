import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import { lackOf, type LinkSecurity } from "../common/security.ts";
import type { ChannelTable } from "./channel-table.ts";
import { isDynamicCid } from "./cid-allocator.ts";
import { isPending, resultOfLack } from "./connection-result.ts";
import { areLegal } from "./credit-limits.ts";
import { type ChannelResponse, IncomingRequest, type RequestedChannels } from "./incoming-request.ts";
import type { Signaling } from "./signaling.ts";
import {
  ConnectionResult,
  CreditBasedConnectionRequest,
  CreditBasedConnectionResponse,
  LeCreditBasedConnectionRequest,
  LeCreditBasedConnectionResponse,
} from "./signaling-pdu.ts";
import type { Registered, SpsmRegistry } from "./spsm-registry.ts";

/** What the acceptor needs of its link. */
export interface AcceptorSetup {
  readonly connectionHandle: number;
  readonly clock: Clock;
  readonly security: LinkSecurity;
  readonly listeners: SpsmRegistry;
}

/** Answers the peer's requests for channels. Vol 3, Part A, 4.22 to 4.26. */
export class ChannelAcceptor {
  readonly #setup: AcceptorSetup;
  readonly #signaling: Signaling;
  readonly #table: ChannelTable;
  /** Those that a listener thinks about, by their identifiers. */
  readonly #pending = new Map<number, IncomingRequest>();

  constructor(setup: AcceptorSetup, signaling: Signaling, table: ChannelTable) {
    this.#setup = setup;
    this.#signaling = signaling;
    this.#table = table;
    signaling.serve(
      LeCreditBasedConnectionRequest,
      ({ sourceCid, initialCredits, ...request }, identifier) => {
        this.#requested({
          ...request,
          identifier,
          enhanced: false,
          credits: initialCredits,
          cids: [sourceCid],
        });
      },
    );
    signaling.serve(
      CreditBasedConnectionRequest,
      ({ sourceCids, initialCredits, ...request }, identifier) => {
        this.#requested({
          ...request,
          identifier,
          enhanced: true,
          credits: initialCredits,
          cids: sourceCids,
        });
      },
    );
  }

  /** The link is gone. */
  end(reason: BleError): void {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const request of all) request.end(reason);
  }

  #requested(request: RequestedChannels): void {
    // The same again: one answer serves both. Vol 3, Part A, 4.
    if (this.#pending.has(request.identifier)) return;
    const registered = this.#setup.listeners.find(request.spsm, request.enhanced);
    if (!registered) {
      this.#refuse(request, ConnectionResult.SpsmNotSupported);
      return;
    }
    const { state, hasKey } = this.#setup.security;
    const lack = lackOf(state, registered.listener.security ?? {}, hasKey);
    const refusal = lack === undefined ? parametersResult(request) : resultOfLack(lack);
    if (refusal === ConnectionResult.Success) this.#ask(request, registered);
    else this.#refuse(request, refusal);
  }

  #ask(request: RequestedChannels, registered: Registered): void {
    const { good, result } = this.#sort(request.cids);
    const [first] = good;
    if (first === undefined) {
      this.#refuse(request, result);
      return;
    }
    const { connectionHandle, clock } = this.#setup;
    const incoming = new IncomingRequest(request, good, result, registered, {
      connectionHandle,
      clock,
      table: this.#table,
      respond: (response) => {
        if (!isPending(response.result)) this.#pending.delete(request.identifier);
        this.#respond(request, response);
      },
    });
    this.#pending.set(request.identifier, incoming);
    registered.listener.requested(incoming);
  }

  /** The ends that there can be a channel for, which are now asked for, and the result for the others. */
  #sort(cids: readonly number[]): { readonly good: readonly number[]; readonly result: number } {
    const good: number[] = [];
    let result: number = ConnectionResult.Success;
    for (const cid of cids) {
      const refusal = this.#cidResult(cid, good.length);
      if (refusal === ConnectionResult.Success) {
        this.#table.ask(cid);
        good.push(cid);
      } else if (result === ConnectionResult.Success) {
        result = refusal;
      }
    }
    return { good, result };
  }

  #cidResult(cid: number, before: number): number {
    if (!isDynamicCid(cid)) return ConnectionResult.InvalidSourceCid;
    if (this.#table.peerTaken(cid)) return ConnectionResult.SourceCidAlreadyAllocated;
    return this.#table.free > before ? ConnectionResult.Success : ConnectionResult.NoResources;
  }

  #refuse(request: RequestedChannels, result: number): void {
    this.#respond(request, { mtu: 0, mps: 0, credits: 0, result, cids: request.cids.map(() => 0) });
  }

  #respond({ identifier, enhanced }: RequestedChannels, response: ChannelResponse): void {
    const { mtu, mps, credits: initialCredits, result, cids } = response;
    const common = { mtu, mps, initialCredits, result };
    if (enhanced) {
      this.#signaling.respond(CreditBasedConnectionResponse, identifier, {
        ...common,
        destinationCids: cids,
      });
    } else {
      const [destinationCid = 0] = cids;
      this.#signaling.respond(LeCreditBasedConnectionResponse, identifier, { ...common, destinationCid });
    }
  }
}

/** What the numbers of a request come to. Vol 3, Part A, 4.22, 4.23, 4.25 and 4.26. */
function parametersResult({ mtu, mps, credits, enhanced, cids }: RequestedChannels): number {
  if (!areLegal(mtu, mps, enhanced)) {
    return enhanced ? ConnectionResult.InvalidParameters : ConnectionResult.UnacceptableParameters;
  }
  if (enhanced && (credits === 0 || cids.length === 0)) return ConnectionResult.InvalidParameters;
  return ConnectionResult.Success;
}
