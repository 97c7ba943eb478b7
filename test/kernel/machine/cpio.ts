/** A file of an archive. */
export interface ArchiveFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** Whether it can be run. */
  readonly executable?: boolean;
}

const regular = 0o100000;
const directory = 0o040000;

/** An archive in the form that Linux takes its first file system in ("newc"). Folders are made as they are needed. */
export function cpio(files: readonly ArchiveFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const folders = new Set<string>();
  for (const { path, content, executable = false } of files) {
    const steps = path.split("/").slice(0, -1);
    for (let depth = 1; depth <= steps.length; depth++) folders.add(steps.slice(0, depth).join("/"));
    parts.push(...entry(path, regular | (executable ? 0o755 : 0o644), content));
  }
  const made = [...folders].sort().flatMap((path) => entry(path, directory | 0o755, new Uint8Array()));
  return Buffer.concat([...made, ...parts, ...entry("TRAILER!!!", 0, new Uint8Array())]);
}

function entry(path: string, mode: number, content: Uint8Array): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, user, group, links, time, size, four device numbers, size of the name, checksum
  const fields = [0, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return [padded(Buffer.concat([Buffer.from(header), name])), padded(content)];
}

function padded(octets: Uint8Array): Uint8Array {
  const rest = -octets.length & 3;
  return rest === 0 ? octets : Buffer.concat([octets, new Uint8Array(rest)]);
}
