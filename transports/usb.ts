import { TransportError, type TransportReason } from "../src/common/errors.ts";
import { checkOptions } from "../src/common/options.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { hciInterfaceOf, idsOf, isController, type UsbDevice, type UsbInterface } from "./usb-device.ts";
import { loadUsbModule } from "./usb-module.ts";
import { UsbTransport } from "./usb-transport.ts";

export type { UsbDevice, UsbEndpoint, UsbInterface, UsbModule } from "./usb-device.ts";

/** Which controller on USB, and how it is reached. */
export interface UsbOptions {
  /** 0 to 0xFFFF. Left out: the first device that says it is a Bluetooth controller. */
  readonly vendorId?: number | undefined;
  /** 0 to 0xFFFF. */
  readonly productId?: number | undefined;
  /** Which of several that are alike, from 0. */
  readonly index?: number | undefined;
  /** Calls it off. */
  readonly signal?: AbortSignal | undefined;
  /** Gives the npm package `usb`, or what is like it. */
  readonly load?: (() => Promise<unknown>) | undefined;
}

const kinds = {
  vendorId: "number",
  productId: "number",
  index: "number",
  signal: "signal",
  load: "function",
} as const;

/** The errors of libusb by what they are for a program. */
const reasons: readonly (readonly [name: string, reason: TransportReason])[] = [
  ["LIBUSB_ERROR_ACCESS", "permission"],
  ["LIBUSB_ERROR_NO_DEVICE", "noSuchDevice"],
  ["LIBUSB_ERROR_NOT_FOUND", "noSuchDevice"],
  ["LIBUSB_ERROR_BUSY", "busy"],
  ["LIBUSB_ERROR_NOT_SUPPORTED", "unsupported"],
];

/**
 * Opens a controller on USB, by version 2 of the npm package `usb`; a driver of the kernel is detached from it and gets it back when
 * it is closed. Vol 4, Part B.
 *
 * This was never tried on hardware: it is tested on a device that a test plays.
 *
 * @throws {@link TransportError} It cannot be opened; see `reason`.
 * @throws {@link TypeError} An option is of another kind.
 * @throws {@link RangeError} An option is out of its range.
 */
export async function openUsb(options: UsbOptions = {}): Promise<HciTransport> {
  checkOptions("openUsb", options, kinds, "{ vendorId: 0x0a12, productId: 0x0001 }");
  const { vendorId, productId, index = 0, signal, load } = options;
  requireNumber("vendorId", vendorId, 0xffff);
  requireNumber("productId", productId, 0xffff);
  requireNumber("index", index, 127);
  signal?.throwIfAborted();
  const devices = (await loadUsbModule(load)).getDeviceList();
  signal?.throwIfAborted();
  const wanted = devices.filter((device) => isWanted(device, vendorId, productId));
  const device = wanted[index];
  if (!device) throw noSuchDevice(devices, vendorId, productId, wanted.length);
  return openDevice(device);
}

function isWanted(device: UsbDevice, vendorId: number | undefined, productId: number | undefined): boolean {
  const { idVendor, idProduct } = device.deviceDescriptor;
  if (vendorId === undefined && productId === undefined) return isController(device);
  return (vendorId ?? idVendor) === idVendor && (productId ?? idProduct) === idProduct;
}

/** Devices that are in use, by where they are plugged in: the package would open and claim one again. */
const taken = new Set<string>();

function openDevice(device: UsbDevice): HciTransport {
  const ids = idsOf(device);
  const who = `usb:${ids}`;
  const place = `${device.busNumber}:${device.deviceAddress}`;
  if (taken.has(place)) {
    throw new TransportError(`${who} cannot be opened: this program has opened it already`, {
      reason: "busy",
    });
  }
  let isOpen = false;
  let detached: UsbInterface | undefined;
  try {
    device.open();
    isOpen = true;
    const hci = hciInterfaceOf(device);
    if (!hci) {
      const message = `${who} cannot be opened: it has no interface of a Bluetooth controller (class e0/01/01)`;
      throw new TransportError(message, { reason: "unsupported" });
    }
    const { usbInterface } = hci;
    const hadDriver = hasDriver(() => usbInterface.isKernelDriverActive());
    if (hadDriver) usbInterface.detachKernelDriver();
    if (hadDriver) detached = usbInterface;
    usbInterface.claim();
    taken.add(place);
    return new UsbTransport({ device, hci, who, hadDriver, onClose: () => taken.delete(place) });
  } catch (cause) {
    if (isOpen) letGo(device, detached);
    throw cause instanceof TransportError ? cause : openFailureOf(who, ids, cause);
  }
}

/** What is the matter has been found out: that a device that is gone cannot be let go of adds nothing. */
function letGo(device: UsbDevice, detached: UsbInterface | undefined): void {
  for (const work of [() => detached?.attachKernelDriver(), () => device.close()]) {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
}

/** Systems that have no such drivers say so by throwing. */
function hasDriver(ask: () => boolean): boolean {
  try {
    return ask();
  } catch (error) {
    if (String(error).includes("NOT_SUPPORTED")) return false;
    throw error;
  }
}

function noSuchDevice(
  devices: readonly UsbDevice[],
  vendorId: number | undefined,
  productId: number | undefined,
  alike: number,
): TransportError {
  const shown = (id: number | undefined): string => id?.toString(16).padStart(4, "0") ?? "*";
  const isAny = vendorId === undefined && productId === undefined;
  const who = isAny ? "usb:" : `usb:${shown(vendorId)}:${shown(productId)}`;
  const controllers = devices.filter(isController).map(idsOf);
  const there =
    controllers.length === 0
      ? `None of ${devices.length} USB devices says it is a Bluetooth controller`
      : `Bluetooth controllers on USB: ${controllers.join(", ")}`;
  const many = alike > 0 ? ` (there are ${alike} of them)` : "";
  return new TransportError(`${who} cannot be opened: there is none${many}. ${there}`, {
    reason: "noSuchDevice",
  });
}

function openFailureOf(who: string, ids: string, cause: unknown): TransportError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const [name, reason] = reasons.find(([each]) => text.includes(each)) ?? [text, "failed" as const];
  const advice = adviceFor(reason, ids);
  return new TransportError(`${who} cannot be opened: ${name}${advice}`, { cause, reason });
}

function adviceFor(reason: TransportReason, ids: string): string {
  const [vendor = "", product = ""] = ids.split(":");
  switch (reason) {
    case "permission": {
      const rule = `SUBSYSTEM=="usb", ATTR{idVendor}=="${vendor}", ATTR{idProduct}=="${product}", TAG+="uaccess"`;
      return `. This user may not: put '${rule}' into /etc/udev/rules.d/70-bluetooth-usb.rules, then "sudo udevadm control --reload" and plug it in again`;
    }
    case "busy":
      return '. Another program or driver has it: "sudo systemctl stop bluetooth", "sudo modprobe -r btusb"';
    case "unsupported":
      return ". On Windows the device needs the WinUSB driver, which the program Zadig installs";
    case "noSuchDevice":
      return ". It was unplugged, or it is the system's own and cannot be opened";
    default:
      return "";
  }
}

function requireNumber(name: string, value: number | undefined, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= most)) return;
  throw new RangeError(`${name}: ${value} is not a whole number from 0 to ${most}`);
}
