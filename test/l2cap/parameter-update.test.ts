import { describe, expect, it } from "vitest";
import type { Outcome } from "../../src/common/procedure.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import {
  ChannelUnavailableError,
  CommandRejectedError,
  ParametersRefusedError,
  SignalingTimeoutError,
} from "../../src/l2cap/error.ts";
import type { L2capSetup } from "../../src/l2cap/l2cap.ts";
import { areLegalParameters } from "../../src/l2cap/parameter-update.ts";
import {
  CommandReject,
  ConnectionParameterUpdateRequest,
  ConnectionParameterUpdateResponse,
  LeCreditBasedConnectionRequest,
} from "../../src/l2cap/signaling-pdu.ts";
import { codes, request, Scripted } from "./scripted.ts";

const wish = { intervalMin: 16, intervalMax: 32, latency: 4, timeout: 200 };
const reason = new DisconnectedError(0x08);

describe("connection parameters (Vol 3, Part A, 4.20 and Vol 6, Part B, 4.5.2)", () => {
  it.each([
    ["the least", { intervalMin: 6, intervalMax: 6, latency: 0, timeout: 10 }, true],
    ["the most", { intervalMin: 3200, intervalMax: 3200, latency: 3, timeout: 3200 + 1 }, false],
    ["the longest interval", { intervalMin: 6, intervalMax: 3200, latency: 2, timeout: 3200 }, true],
    ["an interval of 5", { intervalMin: 5, intervalMax: 6, latency: 0, timeout: 100 }, false],
    ["an interval of 3201", { intervalMin: 6, intervalMax: 3201, latency: 0, timeout: 3200 }, false],
    ["the least above the most", { intervalMin: 32, intervalMax: 16, latency: 0, timeout: 100 }, false],
    ["the longest latency", { intervalMin: 6, intervalMax: 6, latency: 499, timeout: 3200 }, true],
    ["a latency of 500", { intervalMin: 6, intervalMax: 6, latency: 500, timeout: 3200 }, false],
    ["a timeout of 9", { intervalMin: 6, intervalMax: 6, latency: 0, timeout: 9 }, false],
    ["a timeout of twice the interval", { intervalMin: 6, intervalMax: 40, latency: 0, timeout: 10 }, false],
    ["a timeout just longer than that", { intervalMin: 6, intervalMax: 39, latency: 0, timeout: 10 }, true],
    [
      "a timeout that latency makes too short",
      { intervalMin: 6, intervalMax: 40, latency: 9, timeout: 100 },
      false,
    ],
  ])("may be %s or not", (_, parameters, legal) => {
    expect(areLegalParameters(parameters)).toBe(legal);
  });
});

describe("a peripheral's wish, as central (Vol 3, Part A, 4.20 and 4.21)", () => {
  function central(policy: L2capSetup["parametersRequested"]): Scripted {
    return new Scripted({ role: "central", parametersRequested: policy });
  }

  it.each([
    [true, "0000"],
    [false, "0100"],
  ])("is answered as the policy decides: %s", (accept, data) => {
    const asked: unknown[] = [];
    const one = central((request, answer) => {
      asked.push(request);
      answer(accept);
      answer(!accept); // means nothing
    });
    expect(one.say(ConnectionParameterUpdateRequest, wish, 9)).toEqual([
      { code: codes.ConnectionParameterUpdateResponse, identifier: 9, data },
    ]);
    expect(asked).toEqual([wish]);
    expect(one.clock.timers).toBe(0);
  });

  it("is rejected without asking when no link may have it", () => {
    const one = central(() => expect.unreachable());
    const answers = one.say(ConnectionParameterUpdateRequest, { ...wish, intervalMin: 33 });
    expect(answers).toMatchObject([{ code: codes.ConnectionParameterUpdateResponse, data: "0100" }]);
  });

  it("is rejected as a command as peripheral, and when it is malformed", () => {
    const peripheral = new Scripted({ parametersRequested: () => expect.unreachable() });
    const [answer] = peripheral.say(ConnectionParameterUpdateRequest, wish);
    expect(answer).toMatchObject({ code: codes.CommandReject, data: "0000" });
    const one = central(() => expect.unreachable());
    const [other] = one.sayRaw(codes.ConnectionParameterUpdateRequest, "10002000040000");
    expect(other).toMatchObject({ code: codes.CommandReject, data: "0000" });
  });

  it("may be thought about; the same again is not asked again, and another is rejected meanwhile", () => {
    const answers: ((accept: boolean) => void)[] = [];
    const one = central((_, answer) => answers.push(answer));
    expect(one.say(ConnectionParameterUpdateRequest, wish, 9)).toEqual([]);
    expect(one.say(ConnectionParameterUpdateRequest, wish, 9)).toEqual([]);
    expect(one.say(ConnectionParameterUpdateRequest, wish, 10)).toMatchObject([
      { identifier: 10, data: "0100" },
    ]);
    answers[0]!(true);
    one.complete();
    expect(one.commands()).toMatchObject([{ identifier: 9, data: "0000" }]);
    expect(answers).toHaveLength(1);
    // An answer for that one answers no other.
    expect(one.say(ConnectionParameterUpdateRequest, wish, 9)).toEqual([]);
    answers[0]!(true);
    one.complete();
    expect(one.commands()).toEqual([]);
    expect(one.clock.timers).toBe(1);
    one.link.close(reason);
    expect(one.clock.timers).toBe(0);
    answers[1]!(true);
  });

  it("is rejected when the policy takes 30 s", () => {
    let late: ((accept: boolean) => void) | undefined;
    const one = central((_, answer) => {
      late = answer;
    });
    one.say(ConnectionParameterUpdateRequest, wish, 9);
    one.clock.advanceSync(30_000);
    one.complete();
    expect(one.commands()).toMatchObject([{ identifier: 9, data: "0100" }]);
    late!(true);
    one.complete();
    expect(one.commands()).toEqual([]);
  });
});

describe("a wish of our own, as peripheral (Vol 3, Part A, 4.20 and 4.21)", () => {
  function ask(): { one: Scripted; outcomes: Outcome<undefined>[]; identifier: number } {
    const one = new Scripted();
    const outcomes: Outcome<undefined>[] = [];
    one.link.requestParameters(wish, (outcome) => outcomes.push(outcome));
    one.complete();
    const { code, data, identifier } = one.command();
    expect([code, data]).toEqual([codes.ConnectionParameterUpdateRequest, "1000" + "2000" + "0400" + "c800"]);
    return { one, outcomes, identifier };
  }

  it("ends with the central's answer", () => {
    for (const [result, error] of [
      [0, undefined],
      [1, expect.any(ParametersRefusedError) as unknown],
      [7, expect.any(ParametersRefusedError) as unknown],
    ] as const) {
      const { one, outcomes, identifier } = ask();
      one.tell(ConnectionParameterUpdateResponse, { result }, identifier);
      expect(outcomes).toEqual([error]);
      expect(one.clock.timers).toBe(0);
    }
  });

  it("ends when the central rejects the command, does not answer in 30 s, or is gone", () => {
    const rejected = ask();
    rejected.one.tell(CommandReject, { reason: 0, data: new Uint8Array() }, rejected.identifier);
    expect(rejected.outcomes).toEqual([expect.any(CommandRejectedError)]);
    const late = ask();
    late.one.clock.advanceSync(30_000);
    expect(late.outcomes).toEqual([expect.any(SignalingTimeoutError)]);
    late.one.tell(ConnectionParameterUpdateResponse, { result: 0 }, late.identifier);
    expect(late.outcomes).toHaveLength(1);
    const malformed = ask();
    malformed.one.sayRaw(codes.ConnectionParameterUpdateResponse, "00", malformed.identifier);
    expect(malformed.outcomes).toMatchObject([{ code: "MALFORMED_PDU" }]);
    const lost = ask();
    lost.one.link.close(reason);
    expect(lost.outcomes).toEqual([reason]);
    lost.one.link.requestParameters(wish, (outcome) => lost.outcomes.push(outcome));
    expect(lost.outcomes).toEqual([reason, reason]);
    expect(lost.one.clock.timers).toBe(0);
  });

  it("is not sent when 254 wait for their answers, and credits still find an identifier (4)", () => {
    const { one, outcomes } = ask();
    for (let asked = 1; asked < 300; asked++)
      one.link.requestParameters(wish, (outcome) => outcomes.push(outcome));
    one.complete();
    expect(outcomes).toHaveLength(300 - 254);
    expect(new Set(outcomes.map((outcome) => outcome?.constructor))).toEqual(
      new Set([ChannelUnavailableError]),
    );
    const identifiers = one.commands().map(({ identifier }) => identifier);
    expect(identifiers).toHaveLength(253);
    one.listen({ initialCredits: 1 });
    one.say(LeCreditBasedConnectionRequest, request);
    one.receive(0x40, Uint8Array.of(0, 0));
    const { code, identifier } = one.command();
    expect(code).toBe(codes.FlowControlCreditIndication);
    expect(identifiers).not.toContain(identifier);
    one.clock.advanceSync(30_000);
    expect(outcomes).toHaveLength(300);
    one.link.requestParameters(wish, (outcome) => outcomes.push(outcome));
    one.complete();
    expect(one.command()).toMatchObject({ code: codes.ConnectionParameterUpdateRequest });
  });

  it("is refused at once as central, or when no link may have it", () => {
    const { one } = ask();
    expect(() => {
      one.link.requestParameters({ ...wish, latency: 500 }, () => undefined);
    }).toThrow(RangeError);
    const central = new Scripted({ role: "central" });
    expect(() => {
      central.link.requestParameters(wish, () => undefined);
    }).toThrow(TypeError);
  });
});
