import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";

/** The part of ble-host 1.0.3 that is measured; the package ships no types. */
export interface BleHost {
  readonly BleManager: {
    create(
      transport: EventEmitter,
      options: { readonly staticRandomAddress?: string },
      done: (error: Error | null, manager: BleManager) => void,
    ): void;
  };
}

export interface BleManager {
  readonly gattDb: { addServices(services: readonly ServiceOfServer[]): void };
  startAdvertising(options: object, done: (status: number, connection: BleConnection) => void): void;
  connect(
    addressType: string,
    address: string,
    options: object,
    done: (connection: BleConnection) => void,
  ): void;
}

export interface ServiceOfServer {
  readonly uuid: string;
  readonly characteristics: readonly CharacteristicOfServer[];
}

export interface CharacteristicOfServer {
  readonly uuid: string;
  readonly properties: readonly string[];
  readonly value?: Buffer;
  onWrite?(connection: BleConnection, acknowledged: boolean, value: Buffer, done: () => void): void;
  /** Put there by `addServices`. */
  notify?(connection: BleConnection, value: Buffer, sent: () => void): boolean;
}

export interface BleConnection extends EventEmitter {
  readonly gatt: {
    exchangeMtu(done: (error: unknown) => void): void;
    discoverAllPrimaryServices(done: (services: readonly ServiceOfClient[]) => void): void;
    readonly currentMtu: number;
  };
  readonly smp: EventEmitter & { sendPairingRequest(features: object): void };
  readonly l2capCoCManager: {
    connect(psm: number, paused: boolean, mtu: number, done: (result: number, channel: Coc) => void): void;
    registerLePsm(
      psm: number,
      asked: (mtu: number, answer: (result: number, paused: boolean, mtu: number) => Coc) => void,
    ): void;
  };
  disconnect(): void;
}

export interface ServiceOfClient {
  discoverCharacteristics(done: (characteristics: readonly CharacteristicOfClient[]) => void): void;
}

export interface CharacteristicOfClient extends EventEmitter {
  discoverDescriptors(done: (descriptors: readonly unknown[]) => void): void;
  readShort(done: (error: number, value: Buffer) => void): void;
  write(value: Buffer, done: (error: number) => void): void;
  writeWithoutResponse(value: Buffer, sent: () => void): void;
  writeCCCD(notifications: boolean, indications: boolean, done: (error: number) => void): void;
}

export interface Coc extends EventEmitter {
  readonly txCredits: number;
  send(sdu: Buffer): void;
}

/** Where its package.json and what was installed for it are. */
export const peersPackage: URL = new URL("bench/package.json", import.meta.resolve("jelling/package.json"));

/** @throws {@link Error} It is not installed. */
export function loadBleHost(): BleHost {
  return createRequire(peersPackage)("ble-host") as BleHost;
}
