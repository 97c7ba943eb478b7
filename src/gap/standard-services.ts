import { GattService, type ServerFeatures } from "../gatt/gatt-service.ts";
import type { GattServer } from "../gatt/server.ts";
import { characteristic, service } from "../gatt/service-builder.ts";

/** What a host says of itself in its GAP service. */
export interface DeviceInfo {
  /** 0 to 248 octets of UTF-8. Vol 3, Part C, 12.1. */
  readonly name: string;
  /** Category and sub-category. Assigned Numbers, 2.6. */
  readonly appearance: number;
}

/** The two services that every server has: GAP, Vol 3, Part C, 12, and GATT, Vol 3, Part G, 7. */
export class StandardServices {
  readonly #gatt: GattService;

  /** Adds them to `server`. */
  constructor(server: GattServer, { name, appearance }: DeviceInfo, features?: ServerFeatures) {
    server.add(
      service(0x1800, {
        deviceName: characteristic(0x2a00, { value: new TextEncoder().encode(name) }),
        appearance: characteristic(0x2a01, { value: Uint8Array.of(appearance, appearance >> 8) }),
      }),
    );
    this.#gatt = new GattService(server, features);
  }

  /**
   * Indicates to those who subscribed that the attributes of a range have changed. Vol 3, Part G, 7.1.
   *
   * Changes that come while a client is being told it is told together afterwards, as one range that covers them. A
   * client that goes meanwhile is no failure: bonded ones are told when they come back.
   *
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   */
  async changed(startHandle: number, endHandle: number): Promise<void> {
    await this.#gatt.changed(startHandle, endHandle);
  }
}
