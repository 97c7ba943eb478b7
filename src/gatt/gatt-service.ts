import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { GattServer } from "./server.ts";
import type { ServedClient } from "./served-client.ts";
import { characteristic, type GattPeer, service } from "./service-builder.ts";
import { ServiceChanged } from "./service-changed.ts";

/** What the server supports beyond the ordinary. Vol 3, Part G, 7.4. */
export interface ServerFeatures {
  /** It takes Enhanced ATT bearers: bit 0. Default false. */
  readonly enhancedBearers?: boolean;
}

/** The GATT service: how clients learn of changes, and what both sides support. Vol 3, Part G, 7. */
export class GattService {
  readonly #server: GattServer;
  readonly #serviceChanged: ServiceChanged;
  readonly #start: number;
  readonly #end: number;

  /** Adds it to `server`. */
  constructor(server: GattServer, { enhancedBearers = false }: ServerFeatures = {}) {
    this.#server = server;
    const { serviceChanged, databaseHash, ...rest } = server.add(
      service(0x1801, {
        serviceChanged: characteristic(0x2a05, { indicate: true }),
        clientSupportedFeatures: characteristic(0x2b29, {
          onRead: ({ connection }) => Uint8Array.of(this.#clientOf(connection).features),
          onWrite: ({ connection, value }) => {
            writeFeatures(this.#clientOf(connection), value);
          },
        }),
        databaseHash: characteristic(0x2b2a, {
          onRead: ({ connection }) => {
            this.#clientOf(connection).gate.hashRead();
            return server.hash;
          },
        }),
        ...(enhancedBearers && {
          serverSupportedFeatures: characteristic(0x2b3a, { value: Uint8Array.of(0x01) }),
        }),
      }),
    );
    this.#serviceChanged = new ServiceChanged(serviceChanged.handle, server.handlerFailed);
    this.#start = serviceChanged.handle - 2;
    this.#end = Math.max(databaseHash.handle, ...Object.values(rest).map(({ handle }) => handle));
    server.onReturned = (client) => {
      this.#serviceChanged.returned(client);
    };
  }

  /**
   * Indicates to those who subscribed that the attributes of a range have changed. The range takes in this service,
   * whose Database Hash is another one too. Vol 3, Part G, 7.1.
   *
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   */
  async changed(startHandle: number, endHandle: number): Promise<void> {
    const start = Math.min(this.#start, startHandle);
    await this.#serviceChanged.changed(this.#server.clients, start, Math.max(this.#end, endHandle));
  }

  #clientOf(connection: GattPeer): ServedClient {
    const client = this.#server.clientOf(connection);
    if (!client) throw new AttError(ErrorCode.UnlikelyError); // it is gone, and nobody hears
    return client;
  }
}

/** "A client shall not clear any bits it has set." Vol 3, Part G, 7.2. */
function writeFeatures(client: ServedClient, value: Uint8Array): void {
  const features = value[0] ?? 0;
  if ((client.features & ~features) !== 0) throw new AttError(ErrorCode.ValueNotAllowed);
  client.features = features;
}
