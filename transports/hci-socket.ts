import { readdirSync, realpathSync, statSync } from "node:fs";
import { type Clock, systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import { checkOptions } from "../src/common/options.ts";
import type { CallOptions } from "../src/common/promised.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { watchDescriptors } from "./hci-socket-descriptor.ts";
import {
  type HciSocketBinding,
  type HciSocketModule,
  type HciSocketPackage,
  loadHciSocketModule,
} from "./hci-socket-module.ts";
import { type BoundHciSocket, HciSocketTransport } from "./hci-socket-transport.ts";
import { type Advice, openFailure } from "./open-error.ts";

export type { HciSocketBinding, HciSocketModule, HciSocketPackage } from "./hci-socket-module.ts";

/** Which controller of Linux, and how it is opened. */
export interface HciSocketOptions extends CallOptions {
  /** Its number: 1 for hci1. Default 0. */
  readonly device?: number | undefined;
  /** The npm package to use, or one that is loaded already. Default: the one that is installed and loads. */
  readonly module?: HciSocketPackage | HciSocketModule | undefined;
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
  /** Where Linux tells of its controllers. Default `/sys/class/bluetooth`. */
  readonly sysfs?: string | undefined;
}

const kinds = {
  device: "number",
  module: "anything",
  signal: "signal",
  clock: "object",
  sysfs: "anything",
} as const;

/**
 * The user channel of a Linux controller (HCI_CHANNEL_USER): this program has it for itself alone, with neither the
 * kernel's own host nor bluetoothd in between.
 *
 * @throws {@link TransportError} There is no such controller, it is in use or switched off, this user may not, or no npm
 *   package for it is installed; the message tells the command that mends it.
 * @throws {@link TypeError} An option is none, or of another kind.
 * @throws {@link RangeError} The number is none of a controller.
 */
export async function openHciSocket(options: HciSocketOptions = {}): Promise<HciTransport> {
  checkOptions("openHciSocket", options, kinds, "{ device: 0 }");
  const { device = 0, module, signal, clock = systemClock, sysfs = "/sys/class/bluetooth" } = options;
  if (!Number.isInteger(device) || device < 0 || device >= 0xffff) {
    throw new RangeError(`device: ${device} is not a whole number from 0 to 65534`);
  }
  signal?.throwIfAborted();
  await Promise.resolve();
  const name = `hci${device}`;
  const loaded = typeof module === "object" ? module : loadFor(module);
  const { binding, release } = bound(loaded, device, adviceFor(device, sysfs));
  const path = `${sysfs}/${name}`;
  const identity = identityOf(path);
  return new HciSocketTransport({
    name,
    clock,
    binding,
    release,
    module: loaded,
    // Where sysfs does not know it now, it cannot tell that it is gone.
    isPresent: () => identity === undefined || identityOf(path) === identity,
  });
}

function loadFor(module: HciSocketPackage | undefined): HciSocketModule {
  if (process.platform !== "linux") {
    throw new TransportError("HCI sockets are Linux's: open a controller by serial: or usb: here", {
      reason: "unsupported",
    });
  }
  return loadHciSocketModule(module);
}

/** Sockets that are closed. Collected, one would close a descriptor that belongs to somebody else by then. */
const retired: HciSocketBinding[] = [];

/**
 * A socket that has the controller.
 *
 * @throws {@link TransportError} It cannot be had.
 */
function bound(
  module: HciSocketModule,
  device: number,
  advice: Advice,
): Pick<BoundHciSocket, "binding" | "release"> {
  const opened = watchDescriptors();
  let binding: HciSocketBinding | undefined;
  try {
    binding = module.create();
    bind(binding, device);
  } catch (error) {
    if (binding) retired.push(binding);
    opened()();
    throw openFailure(`hci${device}`, error, advice);
  }
  const socket = binding;
  const close = opened();
  return {
    binding: socket,
    release: (wasStarted) => {
      retired.push(socket);
      if (module.leavesOpen || !wasStarted) close();
    },
  };
}

/** Of the packages one throws what is wrong, and the other may emit it. */
function bind(binding: HciSocketBinding, device: number): void {
  let failure: Error | undefined;
  binding.on("error", (error) => (failure ??= error));
  binding.bindUser(device);
  if (failure) throw failure;
}

function adviceFor(device: number, sysfs: string): Advice {
  const others = controllers(sysfs);
  const there = others.length === 0 ? "There is no controller at all" : `There is ${others.join(", ")}`;
  return {
    noSuchDevice: `${there}: see ls ${sysfs}; one at a UART has to be attached with btattach, or is opened by serial:`,
    permission:
      `Allow it to node: sudo setcap cap_net_admin,cap_net_raw+eip ${realpathSync(process.execPath)}; ` +
      "or to a service, by AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW in its systemd unit; " +
      "or let the launcher of docs/raspberry-pi.md open it",
    busy:
      `This program wants it for itself alone. Stop bluetoothd, and take the controller down: ` +
      `sudo systemctl stop bluetooth && sudo hciconfig hci${device} down (or: sudo btmgmt --index ${device} power off)`,
    rfkill: "Switch it on: rfkill unblock bluetooth",
    unsupported:
      "This kernel has no Bluetooth (sudo modprobe bluetooth), or this is a container: HCI sockets are there only with " +
      "the network of the host (docker run --network host)",
  };
}

function controllers(sysfs: string): string[] {
  try {
    return readdirSync(sysfs).filter((name) => /^hci\d+$/.test(name));
  } catch {
    return []; // a kernel without Bluetooth has no such folder
  }
}

/** What tells a device from another one that takes its place; `undefined` where there is none. */
function identityOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
