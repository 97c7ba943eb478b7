import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { LocalCharacteristic } from "../gatt/local-characteristic.ts";
import { type PermissionLike, permissionFrom } from "../gatt/permissions.ts";
import type { GattServer } from "../gatt/server.ts";
import {
  type AuthorizeHandler,
  characteristic,
  type CharacteristicDefinition,
  type CharacteristicOptions,
  type GattPeer,
  service,
} from "../gatt/service-builder.ts";
import { type ConnectOptions, linkParameters } from "./connect-options.ts";
import { encodeEncryptedDataKey, type EncryptedDataKey } from "./encrypted-advertising.ts";

/** The connection parameters that a peripheral would like to have. Vol 3, Part C, 12.3. */
export type PreferredParameters = Required<Pick<ConnectOptions, "minIntervalMs" | "maxIntervalMs">> &
  Pick<ConnectOptions, "latency" | "supervisionTimeoutMs">;

/** The key of encrypted advertising data, for those who may have it. Vol 3, Part C, 12.6. */
export interface SharedDataKey {
  readonly key: EncryptedDataKey;
  /**
   * Whether a peer may read it, of those whose link is encrypted. Default: those whose link is authenticated too, so
   * that nobody stood between when they paired.
   */
  readonly authorize?: AuthorizeHandler;
}

/** What the GAP service has beyond name and appearance. Vol 3, Part C, 12. */
export interface GapServiceOptions {
  /**
   * What peers must bring to write the name, such as `"authenticated"`; the host then tells of it with `nameChanged`.
   * By default nobody may. Vol 3, Part C, 12.1.
   */
  readonly writableName?: Exclude<PermissionLike, "authorized">;
  /** The same for the appearance, told with `appearanceChanged`. Vol 3, Part C, 12.2. */
  readonly writableAppearance?: Exclude<PermissionLike, "authorized">;
  /**
   * The connection parameters that a central may use once it has connected: `maxIntervalMs` up to 4000, and what
   * belongs to it. By default nothing is said.
   */
  readonly preferredParameters?: PreferredParameters;
  /** The key that encrypted advertising is read with. By default there is none. */
  readonly encryptedDataKey?: SharedDataKey;
}

/** What a host says of itself in its GAP service. */
export interface DeviceInfo {
  /** 0 to 248 octets of UTF-8. Vol 3, Part C, 12.1. */
  readonly name: string;
  /** Category and sub-category. Assigned Numbers, 2.6. */
  readonly appearance: number;
}

/** What the GAP service is made of. */
export interface GapServiceParts extends DeviceInfo {
  readonly options: GapServiceOptions;
  /**
   * For a host with resolvable private addresses: whether those that are directed to them reach it. Vol 3, Part C,
   * 12.4.
   */
  readonly resolvesAddresses: (() => boolean) | undefined;
  /** A peer has written the name or the appearance. */
  readonly written: (change: Partial<DeviceInfo>, peer: GattPeer) => void;
}

/** The longest Device Name, in octets. Vol 3, Part C, 12.1. */
export const mostNameOctets = 248;

/** Of Resolvable Private Address Only: no other address is used once there is a bond. Vol 3, Part C, 12.5. */
const onlyResolvable = 0;

/** The GAP service: who this host is. Vol 3, Part C, 12. */
export class GapService {
  readonly #name: LocalCharacteristic;
  readonly #appearance: LocalCharacteristic;
  readonly #dataKey: LocalCharacteristic | undefined;

  /**
   * Adds it to `server`.
   *
   * @throws {@link RangeError} An option is out of its range; the message names it.
   * @throws {@link TypeError} An option is none.
   */
  constructor(server: GattServer, parts: GapServiceParts) {
    const { options, written } = parts;
    const definitions: Record<string, CharacteristicDefinition> = {
      ...optional("preferredParameters", options.preferredParameters, preferredParameters),
      ...optional("centralAddressResolution", parts.resolvesAddresses, addressResolution),
      ...(parts.resolvesAddresses && { resolvableOnly: constant(0x2ac9, onlyResolvable) }),
      ...optional("dataKey", options.encryptedDataKey, dataKey),
    };
    const {
      deviceName,
      appearance,
      dataKey: key,
    } = server.add(
      service(0x1800, { deviceName: nameOf(parts), appearance: appearanceOf(parts), ...definitions }),
    ) as Record<string, LocalCharacteristic> & Record<"deviceName" | "appearance", LocalCharacteristic>;
    this.#name = deviceName;
    this.#appearance = appearance;
    this.#dataKey = key;
    deviceName.on("written", ({ value, connection }) => {
      written({ name: new TextDecoder().decode(value) }, connection);
    });
    appearance.on("written", ({ value, connection }) => {
      written({ appearance: appearanceFrom(value) }, connection);
    });
  }

  set name(name: string) {
    this.#name.value = new TextEncoder().encode(name);
  }

  set appearance(appearance: number) {
    this.#appearance.value = appearanceOctets(appearance);
  }

  /** Whether it has a key of encrypted advertising data. */
  get hasDataKey(): boolean {
    return this.#dataKey !== undefined;
  }

  /**
   * Uses another key, and indicates it to those who subscribed. Vol 3, Part C, 12.6.
   *
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   */
  async changeDataKey(key: EncryptedDataKey): Promise<void> {
    const value = encodeEncryptedDataKey(key);
    if (!this.#dataKey) return;
    this.#dataKey.value = value;
    await this.#dataKey.indicate(value);
  }
}

function nameOf({ name, options: { writableName } }: GapServiceParts): CharacteristicDefinition {
  return characteristic(0x2a00, {
    value: new TextEncoder().encode(name),
    maxLength: mostNameOctets,
    ...writable("writableName", writableName, (value) => {
      new TextDecoder("utf-8", { fatal: true }).decode(value);
    }),
  });
}

function appearanceOf({
  appearance,
  options: { writableAppearance },
}: GapServiceParts): CharacteristicDefinition {
  return characteristic(0x2a01, {
    value: appearanceOctets(appearance),
    fixedLength: true,
    ...writable("writableAppearance", writableAppearance, () => undefined),
  });
}

/** @param check - Throws what it likes where a value is none. */
function writable(
  name: string,
  permission: PermissionLike | undefined,
  check: (value: Uint8Array) => void,
): Pick<CharacteristicOptions, "permissions" | "onWrite"> {
  if (permission === undefined) return {};
  const write = permissionFrom(`gap.${name}`, permission);
  if (write.authorized) throw new TypeError(`gap.${name}: nobody is there to authorize it`);
  return {
    permissions: { write },
    onWrite: ({ value }: { readonly value: Uint8Array }) => {
      try {
        check(value);
      } catch (error) {
        throw new AttError(ErrorCode.ValueNotAllowed, 0, { cause: error });
      }
    },
  };
}

function preferredParameters(wanted: PreferredParameters): CharacteristicDefinition {
  const { connectionIntervalMin, connectionIntervalMax, maxLatency, supervisionTimeout } =
    linkParameters(wanted);
  const fields = [connectionIntervalMin, connectionIntervalMax, maxLatency, supervisionTimeout];
  return characteristic(0x2a04, { value: Uint8Array.from(fields.flatMap((field) => [field, field >> 8])) });
}

function addressResolution(resolves: () => boolean): CharacteristicDefinition {
  return characteristic(0x2aa6, { onRead: () => Uint8Array.of(resolves() ? 1 : 0) });
}

function dataKey({ key, authorize }: SharedDataKey): CharacteristicDefinition {
  const read = authorize ? { encrypted: true, authorized: true } : { encrypted: true, authenticated: true };
  return characteristic(0x2b88, {
    value: encodeEncryptedDataKey(key),
    indicate: true,
    permissions: { read },
    ...(authorize && { onAuthorize: authorize }),
  });
}

function constant(uuid: number, ...octets: number[]): CharacteristicDefinition {
  return characteristic(uuid, { value: Uint8Array.from(octets) });
}

function optional<T>(
  name: string,
  option: T | undefined,
  define: (option: T) => CharacteristicDefinition,
): Record<string, CharacteristicDefinition> {
  return option === undefined ? {} : { [name]: define(option) };
}

function appearanceOctets(appearance: number): Uint8Array {
  return Uint8Array.of(appearance, appearance >> 8);
}

function appearanceFrom(value: Uint8Array): number {
  return (value[0] ?? 0) | ((value[1] ?? 0) << 8);
}
