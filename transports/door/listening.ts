import { once } from "node:events";
import { lstatSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { socketPath } from "../socket-path.ts";
import type { TcpPlace, UnixPlace } from "./place.ts";

/**
 * Has a server listen at a place, over a socket that was left behind there too.
 *
 * @throws {@link Error} The operating system's, or the path is too long for a socket.
 */
export async function listen(server: Server, place: TcpPlace | UnixPlace): Promise<void> {
  if (place.kind === "tcp") {
    server.listen(place.port, place.host ?? "127.0.0.1");
  } else {
    const path = socketPath(place.path);
    if (await isLeftBehind(path)) unlinkSync(path);
    server.listen({ path });
  }
  await once(server, "listening");
}

/** Whether there is a socket whose owner has ended without removing it, as by SIGKILL. */
async function isLeftBehind(path: string): Promise<boolean> {
  const there = lstatSync(path, { throwIfNoEntry: false });
  if (!there) return false;
  // Files of other kinds refuse connections too, and are not ours to remove.
  if (!there.isSocket()) {
    const why = `EADDRINUSE: what is at ${path} is no socket: name another path`;
    throw Object.assign(new Error(why), { code: "EADDRINUSE" });
  }
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
