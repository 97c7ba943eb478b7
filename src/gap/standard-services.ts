import { GattService, type ServerFeatures } from "../gatt/gatt-service.ts";
import type { GattServer } from "../gatt/server.ts";
import { GapService, type GapServiceParts } from "./gap-service.ts";

/** The two services that every server has: GAP, Vol 3, Part C, 12, and GATT, Vol 3, Part G, 7. */
export class StandardServices {
  readonly gap: GapService;
  readonly #gatt: GattService;

  /**
   * Adds them to `server`.
   *
   * @throws {@link RangeError} An option of the GAP service is out of its range.
   * @throws {@link TypeError} An option is none.
   */
  constructor(server: GattServer, gap: GapServiceParts, features?: ServerFeatures) {
    this.gap = new GapService(server, gap);
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
