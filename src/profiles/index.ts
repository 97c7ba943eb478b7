/** Characteristics and services of known profiles, for servers and clients: the subpath `jelling/profiles`. */
export {
  CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
export { defineDescriptor, DescriptorType, TypedRemoteDescriptor } from "../gatt/define-descriptor.ts";
export { TypedLocalCharacteristic } from "../gatt/typed-local-characteristic.ts";
export { TypedRemoteCharacteristic } from "../gatt/typed-remote-characteristic.ts";
export type {
  TypedCharacteristicOptions,
  TypedDescriptorOptions,
  TypedValueOptions,
  TypedWriteEvent,
} from "../gatt/typed-options.ts";
export type {
  MalformedValueHandler,
  TypedSubscribeOptions,
  TypedSubscription,
} from "../gatt/typed-subscription.ts";
export type { ValueCodec } from "../gatt/value-codec.ts";

export { ServiceUuid } from "./service-uuid.ts";
export * from "./battery.ts";
export * from "./current-time.ts";
export * from "./cycling-power.ts";
export * from "./cycling-speed-cadence.ts";
export * from "./device-information.ts";
export * from "./environmental-sensing.ts";
export * from "./health-thermometer.ts";
export * from "./heart-rate.ts";
export * from "./hid-report.ts";
export * from "./hid-service.ts";
export { keyboardReportMap } from "./keyboard-report-map.ts";
export { NordicUart, NordicUartServer, type NordicUartServerOptions } from "./nordic-uart.ts";
export * from "./report-item.ts";
export * from "./report-map.ts";
export * from "./sensor-location.ts";
export {
  type ControlPointMessage,
  type ControlPointRequest,
  type ControlPointResponse,
  ControlPointResult,
} from "./control-point.ts";
export { type DateTime, dateOf, dateTimeOf } from "./date-time.ts";
export {
  crankWrap,
  cscWheelWrap,
  powerWheelWrap,
  type Revolutions,
  revolutionsPerMinute,
  type Wrap,
} from "./revolutions.ts";

/** What the codecs here are made of, for characteristics of your own. */
export {
  type Field,
  type Fields,
  i8,
  i16,
  list,
  mapped,
  u8,
  u16,
  u24,
  u32,
  u48,
  u64,
} from "../common/struct.ts";
export { field, fields, octets, text } from "./codec.ts";
export { dateTime } from "./date-time.ts";
export { bitNames, ranged, scaled, u40 } from "./fields.ts";
export { always, bit, bitWhen, flagged, when, widened } from "./flagged.ts";
export { float, sfloat } from "./medical-float.ts";
