import { describe, expect, it } from "vitest";
import { channelPair, octets } from "./channel-pair.ts";

/** A program that no compiler checks. */
const unchecked = (value: unknown): never => value as never;

const misuses: readonly (readonly [name: string, options: unknown, message: RegExp])[] = [
  ["a number", 0x80, /\{ .* \}, not 128$/],
  ["null", null, /\{ .* \}, not null$/],
  ["a text", "0x80", /\{ .* \}, not the text "0x80"$/],
  ["an array", [], /\{ .* \}, not an array$/],
];
const wrongKinds: readonly (readonly [options: object, message: RegExp])[] = [
  [{ mtu: "5" }, /^mtu: give a number, not the text "5"$/],
  [{ mps: null }, /^mps: give a number, not null$/],
  [{ initialCredits: 5n }, /^initialCredits: give a number/],
  [{ psm: 0x80 }, /"psm" is no option .* spsm/],
  [{ toString: 1 }, /"toString" is no option/],
];

describe("Options of channels that a program gets wrong are a TypeError that tells how to put it right", () => {
  it.each(misuses)("%s in place of options", async (_name, options, message) => {
    const { air, peripheral, ends, near } = await channelPair({}, { enhanced: true });
    const { central } = ends;
    expect(() => peripheral.host.listen(unchecked(options))).toThrow(message);
    expect(() => central.openFixedChannel(0x3e, unchecked(options))).toThrow(message);
    for (const call of [
      (): Promise<unknown> => central.openChannel(unchecked(options)),
      () => central.updateParameters(unchecked(options)),
      () => central.disconnect(unchecked(options)),
      () => near.reconfigure(unchecked(options)),
      () => near.send(octets(1), unchecked(options)),
    ]) {
      expect(await air.ending(call())).toMatchObject({
        error: { name: "TypeError", message: expect.stringMatching(message) as unknown },
      });
    }
    expect(central.connected).toBe(true);
    await air.expectNothingLeft();
  });

  it.each([
    ...wrongKinds,
    [{ accept: true }, /^accept: give a function/],
    [{ signal: 5 }, /"signal" is no/],
  ] as const)("listen(%o)", async (options, message) => {
    const { air, peripheral } = await channelPair();
    const listen = (): unknown => peripheral.host.listen(unchecked(options));
    expect(listen).toThrow(TypeError);
    expect(listen).toThrow(message);
    await air.expectNothingLeft();
  });

  it.each([
    ...wrongKinds.map(([options, message]) => [{ spsm: 0x80, ...options }, message] as const),
    [undefined, /^openChannel: .*\{ spsm: 0x80 \}, not undefined$/],
    [{}, /^spsm: .*0x01 to 0xff/],
    [{ spsm: "0x80" }, /^spsm: give a number/],
    [{ spsm: 0x80, signal: 5 }, /^signal: give an AbortSignal, such as AbortSignal\.timeout\(5000\), not 5$/],
    [{ spsm: 0x80, signal: new AbortController() }, /^signal: give an AbortSignal/],
  ] as const)("openChannel(%o)", async (options, message) => {
    const { air, ends } = await channelPair();
    expect(await air.ending(ends.central.openChannel(unchecked(options)))).toMatchObject({
      error: { name: "TypeError", message: expect.stringMatching(message) as unknown },
    });
    await air.expectNothingLeft();
  });

  it.each([
    [{ intervalMs: 30 }, /"intervalMs" is no option .* minIntervalMs, maxIntervalMs/],
    [{ timeoutMs: 30 }, /"timeoutMs" is no option .* supervisionTimeoutMs/],
    [{ latency: "1" }, /^latency: give a number, not the text "1"$/],
    [{ signal: 5 }, /^signal: give an AbortSignal/],
  ])("updateParameters(%o)", async (options, message) => {
    const { air, ends } = await channelPair();
    for (const end of Object.values(ends)) {
      expect(await air.ending(end.updateParameters(unchecked(options)))).toMatchObject({
        error: { name: "TypeError", message: expect.stringMatching(message) as unknown },
      });
    }
    await air.expectNothingLeft();
  });

  it("send(), reconfigure(), openFixedChannel() and disconnect()", async () => {
    const { air, near, ends } = await channelPair({}, { enhanced: true });
    const { central } = ends;
    const fixed = central.openFixedChannel(0x3e);
    for (const [call, message] of [
      [() => near.send(octets(1), unchecked({ signal: 5 })), /^signal: /],
      [() => fixed.send(octets(1), unchecked({ signal: 5 })), /^signal: /],
      [
        () => near.send(octets(1), unchecked({ timeoutMs: 5 })),
        /"timeoutMs" is no option of it; there is signal/,
      ],
      [() => near.reconfigure(unchecked({ credits: 5 })), /"credits" is no option .* mtu, mps, signal/],
      [() => central.disconnect(unchecked({ reason: "bye" })), /^reason: give a number/],
    ] as const) {
      expect(await air.ending(call())).toMatchObject({
        error: { name: "TypeError", message: expect.stringMatching(message) as unknown },
      });
    }
    expect(() => central.openFixedChannel(0x3f, unchecked({ capacity: "5" }))).toThrow(
      /^capacity: give a num/,
    );
    await air.expectNothingLeft();
  });
});
