import { checkOptions } from "../src/common/options.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { acceptOne, type ControllerListener, listenAt } from "./controller-listener.ts";
import type { Advice } from "./open-error.ts";
import { connectKinds, connectTo, type ConnectOptions } from "./socket-transport.ts";

export type { ControllerListener } from "./controller-listener.ts";

/** A port of a computer. */
export interface TcpAddress {
  /** Default `127.0.0.1`. H4 has no protection: whoever reaches a port that is listened on may be the controller. */
  readonly host?: string | undefined;
  /** 1 to 65535; 0 to listen on one that is free. */
  readonly port: number;
}

/** Where a controller is served over TCP. */
export interface TcpOptions extends TcpAddress, ConnectOptions {
  /** Wait there for the controller to connect, instead of connecting to it. */
  readonly listen?: boolean | undefined;
}

const kinds = { host: "anything", port: "number", signal: "signal" } as const;

const connectAdvice: Advice = {
  refused: "Start the program that serves the controller, or look at its port",
  timeout: "Look at the address, and at firewalls in between",
  noSuchDevice: "Look at the name of the computer and at the network",
};
const listenAdvice: Advice = {
  busy: "Take another port, or end the program that listens there",
  permission: "Ports below 1024 are for root: take a higher one",
  noSuchDevice: "Give an address of this computer: 127.0.0.1, or 0.0.0.0 for all of them",
};

/**
 * H4 (Vol 4, Part A) over TCP: emulators, and controllers shared over a network.
 *
 * @param options.timeoutMs - How long connecting may take. There is no limit with `listen`.
 * @throws {@link TransportError} Nobody listens there, or does not answer; with `listen`, it cannot be listened there.
 * @throws {@link TypeError} An option is none, or of another kind.
 * @throws {@link RangeError} The port is none.
 */
export async function openTcp(options: TcpOptions): Promise<HciTransport> {
  checkOptions("openTcp", options, { ...kinds, ...connectKinds, listen: "boolean" }, "{ port: 9000 }");
  if (options.listen) return acceptOne(listenThere(options), options);
  const { host = "127.0.0.1", port } = options;
  requireHost(host);
  requirePort(port, 1);
  return connectTo({ host, port }, `tcp:${shown(host)}:${port}`, connectAdvice, options);
}

/**
 * Listens for controllers that connect by themselves, and serves one at a time.
 *
 * @throws {@link TransportError} It cannot be listened there.
 * @throws {@link RangeError} The port is none.
 */
export async function listenTcp(
  options: TcpAddress & Pick<ConnectOptions, "signal">,
): Promise<ControllerListener> {
  checkOptions("listenTcp", options, kinds, "{ port: 9000 }");
  return listenThere(options);
}

async function listenThere({
  host = "127.0.0.1",
  port,
  signal,
}: TcpAddress & Pick<ConnectOptions, "signal">): Promise<ControllerListener> {
  requireHost(host);
  requirePort(port, 0);
  return listenAt({ kind: "tcp", host, port }, `tcp:${shown(host)}:${port}`, listenAdvice, { signal });
}

/** @throws {@link TypeError} For programs that no compiler checks. */
function requireHost(host: unknown): void {
  if (typeof host === "string" && host !== "") return;
  throw new TypeError('host: give the name or the address of a computer, such as "127.0.0.1"');
}

function requirePort(port: number, least: number): void {
  if (Number.isInteger(port) && port >= least && port <= 65_535) return;
  throw new RangeError(`port: ${port} is not a whole number from ${least} to 65535`);
}

/** An IPv6 address stands in brackets before a port. */
function shown(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
