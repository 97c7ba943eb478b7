import { HostClosedError } from "../common/errors.ts";
import { DisconnectedError } from "../hci/error.ts";
import type { GattServer } from "../gatt/server.ts";
import type { LocalCharacteristic } from "../gatt/local-characteristic.ts";
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
  readonly #serviceChanged: LocalCharacteristic;
  #pending: { readonly start: number; readonly end: number } | undefined;
  #telling = false;

  /** Adds them to `server`. */
  constructor(server: GattServer, { name, appearance }: DeviceInfo) {
    server.add(
      service(0x1800, {
        deviceName: characteristic(0x2a00, { value: new TextEncoder().encode(name) }),
        appearance: characteristic(0x2a01, { value: Uint8Array.of(appearance, appearance >> 8) }),
      }),
    );
    const gatt = service(0x1801, { serviceChanged: characteristic(0x2a05, { indicate: true }) });
    this.#serviceChanged = server.add(gatt).serviceChanged;
  }

  /**
   * Indicates to those who subscribed that the attributes of a range have changed. Vol 3, Part G, 7.1.
   *
   * Changes that come while one is being indicated are told together afterwards, as one range that covers them.
   * A client that goes meanwhile is no failure: it keeps no memory of the attributes.
   */
  async changed(startHandle: number, endHandle: number): Promise<void> {
    const { start, end } = this.#pending ?? { start: startHandle, end: endHandle };
    this.#pending = { start: Math.min(start, startHandle), end: Math.max(end, endHandle) };
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let range = this.#take(); range; range = this.#take()) await this.#indicate(range);
    } finally {
      this.#telling = false;
    }
  }

  #take(): { readonly start: number; readonly end: number } | undefined {
    const range = this.#pending;
    this.#pending = undefined;
    return range;
  }

  async #indicate({ start, end }: { readonly start: number; readonly end: number }): Promise<void> {
    try {
      await this.#serviceChanged.indicate(Uint8Array.of(start, start >> 8, end, end >> 8));
    } catch (error) {
      if (!(error instanceof DisconnectedError || error instanceof HostClosedError)) throw error;
    }
  }
}
