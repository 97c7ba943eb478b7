import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, openSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { sources } from "../places.ts";
import { prepareInitramfs } from "./initramfs.ts";
import { prepareKernel } from "./kernel.ts";
import { whereIs } from "./requirements.ts";
import { SkipError } from "./skip.ts";

/** What to run in a guest. */
export interface GuestOptions {
  /** A line of shell. Its standard output comes out of the guest line by line. */
  readonly command: string;
  readonly cache: string;
  /** For all of it, in ms; what is longer is ended. */
  readonly limitMs: number;
  readonly onLine: (line: string) => void;
  /** The guest has ended; what the command has written to `/run/job/out` is in the folder until this is done. */
  readonly onEnd: (end: GuestEnd, folder: string) => Promise<void>;
}

/** How a guest has ended. */
export interface GuestEnd {
  /** The status of the command; `undefined` when the guest ended before it. */
  readonly status: number | undefined;
  /** Whether it was ended because it took too long. */
  readonly late: boolean;
  /** What the kernel of the guest has said. */
  readonly console: string;
}

/**
 * Whether the processor runs guests itself. A device file alone proves nothing: in some containers it is there, and a
 * guest hangs.
 */
export function hasKvm(): boolean {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return /\b(vmx|svm)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}

/**
 * Boots a kernel whose root is this machine's file system, read-only below a layer in memory, and runs a command there
 * as root.
 *
 * @throws {@link SkipError} There is no kernel to be had.
 */
export async function runInGuest(options: GuestOptions): Promise<void> {
  const kernel = await prepareKernel(options.cache);
  const initramfs = await prepareInitramfs(options.cache, kernel);
  const job = await mkdtemp(join(tmpdir(), "jelling-kernel-"));
  try {
    await mkdir(join(job, "out"));
    await writeFile(join(job, "command.sh"), `${options.command}\n`);
    await writeFile(join(job, "modules"), join(kernel.root, "lib/modules"));
    await cp(join(sources, "machine/start.sh"), join(job, "start.sh"));
    const late = await boot(machine(kernel.image, initramfs, job), job, options);
    const end: GuestEnd = {
      status: await numberIn(join(job, "status")),
      late,
      console: await readFile(join(job, "console.log"), "utf8"),
    };
    await cp(join(job, "console.log"), join(job, "out", "console.log"));
    await options.onEnd(end, join(job, "out"));
  } finally {
    await rm(job, { recursive: true, force: true });
  }
}

async function numberIn(path: string): Promise<number | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text === "" ? undefined : Number(text);
}

function machine(image: string, initramfs: string, job: string): string[] {
  const kvm = hasKvm();
  const share = (id: string, path: string, how: string): string[] => [
    ...["-fsdev", `local,id=${id},path=${path},security_model=none,multidevs=remap${how}`],
    ...["-device", `virtio-9p-pci,fsdev=${id},mount_tag=${id}`],
  ];
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-machine", "pc"],
    ...["-accel", kvm ? "kvm" : "tcg,thread=multi", "-cpu", kvm ? "host" : "max", "-m", "640"],
    ...["-smp", kvm ? "2" : "1", "-kernel", image, "-initrd", initramfs],
    ...["-append", "console=ttyS0 quiet loglevel=4 panic=-1 oops=panic random.trust_cpu=on mitigations=off"],
    ...["-chardev", `file,id=console,path=${join(job, "console.log")}`, "-serial", "chardev:console"],
    ...["-device", "virtio-serial-pci", "-chardev", "stdio,id=lines,signal=off"],
    ...["-device", "virtserialport,chardev=lines,name=lines", "-device", "virtio-rng-pci"],
    ...share("machine", "/", ",readonly=on"),
    ...share("job", job, ""),
  ];
}

/** @returns Whether it was ended because it took too long. */
async function boot(parameters: string[], job: string, { limitMs, onLine }: GuestOptions): Promise<boolean> {
  const complaints = openSync(join(job, "qemu.log"), "w");
  // Its standard input must stay open, or the guest finds nobody at the other end of its port.
  const qemu = spawn(program(), parameters, { stdio: ["pipe", "pipe", complaints] });
  const stop = endsWithThisProcess(qemu);
  const outcome = { late: false };
  const timer = setTimeout(() => {
    outcome.late = true;
    qemu.kill("SIGKILL");
  }, limitMs);
  if (qemu.stdout) createInterface(qemu.stdout).on("line", onLine);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      qemu.on("error", reject);
      qemu.on("close", resolve);
    });
    if (status !== 0 && !outcome.late)
      throw new Error(`QEMU: ${await readFile(join(job, "qemu.log"), "utf8")}`);
    return outcome.late;
  } finally {
    clearTimeout(timer);
    stop();
  }
}

function program(): string {
  const path = whereIs("qemu-system-x86_64");
  if (path === undefined) throw new SkipError("there is no QEMU (Debian: qemu-system-x86)");
  return path;
}

function endsWithThisProcess(child: ChildProcess): () => void {
  const end = (): void => {
    child.kill("SIGKILL");
  };
  process.on("exit", end);
  return () => process.off("exit", end);
}
