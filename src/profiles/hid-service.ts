import { type Field, mapped, u16, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { defineDescriptor, type DescriptorType } from "../gatt/define-descriptor.ts";
import type { Permissions } from "../gatt/permissions.ts";
import {
  type CharacteristicDefinition,
  type GattPeer,
  service,
  type ServiceDefinition,
} from "../gatt/service-builder.ts";
import { field, fields, octets } from "./codec.ts";
import { bitNames } from "./fields.ts";
import type { ReportKind } from "./report-map.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** What kind of HID device this is. HID Service 1.0, HID Information. */
export interface HidInformation {
  /** The version of the HID specification, binary-coded decimal: 0x0111 is 1.11. */
  readonly version: number;
  /** For which country a keyboard is localized; 0: for none. */
  readonly country: number;
  /** Whether it can wake the host, and whether it advertises while it is bonded and not connected. */
  readonly flags: readonly ("remoteWake" | "normallyConnectable")[];
}

/** HID Information, 0x2A4A. */
export const hidInformation: CharacteristicType<HidInformation> = defineCharacteristic(
  "2a4a",
  fields<HidInformation>("HID Information", {
    version: u16,
    country: u8,
    flags: bitNames(u8, ["remoteWake", "normallyConnectable"]),
  }),
);

/** Report Map, 0x2A4B: what the reports look like; see `reportsIn`. */
export const reportMap: CharacteristicType<Uint8Array> = defineCharacteristic("2a4b", octets);

/** Report, 0x2A4D: laid out as the report map has it. */
export const report: CharacteristicType<Uint8Array> = defineCharacteristic("2a4d", octets);

/** How a device sends what it has to say: as a mouse or keyboard of the simplest kind, or as its report map has it. */
export const ProtocolMode = { Boot: 0, Report: 1 } as const;

/** Protocol Mode, 0x2A4E: one of {@link ProtocolMode}. Written without response. */
export const protocolMode: CharacteristicType<number> = defineCharacteristic(
  "2a4e",
  field("Protocol Mode", u8),
);

/** What a host tells a device over {@link hidControlPoint}. */
export const HidCommand = { Suspend: 0, ExitSuspend: 1 } as const;

/** HID Control Point, 0x2A4C: one of {@link HidCommand}. Written without response. */
export const hidControlPoint: CharacteristicType<number> = defineCharacteristic(
  "2a4c",
  field("HID Control Point", u8),
);

/** Which report a Report characteristic is. HID Service 1.0, Report Reference Characteristic Descriptor. */
export interface ReportReference {
  /** 0 where the device numbers none. */
  readonly id: number;
  readonly kind: ReportKind;
}

const reportKinds = ["input", "output", "feature"] as const;

const reportKind: Field<ReportKind> = mapped(
  u8,
  (number) => {
    const kind = reportKinds[number - 1];
    if (!kind) throw new RangeError(`${number} is no type of report`);
    return kind;
  },
  (kind) => {
    const place = reportKinds.indexOf(kind);
    if (place < 0) throw new RangeError(`"${kind}" is none of ${reportKinds.join(", ")}`);
    return place + 1;
  },
);

/** Report Reference, 0x2908, a descriptor of a {@link report}. */
export const reportReference: DescriptorType<ReportReference> = defineDescriptor(
  "2908",
  fields<ReportReference>("Report Reference", { id: u8, kind: reportKind }),
);

/** One of the reports of a device. */
export interface HidReport extends ReportReference {
  /** The value to begin with, as long as the report is. */
  readonly value: Uint8Array;
  /** Takes what the host writes into an output or a feature report. */
  readonly onWrite?: (value: Uint8Array, connection: GattPeer) => void | Promise<void>;
}

/** What makes a HID device. */
export interface HidServiceOptions<R extends Readonly<Record<string, HidReport>>> {
  readonly reportMap: Uint8Array;
  /** The reports in the report map, under names of your choice, which their characteristics then have. */
  readonly reports: R;
  /** Default: HID 1.11, no country, normally connectable. */
  readonly information?: HidInformation;
  /** Told that the host sleeps, or does so no more. */
  readonly onSuspend?: (suspended: boolean, connection: GattPeer) => void;
  /** What hosts must bring. Default: an encrypted link, as the profile demands. */
  readonly permissions?: Permissions;
}

const encrypted: Permissions = { read: "encrypted", write: "encrypted" };
const ordinary: HidInformation = { version: 0x0111, country: 0, flags: ["normallyConnectable"] };

/** The reports of a HID service under their names, and what it has besides. */
export type HidCharacteristics<R> = {
  readonly [K in keyof R]: TypedCharacteristicDefinition<Uint8Array>;
} & {
  readonly information: TypedCharacteristicDefinition<HidInformation>;
  readonly reportMap: TypedCharacteristicDefinition<Uint8Array>;
  readonly controlPoint: TypedCharacteristicDefinition<number>;
};

/**
 * Defines a Human Interface Device service without boot protocol, to be offered with `host.gatt.add`. HID Service 1.0.
 *
 * A HID over GATT device has a Battery and a Device Information service beside it.
 *
 * @throws {@link TypeError} A report is called `information`, `reportMap` or `controlPoint`.
 */
export function hidService<R extends Readonly<Record<string, HidReport>>>(
  options: HidServiceOptions<R>,
): ServiceDefinition<HidCharacteristics<R>> {
  const { permissions = encrypted, information = ordinary, onSuspend, reports } = options;
  const characteristics: Record<string, CharacteristicDefinition> = {
    information: hidInformation.characteristic({ value: information, permissions }),
    reportMap: reportMap.characteristic({ value: options.reportMap, permissions }),
    controlPoint: hidControlPoint.characteristic({
      writeWithoutResponse: true,
      write: false,
      permissions,
      onWrite({ value, connection }) {
        onSuspend?.(value === HidCommand.Suspend, connection);
      },
    }),
  };
  for (const [name, each] of Object.entries(reports)) {
    if (name in characteristics) throw new TypeError(`reports: the name ${name} is taken`);
    characteristics[name] = reportOf(each, permissions);
  }
  return service(ServiceUuid.HumanInterfaceDevice, characteristics as HidCharacteristics<R>);
}

/** What a host may do with a report depends on its kind. HID Service 1.0, Report. */
function reportOf(
  { id, kind, value, onWrite }: HidReport,
  permissions: Permissions,
): TypedCharacteristicDefinition<Uint8Array> {
  return report.characteristic({
    value,
    permissions,
    notify: kind === "input",
    write: kind !== "input",
    writeWithoutResponse: kind === "output",
    ...(onWrite && { onWrite: (event) => onWrite(event.value, event.connection) }),
    descriptors: [
      reportReference.descriptor({
        value: { id, kind },
        ...(permissions.read !== undefined && { permissions: { read: permissions.read } }),
      }),
    ],
  });
}
