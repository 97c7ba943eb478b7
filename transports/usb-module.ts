import { TransportError } from "../src/common/errors.ts";
import type { UsbModule } from "./usb-device.ts";

/**
 * Loads version 2 of the npm package `usb`.
 *
 * @param load - Gives it.
 * @throws {@link TransportError} It is not installed, or another version is; the message has the command.
 */
export async function loadUsbModule(load: () => Promise<unknown> = loadModule): Promise<UsbModule> {
  let module: { readonly default?: unknown };
  try {
    module = (await load()) as typeof module;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n", 1).join("") : String(cause);
    const message = `USB needs the npm package "usb", which does not load: "npm install usb@2" (${why})`;
    throw new TransportError(message, { cause, reason: "missingModule" });
  }
  // As CommonJS it stands behind "default".
  const found = [module, module.default].find(isUsbModule);
  if (found) return found;
  const message = `USB needs version 2 of the npm package "usb", and this is another: "npm install usb@2"`;
  throw new TransportError(message, { reason: "missingModule" });
}

/** Version 3 has nothing in common with it but the name. */
function isUsbModule(module: unknown): module is UsbModule {
  return (
    typeof module === "object" &&
    module !== null &&
    "getDeviceList" in module &&
    typeof module.getDeviceList === "function"
  );
}

/** Not for a compiler to look for: it is the program's to install. */
const optional = { package: "usb" };

function loadModule(): Promise<unknown> {
  return import(optional.package);
}
