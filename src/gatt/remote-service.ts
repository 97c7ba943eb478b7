import { shownAsText } from "../common/inspect.ts";
import { hexNumber } from "../common/bytes.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { NotFoundError } from "./error.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import type { ServiceData } from "./remote-database.ts";
import type { RemoteLink, Standing } from "./remote-value.ts";

/** A service of the server, with everything in it. Vol 3, Part G, 3.1. */
export class RemoteService {
  static {
    shownAsText(RemoteService.prototype);
  }

  readonly uuid: Uuid;
  /** The first and the last of its handles. */
  readonly handle: number;
  readonly endHandle: number;
  /** False for a service that only others include. */
  readonly primary: boolean;
  readonly characteristics: readonly RemoteCharacteristic[];
  /** @internal What was discovered. */
  readonly data: ServiceData;
  /** @internal For the catalogue. */
  standing: Standing = "known";
  readonly #link: RemoteLink;

  /** @internal Made by discovery. */
  constructor(data: ServiceData, characteristics: readonly RemoteCharacteristic[], link: RemoteLink) {
    this.data = data;
    this.uuid = data.uuid;
    this.handle = data.start;
    this.endHandle = data.end;
    this.primary = data.primary;
    this.characteristics = characteristics;
    this.#link = link;
  }

  toString(): string {
    const range = `0x${hexNumber(this.handle, 4)} to 0x${hexNumber(this.endHandle, 4)}`;
    const has = this.characteristics.map((each) => each.uuid.toString()).join(", ") || "no characteristics";
    return `${this.uuid.toString()} at ${range} (${has})`;
  }

  /** The services it includes, primary or secondary. Vol 3, Part G, 3.2. */
  get includes(): readonly RemoteService[] {
    return this.includedHandles.flatMap((handle) => this.#link.serviceAt(handle) ?? []);
  }

  /** The handles of the services it includes, also where a server includes what it does not have. */
  get includedHandles(): readonly number[] {
    return this.data.includes.map(({ startHandle }) => startHandle);
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
