import type { Clock } from "../src/common/clock.ts";
import { checkOptions } from "../src/common/options.ts";
import type { SerialPorts, SerialSettings } from "./serial-line.ts";

/**
 * What is known of common devices: `nrf52` are boards with Zephyr's hci_uart (1 000 000 baud, RTS and CTS); `usb-cdc` is
 * what has USB of its own, where the rate says nothing; `hc` are modules of the HC-05, HC-06 and HM-10 class, whose rate
 * is found by trying.
 */
export type SerialPreset = "nrf52" | "usb-cdc" | "hc";

/** How a controller at a serial port is opened. */
export interface SerialOptions {
  /** Such as `/dev/ttyACM0` or `COM3`. */
  readonly path: string;
  /** Gives what the options below leave out. */
  readonly preset?: SerialPreset | undefined;
  /** In bits per second. Default 115 200. */
  readonly baudRate?: number | undefined;
  /** Whether the lines RTS and CTS say when the other end can take more; then they must be connected. */
  readonly rtscts?: boolean | undefined;
  /** Whether XON and XOFF do, which H5 alone can carry. */
  readonly xonxoff?: boolean | undefined;
  /** Default `none`; controllers that speak H5 often want `even`. */
  readonly parity?: "none" | "even" | "odd" | undefined;
  /** `h4` (Vol 4, Part A) is the default. `h5` is the three-wire UART (Vol 4, Part D), which repairs what noise does. */
  readonly protocol?: "h4" | "h5" | undefined;
  /** Calls it off. */
  readonly signal?: AbortSignal | undefined;
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
  /** Where the ports come from. Default: the npm package `serialport`. */
  readonly ports?: SerialPorts | undefined;
}

/** What a preset stands for. */
interface Preset {
  readonly baudRate: number;
  readonly rtscts: boolean;
}

const presets: Readonly<Record<SerialPreset, Preset>> = {
  nrf52: { baudRate: 1_000_000, rtscts: true },
  "usb-cdc": { baudRate: 115_200, rtscts: false },
  hc: { baudRate: 9600, rtscts: false },
};

const noPreset: Preset = { baudRate: 115_200, rtscts: false };

/** The rates that are tried where none is given, the likely ones first. */
export const probedRates: readonly number[] = [
  9600, 115_200, 38_400, 57_600, 1_000_000, 230_400, 460_800, 921_600, 19_200,
];

const parities: readonly string[] = ["none", "even", "odd"];
const protocols: readonly string[] = ["h4", "h5"];

const kinds = {
  path: "anything",
  preset: "anything",
  parity: "anything",
  protocol: "anything",
  baudRate: "number",
  rtscts: "boolean",
  xonxoff: "boolean",
  signal: "signal",
  clock: "object",
  ports: "object",
} as const;

/**
 * The settings of the port that options stand for.
 *
 * @throws {@link TypeError} An option is none, or of another kind.
 * @throws {@link RangeError} An option is out of its range.
 */
export function serialSettings(options: SerialOptions): SerialSettings {
  checkOptions("openSerial", options, kinds, '{ path: "/dev/ttyACM0", preset: "nrf52" }');
  const { path, preset, parity = "none", protocol = "h4" } = options;
  requirePath(path);
  requireOneOf("preset", preset, Object.keys(presets));
  requireParity(parity);
  requireOneOf("protocol", protocol, protocols);
  const given = preset === undefined ? noPreset : presets[preset];
  const { baudRate = given.baudRate, rtscts = given.rtscts, xonxoff = false } = options;
  requireBaudRate(baudRate);
  if (xonxoff && protocol === "h4") throw new RangeError("xonxoff: H4 has octets of every value; use rtscts");
  return { path, baudRate, rtscts, parity, xonxoff };
}

/** @throws {@link TypeError} It is no path, for programs that no compiler checks. */
export function requirePath(path: unknown): void {
  if (typeof path === "string" && path !== "") return;
  throw new TypeError('path: give a port, such as "/dev/ttyACM0"');
}

/** @throws {@link RangeError} It is none that there is. */
export function requireParity(parity: unknown): void {
  requireOneOf("parity", parity, parities);
}

/** @throws {@link RangeError} It is no rate. */
export function requireBaudRate(baudRate: number): void {
  if (Number.isInteger(baudRate) && baudRate >= 300 && baudRate <= 12_000_000) return;
  throw new RangeError(`baudRate: ${baudRate} is not a whole number from 300 to 12000000`);
}

function requireOneOf(name: string, value: unknown, choices: readonly string[]): void {
  if (value === undefined || (typeof value === "string" && choices.includes(value))) return;
  throw new RangeError(`${name}: ${JSON.stringify(value)} is none of ${choices.join(", ")}`);
}
