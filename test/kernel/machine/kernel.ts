import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { mustRun, run } from "./command.ts";
import { whereIs } from "./requirements.ts";
import { SkipError } from "./skip.ts";

/** A kernel to boot. */
export interface Kernel {
  readonly version: string;
  readonly image: string;
  /** The folder that has its modules in `lib/modules`. */
  readonly root: string;
}

/** What is kept of the package: what makes the guest and its Bluetooth, of some 400 MB. */
const kept = [
  "./boot/vmlinuz-*",
  "./lib/modules/*/modules.*",
  ...[
    "crypto",
    "lib",
    "fs/9p",
    "fs/netfs",
    "fs/fscache",
    "fs/overlayfs",
    "net/9p",
    "net/bluetooth",
    "net/rfkill",
  ],
  ...["drivers/virtio", "drivers/char", "drivers/bluetooth", "drivers/hid", "arch/x86/crypto"],
].map((path) => (path.startsWith(".") ? path : `./lib/modules/*/kernel/${path}/*`));

/**
 * Debian's kernel, out of the cache or fetched into it. It is only unpacked: nothing of it is installed.
 *
 * @throws {@link SkipError} There is none in the cache, and none can be had.
 */
export async function prepareKernel(cache: string): Promise<Kernel> {
  const root = join(cache, "kernel");
  if (!existsSync(root)) await fetchKernel(cache, root);
  const boot = await readdir(join(root, "boot"));
  const file = boot.find((name) => name.startsWith("vmlinuz-"));
  if (file === undefined) throw new Error(`${root} has no kernel: remove it`);
  return { version: file.slice("vmlinuz-".length), image: join(root, "boot", file), root };
}

async function fetchKernel(cache: string, root: string): Promise<void> {
  if (whereIs("apt-get") === undefined) throw new SkipError("the kernel comes by apt-get, which is not here");
  await mkdir(cache, { recursive: true });
  // Beside it first: a run that is broken off, or another one, leaves no half a kernel behind.
  const work = await mkdtemp(join(cache, "new-"));
  try {
    const name = await kernelPackage();
    const fetched = await run("apt-get", ["-o", "APT::Sandbox::User=root", "download", name], { cwd: work });
    if (fetched.status !== 0) throw new SkipError(`${name} cannot be fetched: ${fetched.output.trim()}`);
    const [archive = ""] = await readdir(work);
    await unpack(join(work, archive), join(work, "kernel"));
    await rename(join(work, "kernel"), root).catch((error: unknown) => {
      if (!existsSync(root)) throw error; // else another run was faster
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The package that `linux-image-amd64` stands for at present. */
async function kernelPackage(): Promise<string> {
  const { output } = await run("apt-cache", ["depends", "linux-image-amd64"]);
  const name = /Depends: (linux-image-\d\S*)/.exec(output)?.[1];
  if (name === undefined) throw new SkipError("apt knows no linux-image-amd64: try apt-get update");
  return name;
}

async function unpack(archive: string, into: string): Promise<void> {
  await mkdir(into);
  const files = kept.map((path) => `'${path}'`).join(" ");
  const pipe = `dpkg --fsys-tarfile "$0" | tar -x -C "$1" --wildcards ${files} 2>&1 | grep -v 'Not found\\|Exiting'`;
  await run("sh", ["-c", pipe, archive, into]);
  const [version] = await readdir(join(into, "lib/modules"));
  if (version === undefined) throw new Error(`${archive} has no modules`);
  await mustRun(whereIs("depmod") ?? "depmod", ["-b", into, version]);
}
