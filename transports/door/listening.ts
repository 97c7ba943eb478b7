import { once } from "node:events";
import { lstatSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { isAbsolute } from "node:path";
import type { TcpPlace, UnixPlace } from "./place.ts";

/** As many octets of a path as an address of a socket has room for (Linux 107, others fewer): Node cuts the rest off. */
const longestPath = process.platform === "linux" ? 107 : 103;

/**
 * Has a server listen at a place, over a socket that was left behind there too.
 *
 * @throws {@link Error} The operating system's, or the path is too long for a socket.
 */
export async function listen(server: Server, place: TcpPlace | UnixPlace): Promise<void> {
  if (place.kind === "tcp") {
    server.listen(place.port, place.host ?? "127.0.0.1");
  } else {
    // Node takes a number for a port.
    const path = isAbsolute(place.path) ? place.path : `./${place.path}`;
    const size = Buffer.byteLength(path);
    if (size > longestPath)
      throw new Error(`a path of ${size} octets, where a socket has room for ${longestPath}`);
    if (await isLeftBehind(path)) unlinkSync(path);
    server.listen({ path });
  }
  await once(server, "listening");
}

/** Whether there is a socket whose owner has ended without removing it, as by SIGKILL. */
async function isLeftBehind(path: string): Promise<boolean> {
  // Files of other kinds refuse connections too, and are not ours to remove.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return false;
  const socket = connect({ path });
  try {
    await once(socket, "connect");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  } finally {
    socket.destroy();
  }
}
