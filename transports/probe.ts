import { type Clock, systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import { checkOptions } from "../src/common/options.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { H5Transport } from "./h5/h5-transport.ts";
import { Ear } from "./probe-ear.ts";
import { identify } from "./probe-identity.ts";
import { type Answer, bannerIn, questions, readable, stm32 } from "./probe-questions.ts";
import type { ProbeResult } from "./probe-result.ts";
import type { SerialLine, SerialPorts, SerialSettings } from "./serial-line.ts";
import { modulePorts } from "./serial-module.ts";
import { probedRates, requireBaudRate, requireParity, requirePath } from "./serial-options.ts";
import { SerialTransport } from "./serial-transport.ts";

export { explain, explainController } from "./probe-text.ts";
export type { ControllerIdentity, ProbeResult } from "./probe-result.ts";

/** How a serial port is probed. */
export interface ProbeOptions {
  /** The rates to try, in order. Default: nine common ones; each takes three seconds. */
  readonly baudRates?: readonly number[] | undefined;
  /** Default `none`. */
  readonly parity?: "none" | "even" | "odd" | undefined;
  /** Whether RTS and CTS are connected. Default `false`. */
  readonly rtscts?: boolean | undefined;
  /** Calls it off. */
  readonly signal?: AbortSignal | undefined;
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
  /** Where the ports come from. Default: the npm package `serialport`. */
  readonly ports?: SerialPorts | undefined;
}

const kinds = {
  baudRates: "object",
  parity: "anything",
  rtscts: "boolean",
  signal: "signal",
  clock: "object",
  ports: "object",
} as const;

/**
 * Finds out what answers at a serial port: a controller, which is reset, or something else. The port is closed again.
 * What it sends could mean something to a device that is no Bluetooth device at all.
 *
 * @throws {@link TransportError} The port cannot be opened, or is lost meanwhile.
 * @throws {@link TypeError} The path is none; or an option is none, or of another kind.
 * @throws {@link RangeError} A rate or the parity is none.
 *
 * @example
 * ```ts
 * console.log(explain(await probe("/dev/ttyUSB0")));
 * ```
 */
export async function probe(path: string, options: ProbeOptions = {}): Promise<ProbeResult> {
  checkOptions("probe", options, kinds, "{ baudRates: [9600] }");
  requirePath(path);
  const { baudRates = probedRates, parity = "none", rtscts = false, signal } = options;
  const { clock = systemClock, ports = modulePorts() } = options;
  const [first] = baudRates;
  if (first === undefined) throw new RangeError("baudRates: give one at least");
  baudRates.forEach(requireBaudRate);
  requireParity(parity);
  signal?.throwIfAborted();
  const settings: SerialSettings = { path, baudRate: first, parity, rtscts, xonxoff: false };
  const line = await ports.open(settings);
  const probing = new Probing(path, line, clock, signal);
  let result: ProbeResult | undefined;
  try {
    result = await probing.run(baudRates);
  } finally {
    await line.close();
  }
  if (result.kind !== "silence") return result;
  return (
    (await probeStm32(ports, { ...settings, parity: "even", baudRate: 115_200 }, clock, signal)) ?? result
  );
}

/** What was heard at each rate, and what it may be. */
class Probing {
  readonly #path: string;
  readonly #line: SerialLine;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  readonly #ear: Ear;
  readonly #strange: number[] = [];

  constructor(path: string, line: SerialLine, clock: Clock, signal: AbortSignal | undefined) {
    this.#path = path;
    this.#line = line;
    this.#clock = clock;
    this.#signal = signal;
    this.#ear = new Ear(line, clock, signal);
  }

  async run(baudRates: readonly number[]): Promise<ProbeResult> {
    for (const baudRate of baudRates) {
      await this.#line.setBaudRate(baudRate);
      const result = await this.#at(baudRate);
      if (result) return result;
    }
    if (this.#strange.length > 0) return { kind: "garbage", baudRates: this.#strange };
    return { kind: "silence", baudRates };
  }

  async #at(baudRate: number): Promise<ProbeResult | undefined> {
    let said = "";
    let isStrange = false;
    for (const { octets, patienceMs, answer } of questions) {
      this.#ear.forget();
      this.#line.write(octets.slice());
      const answered = await this.#ear.hear(patienceMs, answer);
      if (answered) return this.#resultOf(answered, baudRate);
      const { heard } = this.#ear;
      const name = bannerIn(heard);
      if (name !== undefined) return { kind: "bootloader", baudRate, name };
      said ||= readable(heard) ?? "";
      isStrange ||= heard.length > 0;
    }
    if (said !== "") return { kind: "text", baudRate, said };
    if (isStrange) this.#strange.push(baudRate);
    return undefined;
  }

  async #resultOf(answer: Answer, baudRate: number): Promise<ProbeResult> {
    if (answer.kind !== "hci") return { ...answer, baudRate };
    const { protocol } = answer;
    await using transport = await this.#transport(protocol, baudRate);
    // It has answered a moment ago; where it says no more, nothing more is known.
    const controller = (await identify(transport, this.#clock)) ?? { supportsLe: false, features: [] };
    return { kind: "hci", protocol, baudRate, controller };
  }

  async #transport(protocol: "h4" | "h5", baudRate: number): Promise<HciTransport> {
    const who = `serial:${this.#path}`;
    const clock = this.#clock;
    if (protocol === "h4") return new SerialTransport(this.#line, who, clock);
    return H5Transport.open(this.#line, { who, baudRate, xonxoff: false, clock, signal: this.#signal });
  }
}

/** It wants even parity, and takes the first octet for the measure of its rate. */
async function probeStm32(
  ports: SerialPorts,
  settings: SerialSettings,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<ProbeResult | undefined> {
  let line: SerialLine;
  try {
    line = await ports.open(settings);
  } catch (error) {
    if (error instanceof TransportError) return undefined; // a port that knows no parity is silent all the same
    throw error;
  }
  try {
    const ear = new Ear(line, clock, signal);
    line.write(stm32.octets.slice());
    const answer = await ear.hear(stm32.patienceMs, stm32.answer);
    return answer?.kind === "bootloader" ? { ...answer, baudRate: settings.baudRate } : undefined;
  } finally {
    await line.close();
  }
}
