import type { CharacteristicProperties, Connection, FoundCharacteristic } from "../index.ts";
import {
  _IRQ_GATTC_CHARACTERISTIC_DONE,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_DESCRIPTOR_DONE,
  _IRQ_GATTC_DESCRIPTOR_RESULT,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_GATTC_SERVICE_DONE,
  _IRQ_GATTC_SERVICE_RESULT,
  _IRQ_GATTC_WRITE_DONE,
} from "./constants.ts";
import type { Irq } from "./irq.ts";
import type { Links } from "./links.ts";
import { type BufferLike, octetsOf } from "./octets.ts";
import { OSError, requireWithin, statusOf } from "./os-error.ts";
import { nativeUuid, type UUID, uuidOf } from "./uuid.ts";

/** What the second number of `_IRQ_GATTC_CHARACTERISTIC_RESULT` is: the documents differ. */
export type CharacteristicResult = "end_handle" | "def_handle";

const mostHandle = 0xffff;
/** Octets of an ATT_WRITE_REQ or ATT_WRITE_CMD in front of the value. */
const writeHeader = 3;

/** The `gattc_*` methods. Each returns at once; what comes of it are events. */
export class Gattc {
  readonly #links: Links;
  readonly #irq: Irq;
  readonly #result: CharacteristicResult;

  constructor(links: Links, irq: Irq, result: CharacteristicResult) {
    this.#links = links;
    this.#irq = irq;
    this.#result = result;
  }

  discoverServices(conn_handle: number, uuid: UUID | null): void {
    const { attributes } = this.#links.get(conn_handle).gatt;
    attributes.services(uuid ? { uuid: nativeUuid(uuid) } : {}).then(
      (services) => {
        for (const { start, end, uuid } of services) {
          this.#irq.deliver(_IRQ_GATTC_SERVICE_RESULT, [conn_handle, start, end, uuidOf(uuid)]);
        }
        this.#irq.deliver(_IRQ_GATTC_SERVICE_DONE, [conn_handle, 0]);
      },
      (error: unknown) => {
        this.#irq.deliver(_IRQ_GATTC_SERVICE_DONE, [conn_handle, statusOf(error)]);
      },
    );
  }

  discoverCharacteristics(conn_handle: number, start: number, end: number, uuid: UUID | null): void {
    const { attributes } = this.#links.get(conn_handle).gatt;
    requireRange(start, end);
    const wanted = uuid && nativeUuid(uuid);
    attributes.characteristics({ start, end }).then(
      (found) => {
        for (const [at, each] of found.entries()) {
          // All were asked for, so that it is known where one ends.
          if (wanted && !each.uuid.equals(wanted)) continue;
          this.#found(conn_handle, each, (found[at + 1]?.declarationHandle ?? end + 1) - 1);
        }
        this.#irq.deliver(_IRQ_GATTC_CHARACTERISTIC_DONE, [conn_handle, 0]);
      },
      (error: unknown) => {
        this.#irq.deliver(_IRQ_GATTC_CHARACTERISTIC_DONE, [conn_handle, statusOf(error)]);
      },
    );
  }

  /** What stands behind `start`, which is the handle of a value, or of a service. */
  discoverDescriptors(conn_handle: number, start: number, end: number): void {
    const { attributes } = this.#links.get(conn_handle).gatt;
    requireRange(start, end);
    if (start === end) {
      this.#irq.raise(_IRQ_GATTC_DESCRIPTOR_DONE, [conn_handle, 0]);
      return;
    }
    attributes.all({ start: start + 1, end }).then(
      (found) => {
        for (const { handle, uuid } of found) {
          this.#irq.deliver(_IRQ_GATTC_DESCRIPTOR_RESULT, [conn_handle, handle, uuidOf(uuid)]);
        }
        this.#irq.deliver(_IRQ_GATTC_DESCRIPTOR_DONE, [conn_handle, 0]);
      },
      (error: unknown) => {
        this.#irq.deliver(_IRQ_GATTC_DESCRIPTOR_DONE, [conn_handle, statusOf(error)]);
      },
    );
  }

  read(conn_handle: number, value_handle: number): void {
    const { attributes } = this.#links.get(conn_handle).gatt;
    requireWithin("value_handle", value_handle, 1, mostHandle);
    attributes.read(value_handle).then(
      (value) => {
        this.#irq.deliver(_IRQ_GATTC_READ_RESULT, [conn_handle, value_handle, value]);
        this.#irq.deliver(_IRQ_GATTC_READ_DONE, [conn_handle, value_handle, 0]);
      },
      (error: unknown) => {
        this.#irq.deliver(_IRQ_GATTC_READ_DONE, [conn_handle, value_handle, statusOf(error)]);
      },
    );
  }

  /** What is longer than one request carries is cut, as NimBLE does. */
  write(conn_handle: number, value_handle: number, data: BufferLike, mode: number): void {
    const { attributes, mtu } = this.#links.get(conn_handle).gatt;
    requireWithin("value_handle", value_handle, 1, mostHandle);
    requireWithin("mode", mode, 0, 1);
    const octets = octetsOf("data", data).subarray(0, mtu - writeHeader);
    if (mode === 0) {
      // Nobody is told what becomes of it: it is lost with the link, or where far too many wait.
      attributes.writeWithoutResponse(value_handle, octets).catch(() => undefined);
      return;
    }
    attributes.write(value_handle, octets).then(
      () => {
        this.#irq.deliver(_IRQ_GATTC_WRITE_DONE, [conn_handle, value_handle, 0]);
      },
      (error: unknown) => {
        this.#irq.deliver(_IRQ_GATTC_WRITE_DONE, [conn_handle, value_handle, statusOf(error)]);
      },
    );
  }

  /** @throws {@link OSError} EALREADY: that can be done once on a link. */
  exchangeMtu(conn_handle: number): void {
    const connection: Connection = this.#links.get(conn_handle);
    if (this.#links.hasExchanged(connection))
      throw new OSError("EALREADY", "the MTU of that connection was exchanged already");
    connection.gatt.attributes.exchangeMtu().then(
      (mtu) => {
        this.#links.exchanged(connection, mtu);
      },
      () => undefined, // the link is gone, which another event tells
    );
  }

  #found(conn_handle: number, found: FoundCharacteristic, end_handle: number): void {
    const { declarationHandle, valueHandle, properties, uuid } = found;
    this.#irq.deliver(_IRQ_GATTC_CHARACTERISTIC_RESULT, [
      conn_handle,
      this.#result === "def_handle" ? declarationHandle : end_handle,
      valueHandle,
      octetOf(properties),
      uuidOf(uuid),
    ]);
  }
}

/** The properties in the order of their bits. */
const propertyBits: readonly (keyof CharacteristicProperties)[] = [
  "broadcast",
  "read",
  "writeWithoutResponse",
  "write",
  "notify",
  "indicate",
  "signedWrite",
  "extendedProperties",
];

function octetOf(properties: CharacteristicProperties): number {
  return propertyBits.reduce((octet, name, bit) => (properties[name] ? octet | (1 << bit) : octet), 0);
}

function requireRange(start: number, end: number): void {
  requireWithin("start_handle", start, 1, mostHandle);
  requireWithin("end_handle", end, start, mostHandle);
}
