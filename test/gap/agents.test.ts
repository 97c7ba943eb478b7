import { describe, expect, it } from "vitest";
import type { PairingAgent } from "../../src/gap/agent.ts";
import { passkeyNumber, sixDigits } from "../../src/gap/agent.ts";
import {
  AlreadyExistsError,
  DoesNotExistError,
  InvalidArgumentsError,
  RejectedError,
} from "../../src/gap/agent-error.ts";
import { Agents } from "../../src/gap/agents.ts";
import { FixedPasskeyAgent } from "../../src/gap/agents/fixed-passkey-agent.ts";
import { NoIoAgent } from "../../src/gap/agents/no-io-agent.ts";
import { RecordingAgent } from "../../src/gap/agents/recording-agent.ts";
import { YesNoAgent } from "../../src/gap/agents/yes-no-agent.ts";

const every: Required<Omit<PairingAgent, "capability">> = {
  release: () => undefined,
  requestPinCode: () => "0000",
  displayPinCode: () => undefined,
  choosePasskey: () => 0,
  requestPasskey: () => 0,
  displayPasskey: () => undefined,
  requestConfirmation: () => undefined,
  requestAuthorization: () => undefined,
  authorizeService: () => undefined,
  cancel: () => undefined,
};

function registry(): { readonly agents: Agents; readonly released: PairingAgent[] } {
  const released: PairingAgent[] = [];
  const agents = new Agents(
    () => "",
    ({ agent }) => released.push(agent),
  );
  return { agents, released };
}

describe("host.agents", () => {
  it.each(["DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay"] as const)(
    "registers an agent as %s",
    (capability) => {
      const { agents } = registry();
      const agent = { ...every };
      agents.register(agent, capability);
      expect(agents.find(agent)).toEqual({ agent, capability });
    },
  );

  it('takes "" for KeyboardDisplay, and the agent\'s own capability where it is given none', () => {
    const { agents } = registry();
    const [one, two, three] = [{ ...every }, new NoIoAgent(), { ...every }] as const;
    agents.register(one, "");
    agents.register(two);
    agents.register(three);
    expect([one, two, three].map((agent) => agents.find(agent)?.capability)).toEqual([
      "KeyboardDisplay",
      "NoInputNoOutput",
      "KeyboardDisplay",
    ]);
  });

  it.each([
    ["another capability", every, "DisplayYesno"],
    ["a capability that only an object has", every, "toString"],
    ["no agent", undefined, "DisplayOnly"],
    ["a capability that needs a method it lacks", { displayPasskey: () => undefined }, "DisplayYesNo"],
    ["no methods at all", {}, ""],
  ])("refuses %s with InvalidArguments", (_name, agent, capability) => {
    const { agents } = registry();
    expect(() => agents.register(agent as PairingAgent, capability as "")).toThrow(InvalidArgumentsError);
    expect(agents.default).toBeUndefined();
  });

  it("says which methods are missing", () => {
    const { agents } = registry();
    expect(() => agents.register({ displayPasskey: () => undefined }, "KeyboardDisplay")).toThrow(
      "a KeyboardDisplay agent needs requestPasskey and requestConfirmation",
    );
  });

  it("refuses an agent that is registered with AlreadyExists, and one that is not with DoesNotExist", () => {
    const { agents } = registry();
    const [one, two] = [new NoIoAgent(), new NoIoAgent()];
    agents.register(one);
    expect(() => agents.register(one, "NoInputNoOutput")).toThrow(AlreadyExistsError);
    expect(() => agents.unregister(two)).toThrow(DoesNotExistError);
    expect(() => agents.requestDefault(two)).toThrow(DoesNotExistError);
  });

  it("has the first for its default until another asks to be, and the one before when that goes", () => {
    const { agents, released } = registry();
    const [one, two, three] = [new NoIoAgent(), new NoIoAgent(), new NoIoAgent()];
    expect(agents.default).toBeUndefined();
    agents.register(one);
    agents.register(two);
    agents.register(three);
    expect(agents.default).toBe(one);
    agents.requestDefault(three);
    expect(agents.default).toBe(three);
    agents.unregister(three);
    expect(agents.default).toBe(one);
    agents.unregister(one);
    agents.unregister(two);
    expect(agents.default).toBeUndefined();
    expect(released).toEqual([three, one, two]);
  });

  it("unregisters what a registration was disposed of, once", () => {
    const { agents, released } = registry();
    const agent = new NoIoAgent();
    const registration = agents.register(agent);
    registration[Symbol.dispose]();
    registration[Symbol.dispose]();
    agents.register(agent);
    registration[Symbol.dispose](); // of the registration before: this one stays
    expect(agents.default).toBe(agent);
    expect(released).toEqual([agent]);
  });
});

describe("A passkey (Vol 3, Part H, 2.3.5.3)", () => {
  it("is shown with six digits, zeros first", () => {
    expect([0, 42, 123456, 999999].map(sixDigits)).toEqual(["000000", "000042", "123456", "999999"]);
  });

  it("is read from a number or its digits", () => {
    expect([0, "0", "000042", 42, "999999", 999999].map(passkeyNumber)).toEqual([
      0, 0, 42, 42, 999999, 999999,
    ]);
  });

  it.each([1_000_000, -1, 1.5, Number.NaN, "", "12 34", "1234567", "0x10", null, undefined, {}])(
    "is not %j",
    (value) => {
      expect(() => passkeyNumber(value)).toThrow(RangeError);
    },
  );
});

describe("The ready-made agents", () => {
  const device = undefined as never;
  const { signal } = new AbortController();

  it("NoIoAgent can neither show nor ask, and lets everyone in", () => {
    const agent = new NoIoAgent();
    expect(agent.capability).toBe("NoInputNoOutput");
    expect(() => {
      agent.requestAuthorization();
    }).not.toThrow();
  });

  it("YesNoAgent rejects all but a yes", async () => {
    const asked: (string | undefined)[] = [];
    let answer: unknown = true;
    let cancelled = 0;
    const confirm = (_device: unknown, passkey: string | undefined): boolean => {
      asked.push(passkey);
      return answer as boolean;
    };
    const agent = new YesNoAgent(confirm, () => cancelled++);
    await agent.requestConfirmation(device, "000042", signal);
    await agent.requestAuthorization(device, signal);
    for (answer of [false, undefined, "yes", 1]) {
      await expect(agent.requestConfirmation(device, "000042", signal)).rejects.toThrow(RejectedError);
    }
    expect(asked.slice(0, 3)).toEqual(["000042", undefined, "000042"]);
    agent.cancel();
    expect(cancelled).toBe(1);
    expect(() => new YesNoAgent(true as never)).toThrow(TypeError);
  });

  it("FixedPasskeyAgent types its passkey, and has no place for a peer that shows none", () => {
    const agent = new FixedPasskeyAgent(1234);
    expect([agent.capability, agent.requestPasskey(), agent.requestPinCode()]).toEqual([
      "KeyboardOnly",
      1234,
      "001234",
    ]);
    expect(new FixedPasskeyAgent("000042", { pinCode: "1234" }).requestPinCode()).toBe("1234");
    expect(() => agent.requestAuthorization()).toThrow(RejectedError);
    expect(() => new FixedPasskeyAgent(1_000_000)).toThrow(RangeError);
    expect(() => new FixedPasskeyAgent(1, { pinCode: "" })).toThrow(RangeError);
  });

  it("RecordingAgent tells what it was asked, in order", async () => {
    const seen: string[] = [];
    const agent = new RecordingAgent({ passkey: () => 7, onCall: ({ method }) => seen.push(method) });
    expect(await agent.requestPasskey(device, signal)).toBe(7);
    await agent.displayPasskey(device, "000042", 3, signal);
    await agent.requestConfirmation(device, "000042", signal);
    agent.cancel();
    expect(agent.methods).toEqual(["requestPasskey", "displayPasskey", "requestConfirmation", "cancel"]);
    expect(seen).toEqual(agent.methods);
    expect(agent.calls[1]).toMatchObject({ passkey: "000042", entered: 3 });
    await expect(new RecordingAgent({ answer: false }).requestAuthorization(device, signal)).rejects.toThrow(
      RejectedError,
    );
    await expect(new RecordingAgent().requestPasskey(device, signal)).rejects.toThrow(RejectedError);
  });
});
