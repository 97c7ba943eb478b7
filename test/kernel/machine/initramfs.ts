import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, rename, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { sources } from "../places.ts";
import { mustRun } from "./command.ts";
import { type ArchiveFile, cpio } from "./cpio.ts";
import type { Kernel } from "./kernel.ts";
import { staticBusybox, whereIs } from "./requirements.ts";
import { SkipError } from "./skip.ts";

/** What reaches the root of the guest; everything else is loaded from there. */
const modules = ["virtio_pci", "virtio_console", "virtio_rng", "9pnet_virtio", "9p", "overlay"];

/** The guest's first file system, which finds the machine's own: out of the cache, or made. */
export async function prepareInitramfs(cache: string, kernel: Kernel): Promise<string> {
  const busybox = await staticBusybox();
  if (busybox === undefined) throw new SkipError("there is no static busybox (Debian: busybox-static)");
  const files: ArchiveFile[] = [
    { path: "init", content: await readFile(join(sources, "machine/init.sh")), executable: true },
    { path: "bin/busybox", content: await readFile(busybox), executable: true },
    ...(await moduleFiles(kernel)),
  ];
  const archive = cpio(files);
  const digest = createHash("sha256").update(archive).digest("hex").slice(0, 16);
  const path = join(cache, `initramfs-${digest}`);
  if (!existsSync(path)) {
    await writeFile(`${path}.new`, archive);
    await rename(`${path}.new`, path);
  }
  return path;
}

async function moduleFiles({ root, version }: Kernel): Promise<ArchiveFile[]> {
  const modprobe = whereIs("modprobe") ?? "modprobe";
  const paths = new Set<string>();
  for (const module of modules) {
    const plan = await mustRun(modprobe, ["-d", root, "-S", version, "--show-depends", module]);
    for (const [, path] of plan.matchAll(/^insmod (\S+)/gm)) if (path !== undefined) paths.add(path);
  }
  const files: ArchiveFile[] = [];
  for (const path of paths) files.push({ path: `modules/${basename(path)}`, content: await readFile(path) });
  const order = files.map(({ path }) => `${basename(path)}\n`).join("");
  return [...files, { path: "modules/order", content: Buffer.from(order) }];
}
