import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DisconnectedError } from "../../src/hci/error.ts";
import { type Effect, type Input, type State, step } from "../../src/l2cap/channel-lifecycle.ts";
import { ChannelClosedError, ChannelFaultError, SignalingTimeoutError } from "../../src/l2cap/error.ts";
import { runs } from "../support/runs.ts";

const reason = new DisconnectedError(0x08);
const fault = new ChannelFaultError("a rule");
const timeout = new SignalingTimeoutError(0x14, 30_000);
const limits = { mtu: 100, mps: 64 };

const inputs: readonly Input[] = [
  { type: "accepted" },
  { type: "refused" },
  { type: "abandon" },
  { type: "reconfigure", limits },
  { type: "reconfigured", outcome: undefined },
  { type: "reconfigured", outcome: fault },
  { type: "close" },
  { type: "fault", reason: fault },
  { type: "disconnectRequested" },
  { type: "disconnected" },
  { type: "unanswered", reason: timeout },
  { type: "linkLost", reason },
];

const opening: State = { at: "opening", abandoned: false };

describe("the life of a credit-based channel", () => {
  it.each<[string, State["at"], Input, State["at"], Effect["type"][]]>([
    ["accepted", "opening", { type: "accepted" }, "open", []],
    ["refused", "opening", { type: "refused" }, "closed", ["release"]],
    ["called off", "opening", { type: "abandon" }, "opening", []],
    ["not answered", "opening", { type: "unanswered", reason: timeout }, "opening", []],
    ["closed here", "open", { type: "close" }, "disconnecting", ["sendDisconnect", "tellClosed"]],
    ["at fault", "open", { type: "fault", reason: fault }, "disconnecting", ["sendDisconnect", "tellClosed"]],
    [
      "closed there",
      "open",
      { type: "disconnectRequested" },
      "closed",
      ["tellClosed", "tellDisconnected", "release"],
    ],
    ["lost", "open", { type: "linkLost", reason }, "closed", ["tellClosed", "tellDisconnected", "release"]],
    ["asked for other limits", "open", { type: "reconfigure", limits }, "reconfiguring", ["sendReconfigure"]],
    [
      "given them",
      "reconfiguring",
      { type: "reconfigured", outcome: undefined },
      "open",
      ["tellReconfigured"],
    ],
    [
      "not answered about them",
      "reconfiguring",
      { type: "unanswered", reason: timeout },
      "disconnecting",
      ["tellReconfigured", "sendDisconnect", "tellClosed"],
    ],
    ["acknowledged", "disconnecting", { type: "disconnected" }, "closed", ["tellDisconnected", "release"]],
    [
      "closed by both",
      "disconnecting",
      { type: "disconnectRequested" },
      "closed",
      ["tellDisconnected", "release"],
    ],
    [
      "not acknowledged",
      "disconnecting",
      { type: "unanswered", reason: timeout },
      "unacknowledged",
      ["tellDisconnected"],
    ],
    ["closed again meanwhile", "disconnecting", { type: "close" }, "disconnecting", []],
    [
      "closed again, not acknowledged",
      "unacknowledged",
      { type: "close" },
      "unacknowledged",
      ["tellDisconnected"],
    ],
    [
      "acknowledged late",
      "unacknowledged",
      { type: "disconnected" },
      "closed",
      ["tellDisconnected", "release"],
    ],
    ["closed again", "closed", { type: "close" }, "closed", ["tellDisconnected"]],
  ])("when %s", (_, at, input, next, effects) => {
    const states: Record<State["at"], State> = {
      opening,
      open: { at: "open" },
      reconfiguring: { at: "reconfiguring", limits },
      disconnecting: { at: "disconnecting" },
      unacknowledged: { at: "unacknowledged" },
      closed: { at: "closed" },
    };
    const [state, ...done] = step(states[at], input);
    expect(state.at).toBe(next);
    expect(done.map(({ type }) => type)).toEqual(effects);
  });

  it("gives the reason that ended it", () => {
    const told = (input: Input): unknown =>
      step({ at: "open" }, input).find((effect) => "type" in effect && effect.type === "tellClosed");
    expect(told({ type: "close" })).toMatchObject({ reason: new ChannelClosedError("local") });
    expect(told({ type: "disconnectRequested" })).toMatchObject({ reason: new ChannelClosedError("peer") });
    expect(told({ type: "fault", reason: fault })).toMatchObject({ reason: fault });
    expect(told({ type: "linkLost", reason })).toMatchObject({ reason });
  });

  it("goes the same way whatever happens in whatever order: each end once, in order, and free at last", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...inputs), { maxLength: 40 }), (happenings) => {
        let state: State = opening;
        let opened = false;
        let reconfiguring = false;
        const count = { tellClosed: 0, release: 0, sendDisconnect: 0 };
        for (const input of [...happenings, { type: "linkLost", reason } as const]) {
          const [next, ...effects] = step(state, input);
          state = next;
          opened ||= state.at === "open";
          for (const { type } of effects) {
            expect(count.release, `${type} after release`).toBe(
              type === "tellDisconnected" ? count.release : 0,
            );
            if (type === "sendReconfigure") {
              expect(reconfiguring).toBe(false);
              reconfiguring = true;
            } else if (type === "tellReconfigured") {
              expect(reconfiguring && count.tellClosed === 0).toBe(true);
              reconfiguring = false;
            } else if (type !== "tellDisconnected") {
              count[type]++;
            }
          }
        }
        expect(state).toEqual({ at: "closed" });
        expect(reconfiguring).toBe(false);
        expect(count.release).toBe(1);
        expect(count.sendDisconnect).toBeLessThanOrEqual(1);
        expect(count.tellClosed).toBe(opened ? 1 : 0);
      }),
      runs,
    );
  });
});
