/** A peripheral on @abandonware/bleno. */
import bleno from "@abandonware/bleno";
import * as database from "../database.js";
import { octets, once, plain, serve, tell } from "./program.js";

const { Characteristic, Descriptor, PrimaryService } = bleno;
const values = {
  [database.uuid.short]: octets(database.value.short),
  [database.uuid.long]: octets(database.value.long),
  [database.uuid.secret]: octets(database.value.secret),
  [database.uuid.level]: octets(database.value.level),
};
const updates = {};

function characteristic(uuid, properties) {
  const value = values[uuid];
  return new Characteristic({
    uuid,
    properties,
    ...(value && { value }),
    ...(uuid === database.uuid.secret && { secure: ["read"] }),
    ...(uuid === database.uuid.short && {
      descriptors: [new Descriptor({ uuid: "2901", value: octets(database.value.description) })],
    }),
    onReadRequest: (_offset, callback) => callback(database.refusal, null),
    onWriteRequest(data, _offset, withoutResponse, callback) {
      tell("written", { uuid, value: data, withoutResponse });
      callback(Characteristic.RESULT_SUCCESS);
    },
    onSubscribe(_size, update) {
      updates[uuid] = update;
      tell("subscribed", uuid);
    },
    onUnsubscribe: () => tell("unsubscribed", uuid),
    onIndicate: () => tell("confirmed"),
  });
}

const powered = once(bleno, "stateChange");
bleno.on("accept", (address) => tell("connected", address));
bleno.on("disconnect", (address) => tell("disconnected", address));

serve({
  async advertise({ name }) {
    const [state] = await powered;
    if (state !== "poweredOn") throw new Error(state);
    const services = Object.entries(database.services).map(
      ([uuid, characteristics]) =>
        new PrimaryService({
          uuid,
          characteristics: Object.entries(characteristics).map((entry) => characteristic(...entry)),
        }),
    );
    await new Promise((resolve) => bleno.setServices(services, resolve));
    const error = await new Promise((resolve) =>
      bleno.startAdvertising(name, [plain(database.service)], resolve),
    );
    if (error) throw error;
    return bleno.address;
  },
  async beacon({ uuid, major, minor, power }) {
    await powered;
    const error = await new Promise((resolve) =>
      bleno.startAdvertisingIBeacon(uuid, major, minor, power, resolve),
    );
    if (error) throw error;
  },
  rssi: () =>
    new Promise((resolve) => {
      bleno.updateRssi((_error, rssi) => resolve(rssi));
    }),
  update({ uuid, value }) {
    updates[uuid](octets(value));
  },
  disconnect: () => bleno.disconnect(),
});
