/** A central on @abandonware/noble. */
import process from "node:process";
import withBinding from "@abandonware/noble/with-custom-binding.js";
import { octets, once, plain, serve, tell } from "./program.js";

/** Of an extended advertiser it tells only when it has heard it twice, so its duplicates must not be left out. */
const extended = process.env.NOBLE_EXTENDED === "1";
const noble = withBinding({ extended });
const powered = once(noble, "stateChange");
let peripheral;
let characteristics = [];

function find(uuid) {
  const found = characteristics.find((each) => each.uuid === uuid);
  if (!found) throw new Error(`there is no characteristic ${uuid}`);
  return found;
}

serve({
  async scan({ service }) {
    await powered;
    const discovered = once(noble, "discover");
    await noble.startScanningAsync(service ? [service] : [], extended);
    [peripheral] = await discovered;
    await noble.stopScanningAsync();
    const { address, addressType, connectable, rssi, advertisement } = peripheral;
    const { localName, serviceUuids, manufacturerData } = advertisement;
    return {
      address,
      addressType,
      connectable: Boolean(connectable), // or a bit of the event, in extended scanning
      rssi,
      name: localName,
      services: serviceUuids,
      manufacturerData,
    };
  },
  async connect() {
    peripheral.once("disconnect", () => tell("disconnected"));
    await peripheral.connectAsync();
    return { mtu: peripheral.mtu };
  },
  async discover() {
    const found = await peripheral.discoverAllServicesAndCharacteristicsAsync();
    characteristics = found.characteristics;
    return found.services.map((service) => ({
      uuid: plain(service.uuid),
      characteristics: service.characteristics.map(({ uuid, properties }) => ({
        uuid: plain(uuid),
        properties,
      })),
    }));
  },
  async descriptors({ uuid }) {
    const found = await find(uuid).discoverDescriptorsAsync();
    const list = [];
    for (const each of found) list.push({ uuid: plain(each.uuid), value: await each.readValueAsync() });
    return list;
  },
  read: ({ uuid }) => find(uuid).readAsync(),
  write: ({ uuid, value, withoutResponse = false }) => find(uuid).writeAsync(octets(value), withoutResponse),
  async subscribe({ uuid }) {
    find(uuid).on("data", (value) => tell("value", { uuid, value }));
    await find(uuid).subscribeAsync();
  },
  unsubscribe: ({ uuid }) => find(uuid).unsubscribeAsync(),
  rssi: () => peripheral.updateRssiAsync(),
  disconnect: () => peripheral.disconnectAsync(),
});
