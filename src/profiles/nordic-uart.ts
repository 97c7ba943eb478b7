import { requireOctets } from "../common/bytes.ts";
import type { CallOptions } from "../common/promised.ts";
import type { GattClient } from "../gatt/client.ts";
import type { LocalCharacteristic, NotifyOptions } from "../gatt/local-characteristic.ts";
import type { Permissions } from "../gatt/permissions.ts";
import type { RemoteCharacteristic } from "../gatt/remote-characteristic.ts";
import type { GattServer } from "../gatt/server.ts";
import { characteristic, type GattPeer, service } from "../gatt/service-builder.ts";
import type { Subscription } from "../gatt/subscription.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** What the central writes. */
const rxUuid = "6e400002-b5a3-f393-e0a9-e50e24dcca9e";
/** What the peripheral notifies. */
const txUuid = "6e400003-b5a3-f393-e0a9-e50e24dcca9e";

/** How a serial port is offered. */
export interface NordicUartServerOptions {
  /**
   * Takes octets from a client, *owned*, in the order in which they were sent. The next wait for a promise it gives: up
   * to 64 packets, and what a client writes without response beyond that is lost.
   */
  readonly onData: (octets: Uint8Array, connection: GattPeer) => void | Promise<void>;
  /** What clients must bring. By default nothing. */
  readonly permissions?: Permissions;
}

/**
 * A serial port that the local server offers: Nordic UART Service.
 *
 * A stream of octets: how they are cut into packets means nothing.
 */
export class NordicUartServer implements Disposable {
  readonly #server: GattServer;
  readonly #service: object;
  readonly #tx: LocalCharacteristic;

  /** Offers it from now on, until it is disposed of. */
  constructor(server: GattServer, { onData, permissions = {} }: NordicUartServerOptions) {
    this.#server = server;
    const offered = server.add(
      service(ServiceUuid.NordicUart, {
        rx: characteristic(rxUuid, {
          write: true,
          writeWithoutResponse: true,
          permissions,
          onWrite({ value, connection }) {
            return onData(value, connection);
          },
        }),
        tx: characteristic(txUuid, { notify: true, permissions }),
      }),
    );
    this.#service = offered;
    this.#tx = offered.tx;
  }

  /** The connections that listen. */
  get listeners(): readonly GattPeer[] {
    return this.#tx.subscribers;
  }

  /**
   * Sends octets to all that listen, or to one of them. Waits while too much is queued.
   *
   * @param octets - As many as you like, not to be changed until the promise settles.
   */
  async write(octets: Uint8Array, options: NotifyOptions = {}): Promise<void> {
    requireOctets(octets);
    for (let at = 0; at < octets.length;) {
      const size = this.#tx.roomFor(options); // each time: connections come, go and agree on another MTU meanwhile
      await this.#tx.notify(octets.subarray(at, at + size), options);
      at += size;
    }
  }

  /** Offers it no more. */
  [Symbol.dispose](): void {
    this.#server.remove(this.#service);
  }
}

/**
 * A serial port of the peer's server: Nordic UART Service. Iterate it for what comes.
 *
 * @example
 * ```ts
 * await using uart = await NordicUart.open(connection.gatt);
 * await uart.write(new TextEncoder().encode("hello\n"));
 * for await (const octets of uart) process.stdout.write(octets);
 * ```
 */
export class NordicUart implements AsyncIterable<Uint8Array>, AsyncDisposable {
  readonly #rx: RemoteCharacteristic;
  readonly #subscription: Subscription;

  private constructor(rx: RemoteCharacteristic, subscription: Subscription) {
    this.#rx = rx;
    this.#subscription = subscription;
  }

  /**
   * Finds the port and listens to it: what comes from now on is not lost.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  static async open(gatt: GattClient, options?: CallOptions): Promise<NordicUart> {
    const rx = await gatt.characteristic(ServiceUuid.NordicUart, rxUuid, options);
    const tx = await gatt.characteristic(ServiceUuid.NordicUart, txUuid, options);
    return new NordicUart(rx, await tx.subscribe(options));
  }

  /**
   * Sends octets; resolves when the last of them are queued. Waits while too much is queued.
   *
   * @param octets - As many as you like, not to be changed until the promise settles.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async write(octets: Uint8Array, options?: CallOptions): Promise<void> {
    requireOctets(octets);
    for (let at = 0; at < octets.length;) {
      const size = this.#rx.maxWriteLength;
      const part = octets.subarray(at, at + size);
      if (this.#rx.properties.writeWithoutResponse) await this.#rx.writeWithoutResponse(part, options);
      else await this.#rx.write(part, options);
      at += size;
    }
  }

  /** What comes, each part *owned*; how it is cut means nothing. Leaving the loop ends the subscription. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array, undefined> {
    return this.#subscription[Symbol.asyncIterator]();
  }

  /** For programs that read from web streams; as slow as they may be, 1024 parts wait for them. */
  get readable(): ReadableStream<Uint8Array> {
    const parts = this[Symbol.asyncIterator]();
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await parts.return?.();
      },
    });
  }

  /** For programs that write to web streams; closing it leaves the port open. */
  get writable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({ write: (octets) => this.write(octets) });
  }

  /** Listens no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscription[Symbol.asyncDispose]();
  }
}
