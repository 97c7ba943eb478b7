import { EventEmitter, once } from "node:events";
import type { HciTransport } from "../src/hci/transport.ts";
import { openControllers } from "./controllers.ts";
import {
  type BleConnection,
  type BleManager,
  type CharacteristicOfClient,
  loadBleHost,
  type ServiceOfClient,
  type ServiceOfServer,
} from "./ble-host-api.ts";

/** Two hosts of ble-host, connected. */
export interface BleHostPair {
  /** The central's end. */
  readonly central: BleConnection;
  readonly peripheral: BleConnection;
}

/** Two hosts of ble-host on controllers of the kind that this process measures with. */
export async function openBleHosts(services: readonly ServiceOfServer[]): Promise<BleHostPair> {
  const controllers = openControllers();
  const server = await openManager(controllers.peripheral);
  const client = await openManager(controllers.central);
  server.gattDb.addServices(services);
  const accepted = new Promise<BleConnection>((resolve) => {
    server.startAdvertising({}, (_status, connection) => {
      resolve(connection);
    });
  });
  const { type, text } = {
    type: controllers.peripheralAddress.type,
    text: controllers.peripheralAddress.toString().slice(0, 17),
  };
  const central = await new Promise<BleConnection>((resolve) => {
    client.connect(type, text, {}, resolve);
  });
  const peripheral = await accepted;
  return { central, peripheral };
}

/** The same with the largest MTU agreed on, and what the central has found of its peer. */
export async function openBleHostPair(
  services: readonly ServiceOfServer[],
): Promise<BleHostPair & { readonly found: readonly CharacteristicOfClient[] }> {
  const pair = await openBleHosts(services);
  await new Promise((resolve) => {
    pair.central.gatt.exchangeMtu(resolve);
  });
  return { ...pair, found: await discoverAll(pair.central) };
}

/** Services, characteristics and descriptors, as its manual says. */
export async function discoverAll(connection: BleConnection): Promise<CharacteristicOfClient[]> {
  const services = await answer<readonly ServiceOfClient[]>((done) => {
    connection.gatt.discoverAllPrimaryServices(done);
  });
  const found: CharacteristicOfClient[] = [];
  for (const service of services) {
    const characteristics = await answer<readonly CharacteristicOfClient[]>((done) => {
      service.discoverCharacteristics(done);
    });
    for (const one of characteristics) {
      await answer((done) => {
        one.discoverDescriptors(done);
      });
      found.push(one);
    }
  }
  return found;
}

/** Resolves with the argument of the callback. */
function answer<T>(ask: (done: (result: T) => void) => void): Promise<T> {
  return new Promise((resolve) => {
    ask(resolve);
  });
}

async function openManager(transport: HciTransport): Promise<BleManager> {
  const emitter = new EmitterTransport(transport);
  return new Promise((resolve, reject) => {
    loadBleHost().BleManager.create(emitter, {}, (error, manager) => {
      if (error) reject(error);
      else resolve(manager);
    });
  });
}

/** A transport as ble-host wants it: whole packets, as events of Buffers. */
class EmitterTransport extends EventEmitter {
  readonly #transport: HciTransport;

  constructor(transport: HciTransport) {
    super();
    this.#transport = transport;
    transport.start({
      packet: (packet) => {
        this.emit("data", Buffer.from(packet.buffer, packet.byteOffset, packet.length));
      },
      closed: () => {
        this.emit("close");
      },
    });
  }

  write(packet: Buffer): void {
    this.#transport.send(packet);
  }
}

/** Resolves when a pairing has ended well. */
export async function pairBleHosts({ central }: BleHostPair): Promise<void> {
  const paired = once(central.smp, "pairingComplete");
  central.smp.sendPairingRequest({ ioCap: 3, mitm: false });
  await paired;
}
