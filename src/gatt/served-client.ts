import type { AttBearer } from "../att/att.ts";
import type { GattPeer } from "./service-builder.ts";

/** Bits of a Client Characteristic Configuration. Vol 3, Part G, 3.3.3.3. */
export const Configuration = { Notification: 0x0001, Indication: 0x0002 } as const;

/** One client of the local server: what it subscribed to, and the bearer that leads to it. */
export class ServedClient {
  readonly connection: GattPeer;
  /** Client Characteristic Configuration by the handle of the characteristic's value; 0 where there is none. */
  readonly configurations: Map<number, number> = new Map();
  #bearer: AttBearer<ServedClient> | undefined;

  constructor(connection: GattPeer) {
    this.connection = connection;
  }

  /** `undefined` once the client is gone. */
  get bearer(): AttBearer<ServedClient> | undefined {
    return this.#bearer;
  }

  attach(bearer: AttBearer<ServedClient>): void {
    this.#bearer = bearer;
  }

  detach(): void {
    this.#bearer = undefined;
    this.configurations.clear();
  }

  isSubscribed(valueHandle: number, bits: number): boolean {
    return ((this.configurations.get(valueHandle) ?? 0) & bits) !== 0;
  }
}
