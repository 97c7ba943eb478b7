import { closeSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The descriptors of this process that are sockets, and the inode of each. */
function sockets(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const name of readdirSync("/proc/self/fd")) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/self/fd/${name}`))?.[1];
    if (inode !== undefined) found.set(Number(name), inode);
  }
  return found;
}

/** A descriptor may be closed between the listing and the look at it: that of the listing itself always is. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** The inodes of all HCI sockets. */
function hciInodes(): ReadonlySet<string> {
  const lines = readFileSync("/proc/net/hci", "utf8").split("\n").slice(1);
  return new Set(lines.map((line) => line.trim().split(/\s+/)[5] ?? ""));
}

/**
 * Finds out which descriptor an HCI socket has that is opened after this call and does not tell.
 *
 * @returns To be called when it is open. What that returns closes the descriptor, once; or does nothing where it could
 *   not be found.
 */
export function watchDescriptors(): () => () => void {
  const before = tried(sockets);
  return () => {
    const after = tried(sockets);
    const hci = tried(hciInodes);
    const isIt = ([fd, inode]: readonly [number, string]): boolean =>
      before !== undefined && before.get(fd) !== inode && hci?.has(inode) === true;
    let descriptor = [...(after ?? [])].find(isIt)?.[0];
    return () => {
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    };
  };
}

/** Where /proc is not as on other systems the descriptor stays open until the process ends, as it would anyway. */
function tried<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
