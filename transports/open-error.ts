import { getSystemErrorName } from "node:util";
import { TransportError, type TransportReason } from "../src/common/errors.ts";

/** What to do about each reason, as sentences that follow what is the matter. */
export type Advice = Readonly<Partial<Record<TransportReason, string>>>;

const reasons: Readonly<Record<string, TransportReason>> = {
  ENOENT: "noSuchDevice",
  ENODEV: "noSuchDevice",
  ENXIO: "noSuchDevice",
  ENOTDIR: "noSuchDevice",
  ENOTFOUND: "noSuchDevice",
  EAI_AGAIN: "noSuchDevice",
  EADDRNOTAVAIL: "noSuchDevice",
  EHOSTUNREACH: "noSuchDevice",
  ENETUNREACH: "noSuchDevice",
  EBADF: "noSuchDevice",
  EACCES: "permission",
  EPERM: "permission",
  EBUSY: "busy",
  EUSERS: "busy",
  EADDRINUSE: "busy",
  ERFKILL: "rfkill",
  MODULE_NOT_FOUND: "missingModule",
  ERR_MODULE_NOT_FOUND: "missingModule",
  ERR_DLOPEN_FAILED: "missingModule",
  EAFNOSUPPORT: "unsupported",
  EPROTONOSUPPORT: "unsupported",
  ESOCKTNOSUPPORT: "unsupported",
  ENOTSOCK: "unsupported",
  EOPNOTSUPP: "unsupported",
  EISDIR: "unsupported",
  ECONNREFUSED: "refused",
  ETIMEDOUT: "timeout",
  ECONNRESET: "lost",
  EPIPE: "lost",
  ENETDOWN: "lost",
  EBADFD: "lost",
  EIO: "lost",
};

const plainly: Readonly<Record<TransportReason, string>> = {
  noSuchDevice: "there is none",
  permission: "this user may not",
  busy: "another program has it",
  rfkill: "the radio is switched off",
  missingModule: "an npm package is missing or does not load",
  unsupported: "this system does not have it",
  refused: "nobody listens there",
  timeout: "there was no answer in time",
  lost: "it went away",
  malformed: "what it sends is no HCI",
  stalled: "it takes nothing any more",
  closed: "it is closed",
  failed: "it failed",
};

/** Error numbers of Linux that Node has no names for. */
const linuxOnly: ReadonlyMap<number, string> = new Map([
  [77, "EBADFD"],
  [87, "EUSERS"],
  [132, "ERFKILL"],
]);

/** The name of an error number, by Node's or the kernel's way to count. */
function nameOf(errno: number): string | undefined {
  const number = Math.abs(errno);
  if (process.platform === "linux" && linuxOnly.has(number)) return linuxOnly.get(number);
  const name = Number.isInteger(number) && number > 0 ? getSystemErrorName(-number) : "";
  return name.startsWith("E") ? name : undefined;
}

/** What the C library says where an error brings nothing but its text. */
const texts: readonly (readonly [text: string, code: string])[] = [
  ["Operation not permitted", "EPERM"],
  ["Permission denied", "EACCES"],
  ["Device or resource busy", "EBUSY"],
  ["Too many users", "EUSERS"],
  ["No such device or address", "ENXIO"],
  ["No such device", "ENODEV"],
  ["RF-kill", "ERFKILL"],
  ["Address family not supported", "EAFNOSUPPORT"],
  ["Protocol not supported", "EPROTONOSUPPORT"],
  ["Resource temporarily unavailable", "EAGAIN"],
  ["Broken pipe", "EPIPE"],
  ["Network is down", "ENETDOWN"],
  ["File descriptor in bad state", "EBADFD"],
];

/** The name of an operating system's error, such as `EBUSY`; of a number or a text where that is all there is. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code, errno, message }: { code?: unknown; errno?: unknown; message?: unknown } = error;
  if (typeof code === "string" && /^(E[A-Z0-9_]+|MODULE_NOT_FOUND)$/.test(code)) return code;
  const byNumber = typeof errno === "number" ? nameOf(errno) : undefined;
  if (byNumber !== undefined) return byNumber;
  return texts.find(([text]) => String(message).includes(text))?.[1];
}

/** What kind of trouble an operating system's error is. */
export function reasonFor(error: unknown): TransportReason {
  const code = errorCode(error);
  return (code === undefined ? undefined : reasons[code]) ?? "failed";
}

/**
 * Why something cannot be opened, in words, with what to do about it.
 *
 * @param what - What was to be opened, such as `hci0`.
 * @param cause - The operating system's error, or a {@link TransportError}, which is returned as it is.
 */
export function openFailure(what: string, cause: unknown, advice: Advice = {}): TransportError {
  if (cause instanceof TransportError) return cause;
  const reason = reasonFor(cause);
  return new TransportError(`${what} cannot be opened: ${said(reason, cause)}${advised(advice[reason])}`, {
    cause,
    reason,
  });
}

/** Why something that was open is so no more. */
export function lossOf(what: string, cause: unknown): TransportError {
  if (cause instanceof TransportError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TransportError(`${what} was lost: ${why}`, { cause, reason: "lost" });
}

function said(reason: TransportReason, cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return reason === "failed" ? text : `${plainly[reason]} (${errorCode(cause) ?? text})`;
}

function advised(advice: string | undefined): string {
  return advice === undefined ? "" : `. ${advice}`;
}
