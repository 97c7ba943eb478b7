import type { GattServer } from "../gatt/server.ts";
import type { LocalCharacteristic } from "../gatt/local-characteristic.ts";
import { characteristic, service } from "../gatt/service-builder.ts";

/** What a host says of itself in its GAP service. */
export interface DeviceInfo {
  readonly name: string;
  /** Category and sub-category. Assigned Numbers, 2.6. */
  readonly appearance: number;
}

/**
 * Adds the two services that every server has: GAP, Vol 3, Part C, 12, and GATT, Vol 3, Part G, 7.
 *
 * @returns The Service Changed characteristic, to indicate.
 */
export function addStandardServices(
  server: GattServer,
  { name, appearance }: DeviceInfo,
): LocalCharacteristic {
  server.add(
    service(0x1800, {
      deviceName: characteristic(0x2a00, { value: new TextEncoder().encode(name) }),
      appearance: characteristic(0x2a01, { value: Uint8Array.of(appearance, appearance >> 8) }),
    }),
  );
  return server.add(service(0x1801, { serviceChanged: characteristic(0x2a05, { indicate: true }) }))
    .serviceChanged;
}
