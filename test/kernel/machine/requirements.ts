import { existsSync } from "node:fs";
import process from "node:process";
import { mustRun, run } from "./command.ts";
import { SkipError } from "./skip.ts";

/** What must be on the machine: a file in one of several places, or a command that succeeds. */
interface Requirement {
  /** The Debian packages that bring it. */
  readonly packages: readonly string[];
  readonly met: () => Promise<boolean>;
}

const folders = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Where a program is, also one that only root has in its path. */
export function whereIs(program: string): string | undefined {
  return folders.map((folder) => `${folder}/${program}`).find((path) => existsSync(path));
}

/** A busybox that needs no library, for the first file system of the guest. */
export async function staticBusybox(): Promise<string | undefined> {
  for (const path of ["/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static"]) {
    if (existsSync(path) && (await run("ldd", [path])).status !== 0) return path;
  }
  return undefined;
}

function program(name: string, ...packages: string[]): Requirement {
  return { packages, met: () => Promise.resolve(whereIs(name) !== undefined) };
}

const requirements: readonly Requirement[] = [
  program("qemu-system-x86_64", "qemu-system-x86"),
  program("modprobe", "kmod"),
  { packages: ["busybox-static"], met: async () => (await staticBusybox()) !== undefined },
  program("bluetoothd", "bluez"),
  program("l2test", "bluez-test-tools"),
  program("btvirt", "bluez-test-tools"),
  program("btmon", "bluez"),
  program("dbus-daemon", "dbus"),
  {
    packages: ["python3", "python3-dbus", "python3-gi"],
    met: async () => (await run("/usr/bin/python3", ["-c", "import dbus, gi.repository.GLib"])).status === 0,
  },
];

/**
 * Has everything on the machine that the guest needs, by apt where it is missing and this is root.
 *
 * @throws {@link SkipError} Something is missing and cannot be had.
 */
export async function meetRequirements(): Promise<void> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new SkipError(
      `the guest is a Linux for x86-64 on one, and this is ${process.platform} ${process.arch}`,
    );
  }
  const missing = await missingPackages();
  if (missing.length === 0) return;
  const command = `apt-get install --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || whereIs("apt-get") === undefined) {
    throw new SkipError(`packages are missing, which only root can install: sudo ${command}`);
  }
  await install(missing);
  const left = await missingPackages();
  if (left.length > 0) throw new SkipError(`these could not be installed: ${left.join(" ")}`);
}

async function missingPackages(): Promise<string[]> {
  const missing = new Set<string>();
  for (const { packages, met } of requirements) {
    if (!(await met())) for (const each of packages) missing.add(each);
  }
  return [...missing];
}

async function install(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    await mustRun("apt-get", ["update", "-qq"], { env });
    await mustRun("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], { env });
  } catch (error) {
    throw new SkipError(`${packages.join(" ")} cannot be installed: ${String(error)}`);
  }
}
