import { dirname } from "node:path";
import type { Files } from "./surroundings.ts";

/** The USB device that something in sysfs belongs to. */
export interface UsbParent {
  /** As `lsusb` writes them: `0a12:0001`. */
  readonly ids: string;
  /** What it calls itself. */
  readonly name: string | undefined;
}

/** The USB device that a folder of sysfs lies in, if it lies in one. */
export function usbParentOf(files: Files, folder: string): UsbParent | undefined {
  for (let at = folder; at.length > 1; at = dirname(at)) {
    const vendor = files.text(at, "idVendor");
    const product = files.text(at, "idProduct");
    if (vendor === undefined || product === undefined) continue;
    const names = [files.text(at, "manufacturer"), files.text(at, "product")];
    const name = names.filter((each) => each !== undefined).join(" ");
    return { ids: `${vendor}:${product}`, name: name === "" ? undefined : name };
  }
  return undefined;
}

/** The device and its name, for people. */
export function describeUsb({ ids, name }: UsbParent): string {
  return name === undefined ? `USB ${ids}` : `USB ${ids}, ${name}`;
}
