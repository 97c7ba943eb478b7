import { Uuid, type UuidLike } from "../common/uuid.ts";
import { NotFoundError } from "./error.ts";
import { RemoteCharacteristic } from "./remote-characteristic.ts";
import type { ServiceData } from "./remote-database.ts";
import type { RemoteLink } from "./remote-value.ts";

/** A service of the server, with everything in it. Vol 3, Part G, 3.1. */
export class RemoteService {
  readonly uuid: Uuid;
  /** The first and the last of its handles. */
  readonly handle: number;
  readonly endHandle: number;
  /** False for a service that only others include. */
  readonly primary: boolean;
  readonly characteristics: readonly RemoteCharacteristic[];
  /** The handles of the services it includes; find them among all services of the server. */
  readonly includedHandles: readonly number[];

  /** Made by discovery. */
  constructor(data: ServiceData, link: RemoteLink) {
    this.uuid = data.uuid;
    this.handle = data.start;
    this.endHandle = data.end;
    this.primary = data.primary;
    this.characteristics = data.characteristics.map((found) => new RemoteCharacteristic(found, link));
    this.includedHandles = data.includes.map(({ startHandle }) => startHandle);
  }

  /**
   * The first characteristic with that UUID.
   *
   * @throws {@link NotFoundError} The service has none.
   */
  characteristic(uuid: UuidLike): RemoteCharacteristic {
    const wanted = Uuid.from(uuid);
    const found = this.characteristics.find((each) => each.uuid.equals(wanted));
    if (found) return found;
    const has = this.characteristics.map((each) => each.uuid.toString()).join(", ") || "none";
    throw new NotFoundError(
      `service ${this.uuid.toString()} has no characteristic ${wanted.toString()}; its characteristics: ${has}`,
    );
  }
}
