import { adaptersOf } from "./adapters.ts";
import type { Finding } from "./finding.ts";
import { serialPortsOf } from "./serial-ports.ts";
import type { Files, Surroundings } from "./surroundings.ts";

const socketPackages = ["@stoprocent/bluetooth-hci-socket", "@abandonware/bluetooth-hci-socket"];

/** Which of the packages that a transport needs do load. */
export async function lookAtPackages(files: Files, surroundings: Surroundings): Promise<readonly Finding[]> {
  const load = (name: string): Promise<unknown> => surroundings.load(name);
  return [
    await lookAt(load, socketPackages, "adapters of Linux (hci:0)", adaptersOf(files).length > 0),
    await lookAt(load, ["serialport"], "serial ports", serialPortsOf(files).length > 0),
    await lookAt(load, ["usb"], "USB without a driver of the system", false, "usb@2"),
  ];
}

/**
 * @param isNeeded - Whether there is something that it is for.
 * @param wanted - What npm is to install.
 */
async function lookAt(
  load: (name: string) => Promise<unknown>,
  packages: readonly string[],
  what: string,
  isNeeded: boolean,
  wanted = packages[0] ?? "",
): Promise<Finding> {
  const reasons: string[] = [];
  for (const name of packages) {
    try {
      await load(name);
      return { about: "packages", verdict: "ok", text: `${name} loads, for ${what}` };
    } catch (error) {
      reasons.push(reasonOf(name, error));
    }
  }
  return {
    about: "packages",
    verdict: isNeeded ? "problem" : "note",
    text: `${what} need an npm package: ${reasons.join("; ")}`,
    mend: `npm install ${wanted}`,
  };
}

function reasonOf(name: string, error: unknown): string {
  const first = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const message = first instanceof Error ? first.message : String(first);
  const code = first instanceof Error && "code" in first ? first.code : undefined;
  const isMissing =
    String(code).includes("MODULE_NOT_FOUND") &&
    [`'${name}'`, `'${name}/`].some((each) => message.includes(each));
  return isMissing
    ? `${name} is not installed`
    : `${name} does not load (${message.split("\n", 1).join("")})`;
}
