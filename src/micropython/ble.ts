import { Host, type HostOptions } from "../index.ts";
import type { AdvertiseKeywords } from "./advertiser.ts";
import { Config, type ConfigSettings, type ConfigValues } from "./config.ts";
import type { BleEvent, Handler } from "./events.ts";
import { tellFault } from "./fault.ts";
import type { Authorize } from "./gatts.ts";
import type { CharacteristicResult } from "./gattc.ts";
import { Irq } from "./irq.ts";
import { type BufferLike, octetsOf } from "./octets.ts";
import { OSError } from "./os-error.ts";
import { Secrets } from "./secrets.ts";
import type { ServiceTuple } from "./services-definition.ts";
import { Session } from "./session.ts";
import type { UUID } from "./uuid.ts";

/** What `Host.open` takes as the way to a controller. */
type Transport = Parameters<typeof Host.open>[0];

/** How the interface is made. */
export interface BleOptions {
  /** The way to the controller, as for `Host.open`; or what makes it each time that the interface becomes active. */
  readonly transport: Transport | (() => Transport | Promise<Transport>);
  /**
   * The second number of `_IRQ_GATTC_CHARACTERISTIC_RESULT`: MicroPython gives the last handle of the characteristic
   * (`"end_handle"`, the default), and gave that of its declaration before 1.20 (`"def_handle"`).
   */
  readonly characteristic_result?: CharacteristicResult;
  /**
   * Decides on what `_FLAG_READ_AUTHORIZED` and `_FLAG_WRITE_AUTHORIZED` guard. Default: whoever `_IRQ_GATTS_READ_REQUEST`
   * lets may read, and nobody may write.
   */
  readonly authorize?: Authorize;
  /** What else the host is opened with, such as a clock, or a store of bonds in place of the secrets. */
  readonly host?: HostOptions;
}

/**
 * MicroPython's `bluetooth.BLE`: the same methods with the same arguments, units and events, on a host of this package.
 *
 * Keyword arguments are an object in the last place, None is `null`, and what fails throws an {@link OSError} with
 * MicroPython's number. Only {@link active} has to be awaited. Every method but `active`, `irq` and some of `config`
 * throws ENODEV while the interface is not active.
 *
 * @example
 * ```ts
 * const ble = new BLE({ transport });
 * await ble.active(true);
 * ble.irq((event, data) => {
 *   if (event === _IRQ_CENTRAL_CONNECT) console.log("connected:", data[0]);
 * });
 * ble.gap_advertise(100_000, Uint8Array.of(2, 1, 6));
 * ```
 */
export class BLE {
  readonly #options: BleOptions;
  readonly #irq = new Irq();
  readonly #config = new Config();
  #session: Session | undefined;
  /** Becoming active, or no longer, goes on. */
  #changing: Promise<boolean> | undefined;

  constructor(options: BleOptions) {
    this.#options = options;
  }

  /** The host beneath while the interface is active: all of the native API, on the same links. */
  get host(): Host | undefined {
    return this.#session?.host;
  }

  /** Whether the interface is active. */
  active(): boolean;
  /** Opens the host, or closes it with all that there is; resolves to what is so then. The errors are of `Host.open`. */
  active(active: boolean | number): Promise<boolean>;
  active(active?: boolean | number): boolean | Promise<boolean> {
    if (active === undefined) return this.#session !== undefined;
    const before = this.#changing ?? Promise.resolve(true);
    const changing = before
      .catch(() => false)
      .then(() => (active ? this.#open() : this.#close()))
      .finally(() => {
        if (this.#changing === changing) this.#changing = undefined;
      });
    this.#changing = changing;
    return changing;
  }

  /** Tells one parameter. @throws {@link RangeError} There is none of that name. */
  config<K extends keyof ConfigValues>(param: K): ConfigValues[K];
  /** Sets parameters. What cannot be done at once, a change of the address, takes effect by itself. */
  config(params: ConfigSettings): void;
  config(params: keyof ConfigValues | ConfigSettings): unknown {
    if (typeof params === "string") return this.#value(params);
    const options = this.#config.set(params, this.#session !== undefined);
    this.#session?.configure(options);
    return undefined;
  }

  /** Takes the handler of all events; null for none. */
  irq(handler: Handler | null): void;
  /** The same, of a handler that does not look at the tuples. */
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- a union would leave the parameters without types
  irq(handler: (event: BleEvent[0]) => unknown): void;
  irq(handler: Handler | ((event: BleEvent[0]) => unknown) | null): void {
    if (handler !== null && typeof handler !== "function")
      throw new TypeError("irq: the handler is no function");
    this.#irq.handler = (handler as Handler | null) ?? undefined;
    const session = this.#session;
    session?.askForSecrets().catch((error: unknown) => {
      tellFault(session.host, error);
    });
  }

  /**
   * Advertises from now on; null ends it. A central that connects ends it, too.
   *
   * @param interval_us - 20,000 to 10,240,000, rounded down to the nearest 625.
   * @param adv_data - Up to 31 octets, sent as they are; null for those of before.
   */
  gap_advertise(
    interval_us: number | null,
    adv_data: BufferLike | null = null,
    keywords: AdvertiseKeywords = {},
  ): void {
    this.#active.advertiser.advertise(interval_us, adv_data, keywords);
  }

  /** @param duration_ms - 0 to go on, null to end the scan. */
  gap_scan(
    duration_ms: number | null = 0,
    interval_us = 1_280_000,
    window_us = 11_250,
    active = false,
  ): void {
    this.#active.scanner.scan(duration_ms, interval_us, window_us, active);
  }

  /** Calls the attempt off that is outstanding. */
  gap_connect(addr_type: null): void;
  /** Connects as central. A scan is ended. */
  gap_connect(
    addr_type: number,
    addr: BufferLike,
    scan_duration_ms?: number,
    min_conn_interval_us?: number | null,
    max_conn_interval_us?: number | null,
  ): void;
  gap_connect(
    addr_type: number | null,
    addr: BufferLike = [],
    scan_duration_ms = 2_000,
    min_conn_interval_us: number | null = null,
    max_conn_interval_us: number | null = null,
  ): void {
    const { central, scanner } = this.#active;
    if (addr_type === null) {
      central.cancel();
      return;
    }
    central.connect(addr_type, addr, scan_duration_ms, min_conn_interval_us, max_conn_interval_us);
    scanner.stop();
  }

  /** @returns False when there is no such connection. */
  gap_disconnect(conn_handle: number): boolean {
    const connection = this.#active.links.find(conn_handle);
    void connection?.disconnect();
    return connection !== undefined;
  }

  /** @throws {@link OSError} EALREADY: that connection is being paired. */
  gap_pair(conn_handle: number): void {
    this.#active.pairing.pair(conn_handle);
  }

  /** Answers `_IRQ_PASSKEY_ACTION`. */
  gap_passkey(conn_handle: number, action: number, passkey: number): void {
    this.#active.pairing.passkey(conn_handle, action, passkey);
  }

  /**
   * Offers these services in place of those of before.
   *
   * @returns For each service the handles of its characteristics and their descriptors, in the order of the definition.
   * @throws {@link OSError} EBUSY: the interface advertises.
   */
  gatts_register_services(services_definition: readonly ServiceTuple[]): number[][] {
    const { advertiser, gatts } = this.#active;
    if (advertiser.active) throw new OSError("EBUSY", "stop advertising before you register services");
    return gatts.register(services_definition);
  }

  gatts_read(value_handle: number): Uint8Array {
    return this.#active.gatts.read(value_handle);
  }

  /** @param data - Up to 512 octets; copied. */
  gatts_write(value_handle: number, data: BufferLike, send_update = false): void {
    this.#active.gatts.write(value_handle, data, send_update);
  }

  /** @throws {@link OSError} ENOMEM: too much waits to be sent already. */
  gatts_notify(conn_handle: number, value_handle: number, data: BufferLike | null = null): void {
    this.#active.gatts.notify(conn_handle, value_handle, data);
  }

  gatts_indicate(conn_handle: number, value_handle: number, data: BufferLike | null = null): void {
    this.#active.gatts.indicate(conn_handle, value_handle, data);
  }

  /** @param len - 0 to 512. */
  gatts_set_buffer(value_handle: number, len: number, append = false): void {
    this.#active.gatts.setBuffer(value_handle, len, append);
  }

  gattc_discover_services(conn_handle: number, uuid: UUID | null = null): void {
    this.#active.gattc.discoverServices(conn_handle, uuid);
  }

  gattc_discover_characteristics(
    conn_handle: number,
    start_handle: number,
    end_handle: number,
    uuid: UUID | null = null,
  ): void {
    this.#active.gattc.discoverCharacteristics(conn_handle, start_handle, end_handle, uuid);
  }

  /** @param start_handle - Of the value, or of the service: what stands behind it is told. */
  gattc_discover_descriptors(conn_handle: number, start_handle: number, end_handle: number): void {
    this.#active.gattc.discoverDescriptors(conn_handle, start_handle, end_handle);
  }

  gattc_read(conn_handle: number, value_handle: number): void {
    this.#active.gattc.read(conn_handle, value_handle);
  }

  /** @param data - Cut to what one request carries, the MTU less 3. @param mode - 1 to have an answer. */
  gattc_write(conn_handle: number, value_handle: number, data: BufferLike, mode = 0): void {
    this.#active.gattc.write(conn_handle, value_handle, data, mode);
  }

  /** @throws {@link OSError} EALREADY: it was exchanged, by either side. */
  gattc_exchange_mtu(conn_handle: number): void {
    this.#active.gattc.exchangeMtu(conn_handle);
  }

  l2cap_listen(psm: number, mtu: number): void {
    this.#active.l2cap.listen(psm, mtu);
  }

  l2cap_connect(conn_handle: number, psm: number, mtu: number): void {
    this.#active.l2cap.connect(conn_handle, psm, mtu);
  }

  l2cap_disconnect(conn_handle: number, cid: number): void {
    this.#active.l2cap.get(conn_handle, cid).disconnect();
  }

  /** @returns False when the channel is stalled until `_IRQ_L2CAP_SEND_READY`; what was given is sent all the same. */
  l2cap_send(conn_handle: number, cid: number, buf: BufferLike): boolean {
    return this.#active.l2cap.get(conn_handle, cid).send(octetsOf("buf", buf));
  }

  /** @returns How many octets were read; with a `buf` of null how many there are. */
  l2cap_recvinto(conn_handle: number, cid: number, buf: Uint8Array | null): number {
    const channel = this.#active.l2cap.get(conn_handle, cid);
    return buf === null ? channel.available : channel.receiveInto(buf);
  }

  /** @throws {@link OSError} ENODEV. */
  get #active(): Session {
    if (this.#session) return this.#session;
    throw new OSError("ENODEV", "the interface is not active: await active(true)");
  }

  #value(param: keyof ConfigValues): unknown {
    const values: Partial<ConfigValues> = this.#config.values;
    if (Object.hasOwn(values, param)) return values[param];
    if (!["mac", "addr_mode", "gap_name", "mtu"].includes(param))
      throw new RangeError(`config: there is no parameter "${param}"`);
    return this.#active.value(param);
  }

  async #open(): Promise<boolean> {
    if (this.#session) return true;
    const { transport, host: options = {}, characteristic_result = "end_handle", authorize } = this.#options;
    const secrets = new Secrets(this.#irq);
    const host = await Host.open(typeof transport === "function" ? await transport() : transport, {
      ...this.#config.hostOptions,
      bonds: secrets,
      ...options,
    });
    const session = new Session({
      ...{ host, irq: this.#irq, config: this.#config, secrets },
      ...{ characteristicResult: characteristic_result, authorize },
    });
    host.once("closed", () => {
      if (this.#session === session) this.#ended();
    });
    this.#session = session;
    this.#irq.open = true;
    try {
      await session.askForSecrets();
    } catch (error) {
      await this.#close();
      throw error;
    }
    return true;
  }

  async #close(): Promise<boolean> {
    const session = this.#session;
    this.#ended();
    await session?.host[Symbol.asyncDispose]();
    return false;
  }

  #ended(): void {
    this.#session = undefined;
    this.#irq.open = false;
  }
}
