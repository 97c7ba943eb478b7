/** MicroPython's `bluetooth` module on top of this package: the subpath `jelling/micropython`. */
export { BLE, type BleOptions } from "./ble.ts";
export { UUID, type UuidValue } from "./uuid.ts";
export { Errno, OSError } from "./os-error.ts";
export type { BleEvent, Handler } from "./events.ts";
export type { AdvertiseKeywords } from "./advertiser.ts";
export type { ConfigSettings, ConfigValues } from "./config.ts";
export type { Authorize } from "./gatts.ts";
export type { CharacteristicResult } from "./gattc.ts";
export type { AddressTuple, BufferLike } from "./octets.ts";
export type { CharacteristicTuple, DescriptorTuple, ServiceTuple } from "./services-definition.ts";
export * from "./constants.ts";
