/** A central and a peripheral on ble-host. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import HciSocket from "@abandonware/bluetooth-hci-socket";
import bleHost from "ble-host";
import * as database from "../database.js";
import { channelVerbs } from "./ble-host-channels.js";
import { pairingVerbs } from "./ble-host-pairing.js";
import { octets, plain, serve, tell } from "./program.js";

const { AdvertisingDataBuilder, AttErrors, BleManager, HciErrors } = bleHost;

// It keeps its bonds in the working directory.
process.chdir(process.env.PEER_FOLDER ?? mkdtempSync(join(tmpdir(), "jelling-ble-host-")));

const transport = new HciSocket();
transport.bindUser(0);
transport.start();
const creating = new Promise((resolve, reject) => {
  BleManager.create(transport, {}, (error, made) => (error ? reject(error) : resolve(made)));
});
creating.catch(() => undefined); // whoever calls a verb hears of it

/** The one connection there is at a time; what it found at its peer; what it offers itself. */
let connection;
let found = new Map();
const offered = new Map();

function accept(made) {
  connection = made;
  found = new Map();
  connection.on("disconnect", (reason) => tell("disconnected", HciErrors.toString(reason)));
  tell("connected", connection.peerAddress);
}

function dashed(uuid) {
  if (uuid.length === 4) return parseInt(uuid, 16);
  return uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5").toUpperCase();
}

/** Makes a promise of a function that calls back with an error code and a value. */
function answered(begin) {
  return new Promise((resolve, reject) => {
    begin((error, value) => {
      if (error === AttErrors.SUCCESS) resolve(value);
      else reject(new Error(`0x${error.toString(16).padStart(2, "0")}`));
    });
  });
}

const names = { writeWithoutResponse: "write-without-response" };

function characteristic(uuid, properties) {
  const [name] = Object.entries(database.uuid).find(([, each]) => each === uuid);
  const value = database.value[name];
  const made = {
    uuid: dashed(uuid),
    properties: properties.map((each) => names[each] ?? each),
    ...(value && { value: octets(value) }),
    ...(name === "secret" && { readPerm: "encrypted" }),
    ...(name === "short" && { descriptors: [{ uuid: 0x2901, value: octets(database.value.description) }] }),
    ...(name === "refused" && { onRead: (_connection, callback) => callback(database.refusal) }),
    ...((name === "written" || name === "commanded") && {
      onWrite(_connection, needsResponse, written, callback) {
        tell("written", { uuid, value: written, withoutResponse: !needsResponse });
        callback(AttErrors.SUCCESS);
      },
    }),
    onSubscriptionChange(_connection, notification, indication) {
      tell(notification || indication ? "subscribed" : "unsubscribed", uuid);
    },
  };
  offered.set(uuid, made);
  return made;
}

async function characteristicsOf(service) {
  const list = await new Promise((resolve) => service.discoverCharacteristics(resolve));
  for (const each of list) found.set(plain(each.uuid), each);
  return list.map(({ uuid, properties }) => ({
    uuid: plain(uuid),
    properties: Object.keys(properties).filter((name) => properties[name]),
  }));
}

serve({
  ...pairingVerbs(() => connection),
  ...channelVerbs(() => connection),

  async advertise({ name }) {
    const manager = await creating;
    manager.gattDb.setDeviceName(name);
    if (offered.size === 0) {
      manager.gattDb.addServices(
        Object.entries(database.services).map(([uuid, characteristics]) => ({
          uuid: dashed(uuid),
          characteristics: Object.entries(characteristics).map((entry) => characteristic(...entry)),
        })),
      );
    }
    const builder = new AdvertisingDataBuilder().addFlags(["leGeneralDiscoverableMode", "brEdrNotSupported"]);
    manager.setAdvertisingData(builder.add128BitServiceUUIDs(true, [dashed(database.service)]).build());
    const response = new AdvertisingDataBuilder().addLocalName(true, name).build();
    await new Promise((resolve) => manager.setScanResponseData(response, resolve));
    manager.startAdvertising({ intervalMin: 0x20, intervalMax: 0x20 }, (status, made) => {
      if (status === HciErrors.SUCCESS) accept(made);
      else tell("refused", HciErrors.toString(status));
    });
  },
  update({ uuid, value }) {
    const each = offered.get(uuid);
    if (each.properties.includes("notify")) each.notify(connection, octets(value));
    else each.indicate(connection, octets(value), () => tell("confirmed"));
  },

  async scan({ service }) {
    const manager = await creating;
    const filter = new BleManager.ServiceUUIDScanFilter(dashed(service));
    const scanner = manager.startScan({ scanFilters: [filter] });
    const report = await new Promise((resolve) => {
      scanner.on("report", (each) => each.connectable && resolve(each));
    });
    scanner.stopScan();
    const { address, addressType, connectable, rssi, parsedDataItems: items } = report;
    const [manufacturer] = items.manufacturerSpecificData ?? [];
    const company =
      manufacturer &&
      octets(
        Uint8Array.of(manufacturer.companyIdentifierCode & 0xff, manufacturer.companyIdentifierCode >> 8),
      );
    return {
      ...{ address: address.toLowerCase(), addressType, connectable, rssi },
      services: items.serviceUuids?.map(plain),
      manufacturerData: manufacturer && Uint8Array.of(...company, ...manufacturer.data),
    };
  },
  async connect({ address, addressType }) {
    const manager = await creating;
    accept(
      await new Promise((resolve) =>
        manager.connect(addressType, address.toUpperCase(), { supervisionTimeout: 100 }, resolve),
      ),
    );
    await answered((callback) => connection.gatt.exchangeMtu(callback));
    return { mtu: connection.gatt.currentMtu };
  },
  async discover() {
    const services = await new Promise((resolve) => connection.gatt.discoverAllPrimaryServices(resolve));
    const list = [];
    for (const each of services) {
      list.push({ uuid: plain(each.uuid), characteristics: await characteristicsOf(each) });
    }
    return list;
  },
  async descriptors({ uuid }) {
    const descriptors = await new Promise((resolve) => found.get(uuid).discoverDescriptors(resolve));
    const list = [];
    for (const each of descriptors) {
      list.push({ uuid: plain(each.uuid), value: await answered((callback) => each.read(callback)) });
    }
    return list;
  },
  read: ({ uuid }) => answered((callback) => found.get(uuid).read(callback)),
  write({ uuid, value, withoutResponse = false }) {
    const each = found.get(uuid);
    if (!withoutResponse) return answered((callback) => each.write(octets(value), callback));
    return new Promise((resolve) => each.writeWithoutResponse(octets(value), () => resolve()));
  },
  async writeReliably({ values }) {
    connection.gatt.beginReliableWrite();
    const prepared = values.map(({ uuid, value }) =>
      answered((callback) => found.get(uuid).write(octets(value), callback)),
    );
    await Promise.all(prepared);
    await answered((callback) => connection.gatt.commitReliableWrite(callback));
  },
  async subscribe({ uuid }) {
    const each = found.get(uuid);
    each.on("change", (value, isIndication, confirm) => {
      tell("value", { uuid, value });
      if (isIndication) confirm();
    });
    await answered((callback) => each.writeCCCD(each.properties.notify, each.properties.indicate, callback));
  },
  unsubscribe: ({ uuid }) => answered((callback) => found.get(uuid).writeCCCD(false, false, callback)),
  rssi: () =>
    new Promise((resolve) => {
      connection.readRssi((_status, rssi) => resolve(rssi));
    }),
  updateParameters: (parameters) =>
    new Promise((resolve) => {
      connection.updateConnParams(parameters, resolve);
    }),
  disconnect: () => connection.disconnect(),
});
