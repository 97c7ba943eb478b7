import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { RejectedError } from "../../src/gap/agent-error.ts";
import { TerminalAgent } from "../../src/gap/agents/terminal-agent.ts";
import type { Connection } from "../../src/gap/connection.ts";

const device = { peerAddress: Address.parse("C0:FF:EE:00:00:01/random") } as unknown as Connection;
const { signal } = new AbortController();

interface Terminal {
  readonly agent: TerminalAgent;
  readonly input: PassThrough;
  readonly shown: () => string;
}

function terminal(): Terminal {
  const input = new PassThrough();
  const output = new PassThrough();
  let text = "";
  output.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { agent: new TerminalAgent({ input, output }), input, shown: () => text };
}

describe("TerminalAgent", () => {
  it("asks for the passkey, with spaces or without", async () => {
    const { agent, input, shown } = terminal();
    const answer = agent.requestPasskey(device, signal);
    input.write("001 234\n");
    expect(await answer).toBe(1234);
    expect(shown()).toContain("C0:FF:EE:00:00:01/random shows a passkey");
  });

  it("takes no passkey that is none", async () => {
    const { agent, input } = terminal();
    const answer = agent.requestPasskey(device, signal);
    input.write("no idea\n");
    await expect(answer).rejects.toThrow(RangeError);
  });

  it.each([
    ["yes", true],
    ["Y", true],
    ["no", false],
    ["", false],
    ["maybe", false],
  ])("takes %j for %s", async (line, yes) => {
    const { agent, input, shown } = terminal();
    const answer = agent.requestConfirmation(device, "012345", signal);
    input.write(`${line}\n`);
    if (yes) await answer;
    else await expect(answer).rejects.toThrow(RejectedError);
    expect(shown()).toContain("show 012 345?");
  });

  it("asks one question after the other", async () => {
    const { agent, input, shown } = terminal();
    const first = agent.requestConfirmation(device, "000001", signal);
    const second = agent.requestAuthorization(device, signal);
    input.write("yes\n");
    await first;
    expect(shown()).toContain("000 001");
    setImmediate(() => input.write("yes\n"));
    await second;
    expect(shown()).toContain("May C0:FF:EE:00:00:01/random pair?");
  });

  it("takes a question back that is called off, and asks the next", async () => {
    const { agent, input } = terminal();
    const abort = new AbortController();
    const first = agent.requestPasskey(device, abort.signal);
    const second = agent.requestPasskey(device, signal);
    abort.abort(new Error("over"));
    await expect(first).rejects.toThrow();
    setImmediate(() => input.write("42\n"));
    expect(await second).toBe(42);
  });

  it("rejects when nobody can answer any more", async () => {
    const { agent, input } = terminal();
    const answer = agent.requestPasskey(device, signal);
    input.end();
    await expect(answer).rejects.toThrow();
  });

  it("shows a passkey in two groups, and how far it was typed", () => {
    const { agent, shown } = terminal();
    agent.displayPasskey(device, "012345", 0);
    agent.displayPasskey(device, "012345", 2);
    agent.cancel();
    expect(shown().split("\n")).toEqual([
      "Type at C0:FF:EE:00:00:01/random: 012 345",
      "  **",
      "(pairing: over)",
      "",
    ]);
  });
});
