import { TransportError } from "../../../src/index.ts";
import { openHciSocket } from "../../../transports/hci-socket.ts";
import type { HciSocketPackage } from "../../../transports/hci-socket-module.ts";

// Run by itself, without rights: says what comes of opening our controller.
const module = process.argv[2] as HciSocketPackage;
try {
  await using transport = await openHciSocket({ device: 1, module });
  console.log("opened", transport);
} catch (error) {
  console.log(error instanceof TransportError ? `${error.reason} ${error.message}` : String(error));
}
