import { isAbsolute } from "node:path";

/** As many octets of a path as an address of a socket has room for (Linux 107, others fewer): Node cuts the rest off. */
const longestPath = process.platform === "linux" ? 107 : 103;

/**
 * A path as Node's sockets take it, which hold a number for a port.
 *
 * @throws {@link RangeError} It is longer than the address of a socket has room for.
 */
export function socketPath(path: string): string {
  const whole = isAbsolute(path) ? path : `./${path}`;
  const size = Buffer.byteLength(whole);
  if (size <= longestPath) return whole;
  throw new RangeError(`a path of ${size} octets, where a socket has room for ${longestPath}`);
}
