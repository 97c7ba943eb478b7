import type { Clock } from "../src/common/clock.ts";
import type { CallOptions } from "../src/common/promised.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { parseTransportName, type SerialNameSettings, type TransportName } from "./transport-name.ts";

/** How a transport is opened by its name. */
export interface OpenTransportOptions extends CallOptions {
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
}

/**
 * Opens the transport that a person has named:
 *
 * - `hci:0`: a controller of Linux, by the user channel
 * - `serial:/dev/ttyACM0?preset=nrf52`: a serial port; also with `baud=1000000`, `rtscts`, `xonxoff`, `parity=even`,
 *   `protocol=h5`
 * - `usb:0a12:0001`: a USB device by its vendor and product, or `usb:` for the first controller there is
 * - `tcp:127.0.0.1:9000`, `unix:/run/bt.sock`: H4 over a socket; with `?listen` the controller connects
 * - `fd:3`: a descriptor that the launcher has opened
 * - `replay:trace.btsnoop`: a capture in the place of a controller; with `?tolerant`, `?instant`
 * - `virtual:`: a controller of a virtual radio; those of one name (`virtual:kitchen`) in a process hear one another
 *
 * Only the transport that is named is loaded, and what it needs.
 *
 * @throws {@link SyntaxError} The name is none; the message lists the forms.
 * @throws {@link TransportError} It cannot be opened: `reason` tells why, and the message what to do.
 * @throws {@link RangeError} Something in the name is out of its range.
 */
export async function openTransport(name: string, options: OpenTransportOptions = {}): Promise<HciTransport> {
  const { signal, clock } = options;
  if (typeof name !== "string") throw new TypeError('name: give the name of a transport, such as "hci:0"');
  const parsed = parseTransportName(name);
  signal?.throwIfAborted();
  return open(parsed, { signal, clock });
}

/** Each is loaded when it is asked for. */
async function open(name: TransportName, common: OpenTransportOptions): Promise<HciTransport> {
  switch (name.kind) {
    case "hci":
      return (await import("./hci-socket.ts")).openHciSocket({ ...common, device: name.device });
    case "serial":
      return openSerial(name.path, name.settings, common);
    case "usb":
      return openUsb(name, common);
    case "tcp":
      return (await import("./tcp.ts")).openTcp({
        ...common,
        host: name.host,
        port: name.port,
        listen: name.listen,
      });
    case "unix":
      return (await import("./unix.ts")).openUnix({ ...common, path: name.path, listen: name.listen });
    case "fd":
      return (await import("./fd.ts")).openFd({ ...common, fd: name.fd });
    case "replay":
      return (await import("./replay.ts")).openReplay({
        ...common,
        path: name.path,
        tolerant: name.tolerant,
        instant: name.instant,
      });
    case "virtual":
      return (await import("./named-air.ts")).openVirtual(name, common);
  }
}

async function openSerial(
  path: string,
  settings: SerialNameSettings,
  common: OpenTransportOptions,
): Promise<HciTransport> {
  const { openSerial } = await import("./serial.ts");
  // What is no preset, parity or protocol is refused there, with those that there are.
  return openSerial({ ...common, path, ...(settings as Omit<Parameters<typeof openSerial>[0], "path">) });
}

async function openUsb(
  { vendorId, productId }: { readonly vendorId: number | undefined; readonly productId: number | undefined },
  { signal }: OpenTransportOptions,
): Promise<HciTransport> {
  return (await import("./usb.ts")).openUsb({ vendorId, productId, signal });
}
