import { TransportError } from "../src/common/errors.ts";
import { type Advice, openFailure } from "./open-error.ts";
import type { SerialPortInfo } from "./serial-line.ts";

/** The npm package `serialport` gives the texts of the C library and none of its codes. */
const codes: readonly (readonly [text: string, code: string])[] = [
  ["No such file or directory", "ENOENT"],
  ["File not found", "ENOENT"],
  ["No such device", "ENODEV"],
  ["Permission denied", "EACCES"],
  ["Access denied", "EACCES"],
  ["Cannot lock port", "EBUSY"],
  ["Device or resource busy", "EBUSY"],
  ["Resource busy", "EBUSY"],
];

/**
 * Why a serial port cannot be opened, and what to do about it.
 *
 * @param ports - Those that there are.
 */
export function serialFailure(
  path: string,
  cause: unknown,
  ports: readonly SerialPortInfo[],
): TransportError {
  if (!(cause instanceof Error)) return openFailure(path, cause);
  if (/Inappropriate ioctl|Not a typewriter/.test(cause.message)) {
    return new TransportError(`${path} cannot be opened: it is no serial port. ${thereAre(ports)}`, {
      cause,
      reason: "unsupported",
    });
  }
  const [, code] = codes.find(([text]) => cause.message.includes(text)) ?? [];
  if (code !== undefined && !("code" in cause)) Object.assign(cause, { code });
  return openFailure(path, cause, adviceFor(path, ports));
}

/** What to say where the package is not there. */
export function serialModuleMissing(cause: unknown): TransportError {
  const why = cause instanceof Error ? cause.message.split("\n", 1).join("") : String(cause);
  return new TransportError(
    `serial ports need the npm package "serialport", which does not load: "npm install serialport" (${why})`,
    { cause, reason: "missingModule" },
  );
}

/** The ports by name, with what is known of them. */
export function thereAre(ports: readonly SerialPortInfo[]): string {
  if (ports.length === 0) return "There is no serial port at all: is the device plugged in?";
  return `There ${ports.length === 1 ? "is" : "are"} ${ports.map(describePort).join(", ")}`;
}

function describePort({ path, vendorId, productId, manufacturer }: SerialPortInfo): string {
  const ids = vendorId === undefined ? "" : `USB ${vendorId}:${productId ?? "?"}`;
  const about = [manufacturer, ids].filter((each) => each !== undefined && each !== "").join(", ");
  return about === "" ? path : `${path} (${about})`;
}

function adviceFor(path: string, ports: readonly SerialPortInfo[]): Advice {
  return {
    noSuchDevice: thereAre(ports),
    permission:
      `Serial ports belong to a group: "sudo usermod -aG dialout $USER" (on Arch "uucp"), then log in again; ` +
      `or give it to whoever sits at the computer, by a udev rule with TAG+="uaccess"`,
    busy:
      `"sudo fuser -v ${path}" tells which program; ModemManager tries every new port for some seconds: ` +
      `"sudo systemctl stop ModemManager"`,
  };
}
