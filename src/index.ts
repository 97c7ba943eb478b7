/** The public API of jelling: a Bluetooth Low Energy host stack. */
export { Host, type HostEvents } from "./host.ts";
export type { ConfigureOptions, HostOptions } from "./gap/host-options.ts";
export type { HostConfiguration } from "./gap/configuration.ts";
export type { GapServiceOptions, PreferredParameters, SharedDataKey } from "./gap/gap-service.ts";

export { Address, type AddressKind, type AddressType } from "./common/address.ts";
export { openTransport, type OpenTransportOptions } from "../transports/open-transport.ts";
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
  type TransportReason,
} from "./common/errors.ts";

export { CommandTimeoutError, DisconnectedError, HardwareFailureError, HciError } from "./hci/error.ts";
export { Status, statusName } from "./hci/status.ts";
export type { HciReceiver, HciTransport } from "./hci/transport.ts";
export type { AclBuffers } from "./hci/acl-queue.ts";
export type { ControllerCapabilities } from "./hci/controller-capabilities.ts";
export type { Quirk } from "./hci/quirks.ts";
export type { ControllerInfo } from "./hci/start-up.ts";

export {
  ChannelClosedError,
  ChannelFaultError,
  ChannelRefusedError,
  ChannelUnavailableError,
  CommandRejectedError,
  ParametersRefusedError,
  ReconfigureRefusedError,
  SignalingTimeoutError,
  SpsmTakenError,
} from "./l2cap/error.ts";
export { ConnectionResult as ChannelResult, ReconfigureResult, RejectReason } from "./l2cap/signaling-pdu.ts";
export type { Reconfiguration } from "./l2cap/credit-channel.ts";
export type { SecurityRequirement } from "./common/security.ts";

export { AttError, type AttErrorOptions, AttTimeoutError } from "./att/error.ts";
export { ErrorCode } from "./att/error-code.ts";

export { NoSigningKeyError, NotFoundError, StaleAttributeError } from "./gatt/error.ts";
export type {
  GattClient,
  GattClientEvents,
  ReadByUuidOptions,
  ReadMultipleOptions,
  ServicesChange,
  ServicesOptions,
} from "./gatt/client.ts";
export type {
  AttributeClient,
  AttributeClientEvents,
  AttributeRange,
  AttributeValue,
} from "./gatt/attribute-client.ts";
export type { FoundCharacteristic, FoundDescriptor, FoundService } from "./gatt/discovery.ts";
export type { ValueByUuid } from "./gatt/read-multiple.ts";
export {
  aggregateFormat,
  presentationFormat,
  type PresentationFormat,
  serverConfiguration,
  userDescription,
} from "./gatt/descriptors.ts";
export type { GattServer, LocalService } from "./gatt/server.ts";
export type {
  LocalCharacteristic,
  LocalCharacteristicEvents,
  LocalDescriptor,
  NotifyOptions,
  Recipients,
} from "./gatt/local-characteristic.ts";
export type { CharacteristicValue } from "./gatt/notify-multiple.ts";
export type { Permission, PermissionLike, Permissions } from "./gatt/permissions.ts";
export type { CharacteristicProperties } from "./gatt/declaration.ts";
export { propertyList } from "./gatt/declaration.ts";
export type { RemoteService } from "./gatt/remote-service.ts";
export type { CommandOptions, RemoteCharacteristic } from "./gatt/remote-characteristic.ts";
export type { RemoteDescriptor, RemoteValue, WriteOptions } from "./gatt/remote-value.ts";
export type { NotificationIterator } from "./gatt/notification-iterator.ts";
export type { SubscribeOptions, Subscription } from "./gatt/subscription.ts";
export {
  CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "./gatt/define-characteristic.ts";
export { defineDescriptor, DescriptorType, type TypedRemoteDescriptor } from "./gatt/define-descriptor.ts";
export type { TypedLocalCharacteristic } from "./gatt/typed-local-characteristic.ts";
export type {
  TypedCharacteristicOptions,
  TypedDescriptorOptions,
  TypedValueOptions,
  TypedWriteEvent,
} from "./gatt/typed-options.ts";
export type { TypedRemoteCharacteristic } from "./gatt/typed-remote-characteristic.ts";
export type { TypedSubscribeOptions, TypedSubscription } from "./gatt/typed-subscription.ts";
export type { ValueCodec } from "./gatt/value-codec.ts";
export {
  type AuthorizeEvent,
  type AuthorizeHandler,
  characteristic,
  type CharacteristicDefinition,
  type CharacteristicDefinitions,
  type CharacteristicOptions,
  descriptor,
  type DescriptorDefinition,
  type DescriptorOptions,
  type GattPeer,
  type IncludedHandles,
  type ReadEvent,
  type ReadHandler,
  service,
  type ServiceDefinition,
  type ServiceOptions,
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
export type { AdvertisedData, Advertising, RawAdvertisement } from "./gap/advertising.ts";
export type { AdvertiseOptions, PeriodicOptions } from "./gap/advertising-plan.ts";
export type {
  Connection,
  ConnectionEvents,
  ConnectionParameters,
  DisconnectOptions,
} from "./gap/connection.ts";
export type { RequestedParameters, UpdateParametersOptions } from "./gap/connection-updates.ts";
export type { Channel, ChannelEvents } from "./gap/channel.ts";
export type { ChannelListener, ChannelRequest, ListenOptions } from "./gap/channel-listener.ts";
export type { ChannelOptions, OpenChannelOptions, OpenChannelsOptions } from "./gap/channel-opening.ts";
export type { FixedChannel, FixedChannelOptions } from "./gap/fixed-channel.ts";
export { ConnectTimeoutError, SyncTimeoutError, UnavailableError } from "./gap/error.ts";

export type { SecurityState } from "./common/security.ts";
export type { JsonValue } from "./common/json.ts";
export { EncryptionError, PairingError, PairingTimeoutError } from "./smp/error.ts";
export { PairingFailure, pairingFailureName } from "./smp/pairing-failure.ts";
export {
  decodeOobData,
  encodeOobData,
  type OobData,
  oobDataFromText,
  oobDataToText,
  type OobRole,
} from "./smp/oob-data.ts";
export type { BondJson, LongTermKeyJson, SigningKeyJson } from "./smp/bond-json.ts";
export type { HostPairingOptions, PairingOptions, PairOptions } from "./gap/pairing-options.ts";
export type { AgentCapability, AgentCapabilityLike, Answer, PairingAgent } from "./gap/agent.ts";
export {
  AlreadyExistsError,
  CanceledError,
  DoesNotExistError,
  InvalidArgumentsError,
  RejectedError,
} from "./gap/agent-error.ts";
export type { Agents } from "./gap/agents.ts";
export { FixedPasskeyAgent } from "./gap/agents/fixed-passkey-agent.ts";
export { NoIoAgent } from "./gap/agents/no-io-agent.ts";
export { type AgentCall, RecordingAgent, type RecordingOptions } from "./gap/agents/recording-agent.ts";
export { TerminalAgent, type TerminalOptions } from "./gap/agents/terminal-agent.ts";
export { type Confirm, YesNoAgent } from "./gap/agents/yes-no-agent.ts";
export type { BondDocument, BondRecordJson } from "./gap/bond-document.ts";
export { fileBondStore } from "./gap/bond-file.ts";
export { type BondStore, BondStoreError, memoryBondStore, type MemoryBondStore } from "./gap/bond-store.ts";
export type { BondedPeer } from "./gap/bonded-peer.ts";
export type { Bonds, BondsEvents } from "./gap/bonds.ts";
export { bluezBond, bluezBonds, toBluezInfo } from "./gap/bluez-bonds.ts";
export type { Privacy } from "./gap/own-address.ts";
export type { ImportedBonds } from "./gap/imported-bonds.ts";
export { bondsFromSecrets, type Secret, secretsFromBonds, SecretType } from "./gap/secrets.ts";
export type { Found, FoundPacket } from "./gap/found.ts";
export type { ConnectOptions } from "./gap/connect-options.ts";
export type {
  DataPattern,
  ManufacturerDataPattern,
  ScanFilter,
  ServiceDataPattern,
} from "./gap/scan-filter.ts";
export type { ScanPhy } from "./gap/scan-radio.ts";
export type { Phy } from "./gap/scan-report.ts";
export type { Scan, ScanOptions } from "./gap/scan.ts";
export type { PeriodicReport, PeriodicSync } from "./gap/periodic-sync.ts";
export type { PeriodicAdvertiserId, SyncOptions, SyncPeriodicOptions } from "./gap/synchronizer.ts";
export type {
  DataLength,
  LinkControl,
  LinkPhys,
  PhyPreference,
  RemoteVersion,
  SubrateRequest,
  Subrating,
} from "./gap/link-control.ts";
export type { PathLossChange, PathLossZones, TxPowerChange, TxPowerReporting } from "./gap/link-power.ts";
export {
  decodeEncryptedDataKey,
  decryptAdvertisingData,
  encodeEncryptedDataKey,
  encryptAdvertisingData,
  type EncryptedDataKey,
} from "./gap/encrypted-advertising.ts";
export type { RawEvent, RawHci, RawHciEvents } from "./gap/raw-hci.ts";
