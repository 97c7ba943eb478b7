import { checkOptions } from "../src/common/options.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { acceptOne, type ControllerListener, listenAt } from "./controller-listener.ts";
import type { Advice } from "./open-error.ts";
import { socketPath } from "./socket-path.ts";
import { connectKinds, connectTo, type ConnectOptions } from "./socket-transport.ts";

export type { ControllerListener } from "./controller-listener.ts";

/** Where a controller is served over a socket in the file system. */
export interface UnixOptions extends ConnectOptions {
  readonly path: string;
  /** Wait there for the controller to connect, instead of connecting to it. */
  readonly listen?: boolean | undefined;
}

const kinds = { path: "anything", signal: "signal" } as const;
const example = '{ path: "/run/bt.sock" }';

const connectAdvice: Advice = {
  noSuchDevice: "Start the program that serves the controller there, or look at the path",
  refused: "The socket was left behind: start the program that serves the controller there",
  permission: "The user needs to be allowed to write to the socket: see its group and mode with ls -l",
  unsupported: "There is something else than a socket",
};
const listenAdvice: Advice = {
  busy: "Another program listens there, or there is something else than a socket",
  permission: "Its folder does not exist, or the user may not write to it",
};

/**
 * H4 (Vol 4, Part A) over a unix socket: BlueZ's `btvirt -s`, `jelling virtual --unix`, bridges.
 *
 * @throws {@link TransportError} Nobody listens there; with `listen`, it cannot be listened there.
 * @throws {@link TypeError} An option is none, or of another kind.
 * @throws {@link RangeError} The path is longer than the address of a socket has room for.
 */
export async function openUnix(options: UnixOptions): Promise<HciTransport> {
  checkOptions("openUnix", options, { ...kinds, ...connectKinds, listen: "boolean" }, example);
  if (options.listen) return acceptOne(listenThere(options), options);
  const path = socketPath(requirePath(options.path));
  return connectTo({ path }, `unix:${options.path}`, connectAdvice, options);
}

/**
 * Listens for controllers that connect by themselves, and serves one at a time. A socket that was left behind there is
 * replaced.
 *
 * @throws {@link TransportError} It cannot be listened there.
 * @throws {@link RangeError} The path is longer than the address of a socket has room for.
 */
export async function listenUnix(options: Pick<UnixOptions, "path" | "signal">): Promise<ControllerListener> {
  checkOptions("listenUnix", options, kinds, example);
  return listenThere(options);
}

async function listenThere({
  path,
  signal,
}: Pick<UnixOptions, "path" | "signal">): Promise<ControllerListener> {
  socketPath(requirePath(path));
  return listenAt({ kind: "unix", path }, `unix:${path}`, listenAdvice, { signal });
}

/** @throws {@link TypeError} For programs that no compiler checks. */
function requirePath(path: unknown): string {
  if (typeof path === "string" && path !== "") return path;
  throw new TypeError("path: give the path of a socket");
}
