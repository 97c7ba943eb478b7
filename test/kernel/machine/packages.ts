import { existsSync } from "node:fs";
import { join } from "node:path";
import { sources } from "../places.ts";
import { mustRun } from "./command.ts";
import { SkipError } from "./skip.ts";

/** The package that compiles itself, and what comes of it. */
const compiling = "@abandonware/bluetooth-hci-socket";
const made = `node_modules/${compiling}/lib/binding/bluetooth_hci_socket.node`;
const binaries = "node_modules/@stoprocent/bluetooth-hci-socket/prebuilds";

/**
 * Installs the npm packages that open HCI sockets, beside the tests.
 *
 * @throws {@link SkipError} They cannot be had.
 */
export async function installPackages(): Promise<void> {
  if (existsSync(join(sources, made)) && existsSync(join(sources, binaries))) return;
  try {
    await mustRun("npm", ["ci", "--omit=optional", "--ignore-scripts"], { cwd: sources });
    // Not every npm runs install scripts by itself.
    await mustRun("npm", ["rebuild", "--foreground-scripts", "--ignore-scripts=false", compiling], {
      cwd: sources,
    });
    await compileIfNeeded();
  } catch (error) {
    throw new SkipError(`the packages that open HCI sockets cannot be installed: ${String(error)}`);
  }
}

/** An npm that asks for every package whether its scripts may run leaves it as it is. */
async function compileIfNeeded(): Promise<void> {
  if (existsSync(join(sources, made))) return;
  const cwd = join(sources, "node_modules", compiling);
  await mustRun("npx", ["--no-install", "node-pre-gyp", "install", "--build-from-source"], { cwd });
}
