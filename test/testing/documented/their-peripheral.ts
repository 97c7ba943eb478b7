import { LittlePeripheral } from "../little-peripheral.ts";
import { SocketTransport } from "../socket-transport.ts";

/** Starts somebody else's peripheral: a host that speaks H4 to this port and advertises, until the door is closed. */
export async function startTheirPeripheral(port: number): Promise<void> {
  new LittlePeripheral(await SocketTransport.open(port));
}
