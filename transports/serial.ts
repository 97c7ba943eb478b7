import { systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import { reasonOf } from "../src/common/promised.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { H5Transport } from "./h5/h5-transport.ts";
import { explain } from "./probe-text.ts";
import { probe } from "./probe.ts";
import type { SerialLine, SerialPorts, SerialSettings } from "./serial-line.ts";
import { modulePorts } from "./serial-module.ts";
import { probedRates, type SerialOptions, serialSettings } from "./serial-options.ts";
import { SerialTransport } from "./serial-transport.ts";

export type {
  SerialPortInfo,
  SerialLine,
  SerialLineUser,
  SerialPorts,
  SerialSettings,
} from "./serial-line.ts";
export type { SerialOptions, SerialPreset } from "./serial-options.ts";
export { SerialTransport } from "./serial-transport.ts";

/**
 * Opens a controller at a serial port, by the npm package `serialport`.
 *
 * With the preset `hc` and without a rate, rates are tried until something answers.
 *
 * @throws {@link TransportError} The port cannot be opened, or what is there is no controller; see `reason`.
 * @throws {@link TypeError} An option is none, or of another kind.
 * @throws {@link RangeError} An option is out of its range.
 */
export async function openSerial(options: SerialOptions): Promise<HciTransport> {
  const settings = serialSettings(options);
  const { protocol = "h4", signal, clock = systemClock, ports = modulePorts() } = options;
  const { path } = settings;
  signal?.throwIfAborted();
  const isRateKnown = options.preset !== "hc" || options.baudRate !== undefined;
  const baudRate = isRateKnown ? settings.baudRate : await rateOf(options);
  const line = await openLine(ports, { ...settings, baudRate }, signal);
  const who = `serial:${path}`;
  if (protocol === "h4") return new SerialTransport(line, who, clock);
  return H5Transport.open(line, { who, baudRate, xonxoff: settings.xonxoff, clock, signal });
}

/** The serial ports of this computer. @throws {@link TransportError} The npm package `serialport` does not load. */
export async function listSerialPorts(): ReturnType<SerialPorts["list"]> {
  return modulePorts().list();
}

/** @throws {@link TransportError} What answers is no controller that speaks the protocol, or nothing does. */
async function rateOf(options: SerialOptions): Promise<number> {
  const { path, protocol = "h4", parity, signal, clock, ports } = options;
  const result = await probe(path, { baudRates: probedRates, parity, signal, clock, ports });
  if (result.kind === "hci" && result.protocol === protocol) return result.baudRate;
  throw new TransportError(`serial:${path} cannot be opened: ${explain(result)}`, { reason: "unsupported" });
}

/** Opening a port cannot be called off: where it comes too late it is closed again. */
async function openLine(
  ports: SerialPorts,
  settings: SerialSettings,
  signal: AbortSignal | undefined,
): Promise<SerialLine> {
  const opening = ports.open(settings);
  if (!signal) return opening;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(reasonOf(signal));
      opening.then((line) => line.close()).catch(() => undefined); // nobody waits for it any more
    };
    signal.addEventListener("abort", abort, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
