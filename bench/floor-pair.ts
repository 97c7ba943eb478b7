import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../src/hci/commands/le-advertising.ts";
import { LeCreateConnection } from "../src/hci/commands/le-connection.ts";
import { openControllers } from "./controllers.ts";
import { FloorHost } from "./floor-host.ts";

/** Two hosts that only frame, connected over controllers of the same kind as the stack's. */
export interface FloorPair {
  readonly central: FloorHost;
  readonly peripheral: FloorHost;
}

/** Opens the pair and connects it. */
export async function openFloorPair(): Promise<FloorPair> {
  const controllers = openControllers();
  const peripheral = new FloorHost(controllers.peripheral);
  const central = new FloorHost(controllers.central);
  await peripheral.startUp();
  await central.startUp();
  await peripheral.ask(LeSetAdvertisingParameters, {
    advertisingIntervalMin: 0x0020,
    advertisingIntervalMax: 0x0020,
    advertisingType: 0,
    ownAddressType: 0,
    peerAddressType: 0,
    peerAddress: 0,
    advertisingChannelMap: 0b111,
    advertisingFilterPolicy: 0,
  });
  await peripheral.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
  const connected = Promise.all([central.connected(), peripheral.connected()]);
  await central.ask(LeCreateConnection, {
    scanInterval: 0x0010,
    scanWindow: 0x0010,
    initiatorFilterPolicy: 0,
    peerAddressType: 0,
    peerAddress: controllers.peripheralAddress.value,
    ownAddressType: 0,
    connectionIntervalMin: 0x0018,
    connectionIntervalMax: 0x0028,
    maxLatency: 0,
    supervisionTimeout: 0x0048,
    minCeLength: 0,
    maxCeLength: 0,
  });
  await connected;
  return { central, peripheral };
}
