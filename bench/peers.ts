import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { loadBleHost, peersPackage } from "./ble-host-api.ts";

/**
 * Has ble-host installed, in a folder of its own, so that neither the product nor its tests depend on it.
 *
 * @param tell - Told why it is not, or that it is being installed.
 * @returns Whether it is there.
 */
export function peersAreThere(tell: (text: string) => void): boolean {
  if (isThere()) return true;
  tell("installing ble-host to measure beside (bench/package.json) ...");
  const parameters = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, stderr, error } = spawnSync("npm", parameters, {
    cwd: fileURLToPath(new URL(".", peersPackage)),
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0 && isThere()) return true;
  tell(`ble-host could not be installed, so it is left out: ${error?.message ?? stderr.trim()}`);
  return false;
}

function isThere(): boolean {
  try {
    loadBleHost();
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND") return false;
    throw error;
  }
}
