import type { BleError } from "../common/errors.ts";
import type { Outcome } from "../common/procedure.ts";
import { ChannelClosedError } from "./error.ts";

/** What this side receives, as the peer is told. */
export interface ReceiveLimits {
  readonly mtu: number;
  readonly mps: number;
}

/**
 * The life of one credit-based channel, as this side sees it. Vol 3, Part A, 4.22 to 4.28, 4.6 and 4.7.
 *
 * A channel identifier is given back only when the peer has shown that it does not use the channel any more: one that
 * never answers keeps it until the link ends.
 */
export type State =
  /** Our request for it is on the air. When `abandoned`, nobody wants it any more. */
  | { readonly at: "opening"; readonly abandoned: boolean }
  | { readonly at: "open" }
  /** Open, and our request for other limits is on the air. */
  | { readonly at: "reconfiguring"; readonly limits: ReceiveLimits }
  /** Our Disconnection Request is on the air. */
  | { readonly at: "disconnecting" }
  /** It was never answered: nobody waits for that any longer, but the peer may use the channel still. */
  | { readonly at: "unacknowledged" }
  | { readonly at: "closed" };

/** What happens to a channel. */
export type Input =
  /** The peer has accepted it. */
  | { readonly type: "accepted" }
  | { readonly type: "refused" }
  /** The program has called it off while it was being opened; or what the peer accepted it with cannot be. */
  | { readonly type: "abandon" }
  | { readonly type: "reconfigure"; readonly limits: ReceiveLimits }
  /** The peer's answer to that: `undefined`, or why not. */
  | { readonly type: "reconfigured"; readonly outcome: Outcome<undefined> }
  /** The program closes it. */
  | { readonly type: "close" }
  /** The peer broke a rule, or did not answer in time. */
  | { readonly type: "fault"; readonly reason: BleError }
  | { readonly type: "disconnectRequested" }
  /** The peer has answered our Disconnection Request. */
  | { readonly type: "disconnected" }
  /** The request on the air was not answered in time. */
  | { readonly type: "unanswered"; readonly reason: BleError }
  | { readonly type: "linkLost"; readonly reason: BleError };

/** What is then done, in order. */
export type Effect =
  | { readonly type: "sendReconfigure"; readonly limits: ReceiveLimits }
  | { readonly type: "sendDisconnect" }
  /** Our request for other limits has ended. */
  | {
      readonly type: "tellReconfigured";
      readonly limits: ReceiveLimits;
      readonly outcome: Outcome<undefined>;
    }
  /** Nothing is sent or received any more, and the user is told. */
  | { readonly type: "tellClosed"; readonly reason: BleError }
  /** Whoever closed it need not wait any longer. */
  | { readonly type: "tellDisconnected" }
  /** Both ends are free for another channel. */
  | { readonly type: "release" };

/** The state after an input, and what is then done. */
export type Step = [next: State, ...effects: Effect[]];

const to = (...step: Step): Step => step;
const closed: State = { at: "closed" };
const disconnecting: State = { at: "disconnecting" };
const unacknowledged: State = { at: "unacknowledged" };
const over: readonly Effect[] = [{ type: "tellDisconnected" }, { type: "release" }];

/** The state after an input, and the effects in the order in which they take place. Any input may come in any state. */
export function step(state: State, input: Input): Step {
  switch (state.at) {
    case "opening":
      return opening(state, input);
    case "open":
    case "reconfiguring":
      return open(state, input);
    case "disconnecting":
    case "unacknowledged":
      return ending(state, input);
    case "closed":
      return input.type === "close" ? to(state, { type: "tellDisconnected" }) : to(state);
  }
}

function opening(state: State & { at: "opening" }, input: Input): Step {
  switch (input.type) {
    case "accepted":
      return state.abandoned ? to(disconnecting, { type: "sendDisconnect" }) : to({ at: "open" });
    case "refused":
    case "linkLost":
      return to(closed, { type: "release" });
    case "abandon":
    case "unanswered": // the peer may accept it even now
      return to({ at: "opening", abandoned: true });
    default:
      return to(state);
  }
}

function open(state: State & { at: "open" | "reconfiguring" }, input: Input): Step {
  switch (input.type) {
    case "reconfigure":
      return state.at === "open"
        ? to({ at: "reconfiguring", limits: input.limits }, { type: "sendReconfigure", limits: input.limits })
        : to(state); // one at a time: who asks sees to it
    case "reconfigured":
      return to({ at: "open" }, ...reconfigured(state, input.outcome));
    case "close":
      return disconnect(state, new ChannelClosedError("local"));
    case "fault":
    case "unanswered":
      return disconnect(state, input.reason);
    case "disconnectRequested":
      return end(state, new ChannelClosedError("peer"));
    case "linkLost":
      return end(state, input.reason);
    default:
      return to(state);
  }
}

function ending(state: State, input: Input): Step {
  switch (input.type) {
    case "disconnected":
    case "disconnectRequested": // both have asked, and both answer
    case "linkLost":
      return to(closed, ...over);
    case "unanswered":
      return to(unacknowledged, { type: "tellDisconnected" });
    case "close":
      return state.at === "unacknowledged" ? to(state, { type: "tellDisconnected" }) : to(state);
    default:
      return to(state);
  }
}

function disconnect(state: State, reason: BleError): Step {
  return to(
    disconnecting,
    ...reconfigured(state, reason),
    { type: "sendDisconnect" },
    { type: "tellClosed", reason },
  );
}

function end(state: State, reason: BleError): Step {
  return to(closed, ...reconfigured(state, reason), { type: "tellClosed", reason }, ...over);
}

function reconfigured(state: State, outcome: Outcome<undefined>): Effect[] {
  return state.at === "reconfiguring" ? [{ type: "tellReconfigured", limits: state.limits, outcome }] : [];
}
