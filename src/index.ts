/** The public API of jelling: a Bluetooth Low Energy host stack. */
export { Host, type HostEvents } from "./host.ts";
export type { HostOptions } from "./gap/host-options.ts";

export { Address, type AddressKind, type AddressType } from "./common/address.ts";
export { Uuid, type UuidLike } from "./common/uuid.ts";
export { type Clock, systemClock, VirtualClock } from "./common/clock.ts";
export { type Random, SeededRandom, systemRandom } from "./common/random.ts";
export type { CallOptions } from "./common/promised.ts";
export { QueueOverflowError } from "./common/async-queue.ts";
export {
  BackPressureError,
  BleError,
  HostClosedError,
  MalformedPduError,
  TimeoutError,
  TransportError,
} from "./common/errors.ts";

export { CommandTimeoutError, DisconnectedError, HardwareFailureError, HciError } from "./hci/error.ts";
export { Status, statusName } from "./hci/status.ts";
export type { HciReceiver, HciTransport } from "./hci/transport.ts";
export type { AclBuffers } from "./hci/acl-queue.ts";
export type { ControllerCapabilities } from "./hci/controller-capabilities.ts";
export type { ControllerInfo } from "./hci/start-up.ts";

export { AttError, AttTimeoutError } from "./att/error.ts";
export { ErrorCode } from "./att/error-code.ts";

export { NotFoundError } from "./gatt/error.ts";
export type { GattClient } from "./gatt/client.ts";
export type { GattServer, LocalService } from "./gatt/server.ts";
export type { LocalCharacteristic, NotifyOptions } from "./gatt/local-characteristic.ts";
export type { CharacteristicProperties } from "./gatt/declaration.ts";
export { propertyList } from "./gatt/declaration.ts";
export type { RemoteService } from "./gatt/remote-service.ts";
export type { RemoteCharacteristic } from "./gatt/remote-characteristic.ts";
export type { RemoteDescriptor, RemoteValue } from "./gatt/remote-value.ts";
export type { NotificationIterator } from "./gatt/notification-iterator.ts";
export type { SubscribeOptions, Subscription } from "./gatt/subscription.ts";
export {
  characteristic,
  type CharacteristicDefinition,
  type CharacteristicDefinitions,
  type CharacteristicOptions,
  descriptor,
  type DescriptorDefinition,
  type DescriptorOptions,
  type GattPeer,
  type ReadEvent,
  type ReadHandler,
  service,
  type ServiceDefinition,
  type ValueOptions,
  type WriteEvent,
  type WriteHandler,
} from "./gatt/service-builder.ts";

export { decodeAdvertisingData, encodeAdvertisingData } from "./gap/advertising-data.ts";
export type {
  AdvertisingData,
  AdvertisingDataInput,
  ManufacturerData,
  ServiceData,
} from "./gap/advertising-fields.ts";
export type { AdStructure } from "./gap/advertising-structure.ts";
export { AdFlag, AdType, adTypeName } from "./gap/ad-type.ts";
export type { AdvertiseOptions, Advertising } from "./gap/advertiser.ts";
export type {
  Connection,
  ConnectionEvents,
  ConnectionParameters,
  DisconnectOptions,
} from "./gap/connection.ts";
export { ConnectTimeoutError, UnavailableError } from "./gap/error.ts";
export type { Found } from "./gap/found.ts";
export type { ConnectOptions } from "./gap/connect-options.ts";
export type { ScanFilter } from "./gap/scan-filter.ts";
export type { Scan, ScanOptions } from "./gap/scan.ts";
