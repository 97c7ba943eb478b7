import { once } from "node:events";
import { unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import type { TcpPlace, UnixPlace } from "./place.ts";

/**
 * Has a server listen at a place, over a socket that was left behind there too.
 *
 * @throws {@link Error} The operating system's.
 */
export async function listen(server: Server, place: TcpPlace | UnixPlace): Promise<void> {
  if (place.kind === "tcp") {
    server.listen(place.port, place.host ?? "127.0.0.1");
  } else {
    if (await isLeftBehind(place.path)) unlinkSync(place.path);
    server.listen(place.path);
  }
  await once(server, "listening");
}

/** Whether there is a socket whose owner has ended without removing it, as by SIGKILL. */
async function isLeftBehind(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ECONNREFUSED";
  } finally {
    socket.destroy();
  }
}
