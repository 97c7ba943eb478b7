import type { LinkConfiguration, LinkMessage } from "./link-control.ts";

/**
 * How two ends of a three-wire UART come to know each other. Vol 4, Part D, 8.
 * Both send SYNC until the other answers, then CONFIG until the other answers; the states have their names there.
 */
export type State = { readonly at: "uninitialized" } | Initialized | { readonly at: "active" };

interface Initialized {
  readonly at: "initialized";
  /** What the host has asked a controller for. */
  readonly proposed?: LinkConfiguration;
}

export type Input = { readonly type: "message"; readonly message: LinkMessage } | { readonly type: "timer" };

export type Effect =
  | { readonly type: "send"; readonly message: LinkMessage }
  /** The link is up. */
  | { readonly type: "activated" }
  /** What holds from now on; always before the link is up, and again when the host asks for something else. */
  | { readonly type: "configured"; readonly configuration: LinkConfiguration }
  /** The other end has begun anew: what was under way is lost. */
  | { readonly type: "peerReset" };

/** Fixed for the life of a link. */
export interface End {
  /** Only the host proposes a configuration, in its CONFIG. */
  readonly role: "host" | "controller";
  /** The most that this end can do. */
  readonly configuration: LinkConfiguration;
}

/** The state that follows, and what is to be done. */
export type Step = [next: State, ...effects: Effect[]];

const to = (...step: Step): Step => step;
const send = (message: LinkMessage): Effect => ({ type: "send", message });
const sync = send({ type: "sync" });
const syncResponse = send({ type: "syncResponse" });

/** What holds where the other end says nothing about it. */
const least: LinkConfiguration = { windowSize: 1, softwareFlowControl: false, dataIntegrityCheck: false };

/** One step of {@link State}. Messages that a state does not know are ignored. */
export function step(state: State, input: Input, end: End): Step {
  switch (state.at) {
    case "uninitialized":
      if (input.type === "timer") return to(state, sync);
      if (input.message.type === "sync") return to(state, syncResponse);
      if (input.message.type === "syncResponse") return to({ at: "initialized" }, config(end));
      return to(state);
    case "initialized":
      return stepInitialized(state, input, end);
    case "active":
      return stepActive(state, input, end);
  }
}

function stepInitialized(state: Initialized, input: Input, end: End): Step {
  if (input.type === "timer") return to(state, config(end));
  const { message } = input;
  switch (message.type) {
    case "sync":
      return to(state, syncResponse);
    case "config": {
      const { configuration: proposed } = message;
      return to(proposed ? { at: "initialized", proposed } : state, configResponse(proposed, end));
    }
    case "configResponse": {
      const theirs = message.configuration ?? state.proposed ?? least;
      return to({ at: "active" }, configured(theirs, end), { type: "activated" });
    }
    default:
      return to(state);
  }
}

function stepActive(state: State, input: Input, end: End): Step {
  if (input.type === "timer") return to(state);
  const { message } = input;
  if (message.type === "sync") return to({ at: "uninitialized" }, { type: "peerReset" }, syncResponse, sync);
  if (message.type !== "config") return to(state);
  const { configuration } = message;
  // The host has not heard the answer to its CONFIG, and sends it again.
  const isNew = configuration && end.role === "controller";
  return to(state, ...(isNew ? [configured(configuration, end)] : []), configResponse(configuration, end));
}

function config({ role, configuration }: End): Effect {
  return send(role === "host" ? { type: "config", configuration } : { type: "config" });
}

/** As it was asked: with a configuration, at most what was proposed, or without. */
function configResponse(proposed: LinkConfiguration | undefined, end: End): Effect {
  if (!proposed) return send({ type: "configResponse" });
  return send({ type: "configResponse", configuration: agreed(end.configuration, proposed) });
}

function configured(theirs: LinkConfiguration, end: End): Effect {
  return { type: "configured", configuration: agreed(end.configuration, theirs) };
}

function agreed(ours: LinkConfiguration, theirs: LinkConfiguration): LinkConfiguration {
  return {
    windowSize: Math.min(ours.windowSize, theirs.windowSize),
    softwareFlowControl: ours.softwareFlowControl && theirs.softwareFlowControl,
    dataIntegrityCheck: ours.dataIntegrityCheck && theirs.dataIntegrityCheck,
  };
}
