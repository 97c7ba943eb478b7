import { type Attribute, AttributeTable } from "../att/attribute-table.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { clientConfiguration } from "./cccd.ts";
import { encodeCharacteristicDeclaration, GattType, propertiesOf, propertyOctet } from "./declaration.ts";
import { LocalCharacteristic } from "./local-characteristic.ts";
import { type HandlerFailed, LocalValue } from "./local-value.ts";
import { Configuration, ServedClient } from "./served-client.ts";
import type {
  CharacteristicDefinition,
  CharacteristicDefinitions,
  DescriptorDefinition,
  GattPeer,
  ServiceDefinition,
} from "./service-builder.ts";

/** The characteristics of an offered service, under the names its definition gives them. */
export type LocalService<C extends CharacteristicDefinitions> = {
  readonly [K in keyof C]: LocalCharacteristic;
};

const mostHandle = 0xffff;

/** The local GATT server: what this host offers to all its peers. Vol 3, Part G, 2.5. */
export class GattServer {
  /** @internal For the bearers. */
  readonly table: AttributeTable<ServedClient> = new AttributeTable();
  /** An array, since every notification walks over it. */
  readonly #clients: ServedClient[] = [];
  readonly #turn: Turn;
  readonly #handlerFailed: HandlerFailed;
  readonly #onAdded: (startHandle: number, endHandle: number) => void;

  /**
   * @param handlerFailed - Told when a program's handler fails in a way it did not mean to.
   * @param onAdded - Told of the handles of a service that was added.
   */
  constructor(
    turn: Turn,
    handlerFailed: HandlerFailed,
    onAdded: (startHandle: number, endHandle: number) => void,
  ) {
    this.#turn = turn;
    this.#handlerFailed = handlerFailed;
    this.#onAdded = onAdded;
  }

  /**
   * Offers a service from now on, behind all others.
   *
   * @returns Its characteristics, to set and notify their values.
   * @throws {@link RangeError} No handles are left for it; nothing was added.
   */
  add<C extends CharacteristicDefinitions>(definition: ServiceDefinition<C>): LocalService<C> {
    const entries = Object.entries<CharacteristicDefinition>(definition.characteristics);
    const start = this.table.end;
    const size = 1 + entries.reduce((sum, [, { options }]) => sum + attributesOf(options), 0);
    if (start + size - 1 > mostHandle) throw new RangeError(`no ${size} attribute handles are left`);
    this.#addDeclaration(start, GattType.PrimaryService, definition.uuid.octets, start + size - 1);
    const service: Record<string, LocalCharacteristic> = {};
    for (const [name, characteristic] of entries) service[name] = this.#addCharacteristic(characteristic);
    this.#onAdded(start, start + size - 1);
    return service as LocalService<C>;
  }

  /** @internal Begins to serve a client; {@link leave} ends it. */
  serve(connection: GattPeer): ServedClient {
    const client = new ServedClient(connection);
    this.#clients.push(client);
    return client;
  }

  /** @internal Ends what {@link serve} began. */
  leave(client: ServedClient): void {
    client.detach();
    const at = this.#clients.indexOf(client);
    if (at >= 0) this.#clients.splice(at, 1);
  }

  #addCharacteristic({ uuid, options }: CharacteristicDefinition): LocalCharacteristic {
    const value = new LocalValue(options, this.#turn, this.#handlerFailed);
    const valueHandle = this.table.end + 1;
    const properties = propertiesOf(
      propertyOctet({
        read: value.readable,
        write: value.writable,
        writeWithoutResponse: options.writeWithoutResponse ?? false,
        notify: options.notify ?? false,
        indicate: options.indicate ?? false,
      }),
    );
    const declaration = encodeCharacteristicDeclaration({ properties, valueHandle, uuid });
    // A characteristic is a group as a service is: its last descriptor ends it. Vol 3, Part G, 2.5.3.
    const end = valueHandle - 2 + attributesOf(options);
    this.#addDeclaration(valueHandle - 1, GattType.Characteristic, declaration, end);
    this.#addValue(valueHandle, uuid, value, options.writeWithoutResponse ?? false);
    const allowed = configurationBits(options);
    if (allowed !== 0) this.#addConfiguration(valueHandle, allowed);
    for (const descriptor of options.descriptors ?? []) this.#addDescriptor(descriptor);
    return new LocalCharacteristic(uuid, valueHandle, value, allowed, this.#clients);
  }

  #addConfiguration(valueHandle: number, allowed: number): void {
    this.table.add(clientConfiguration(this.table.end, valueHandle, allowed));
  }

  #addDescriptor({ uuid, options }: DescriptorDefinition): void {
    this.#addValue(this.table.end, uuid, new LocalValue(options, this.#turn, this.#handlerFailed), false);
  }

  #addDeclaration(handle: number, type: Uuid, constant: Uint8Array, groupEnd: number): void {
    this.table.add({
      handle,
      type,
      groupEnd,
      constant,
      read(_client, _offset, done) {
        done(constant);
      },
    });
  }

  #addValue(handle: number, type: Uuid, value: LocalValue, takesCommands: boolean): void {
    const read: Attribute<ServedClient>["read"] = ({ connection }, offset, done) => {
      value.read(connection, offset, done);
    };
    const write: Attribute<ServedClient>["write"] = ({ connection }, written, done) => {
      // A command where only requests are permitted is ignored, as any refused command is.
      const permitted = written.acknowledged ? value.writable : takesCommands;
      if (permitted) value.write(connection, written, done);
      else done(ErrorCode.WriteNotPermitted);
    };
    this.table.add({
      handle,
      type,
      groupEnd: handle,
      ...(value.readable && { read }),
      ...((value.writable || takesCommands) && { write }),
    });
  }
}

/** How many attributes a characteristic takes: declaration, value, configuration, descriptors. */
function attributesOf(options: CharacteristicDefinition["options"]): number {
  return 2 + (configurationBits(options) === 0 ? 0 : 1) + (options.descriptors?.length ?? 0);
}

function configurationBits({ notify, indicate }: CharacteristicDefinition["options"]): number {
  return (notify ? Configuration.Notification : 0) | (indicate ? Configuration.Indication : 0);
}
