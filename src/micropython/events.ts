import type {
  _IRQ_CENTRAL_CONNECT,
  _IRQ_CENTRAL_DISCONNECT,
  _IRQ_CONNECTION_UPDATE,
  _IRQ_ENCRYPTION_UPDATE,
  _IRQ_GATTC_CHARACTERISTIC_DONE,
  _IRQ_GATTC_CHARACTERISTIC_RESULT,
  _IRQ_GATTC_DESCRIPTOR_DONE,
  _IRQ_GATTC_DESCRIPTOR_RESULT,
  _IRQ_GATTC_INDICATE,
  _IRQ_GATTC_NOTIFY,
  _IRQ_GATTC_READ_DONE,
  _IRQ_GATTC_READ_RESULT,
  _IRQ_GATTC_SERVICE_DONE,
  _IRQ_GATTC_SERVICE_RESULT,
  _IRQ_GATTC_WRITE_DONE,
  _IRQ_GATTS_INDICATE_DONE,
  _IRQ_GATTS_READ_REQUEST,
  _IRQ_GATTS_WRITE,
  _IRQ_GET_SECRET,
  _IRQ_L2CAP_ACCEPT,
  _IRQ_L2CAP_CONNECT,
  _IRQ_L2CAP_DISCONNECT,
  _IRQ_L2CAP_RECV,
  _IRQ_L2CAP_SEND_READY,
  _IRQ_MTU_EXCHANGED,
  _IRQ_PASSKEY_ACTION,
  _IRQ_PERIPHERAL_CONNECT,
  _IRQ_PERIPHERAL_DISCONNECT,
  _IRQ_SCAN_DONE,
  _IRQ_SCAN_RESULT,
  _IRQ_SET_SECRET,
} from "./constants.ts";
import type { UUID } from "./uuid.ts";

/** A link, and the peer at its other end. */
type Link = readonly [conn_handle: number, addr_type: number, addr: Uint8Array];
/** What became of a search. */
type Done = readonly [conn_handle: number, status: number];
/** What became of something asked about a value. */
type ValueDone = readonly [conn_handle: number, value_handle: number, status: number];
/** A value that the peer has sent on its own account. */
type Sent = readonly [conn_handle: number, value_handle: number, notify_data: Uint8Array];
/** A channel; `our_mtu` and `peer_mtu` are the octets of the longest SDU that each side receives. */
type Opened = readonly [conn_handle: number, cid: number, psm: number, our_mtu: number, peer_mtu: number];

/**
 * Each event with its tuple, as MicroPython documents them.
 *
 * `addr`, `adv_data`, `char_data` and `notify_data` are valid during the call of the handler only: copy what must outlive
 * it, with `new Uint8Array(addr)`. A `status` is 0 when all went well; else an ATT error code above 0x100, or a number of
 * NimBLE: 7 not connected, 10 bad data, 13 timed out, 17 anything else.
 */
export type BleEvent =
  /** A central has connected to this peripheral. */
  | [event: typeof _IRQ_CENTRAL_CONNECT, data: Link]
  /** A central has disconnected from this peripheral. */
  | [event: typeof _IRQ_CENTRAL_DISCONNECT, data: Link]
  /** A client has written a characteristic or descriptor. */
  | [event: typeof _IRQ_GATTS_WRITE, data: readonly [conn_handle: number, attr_handle: number]]
  /** A client reads. Return an error code to refuse it; 0 or nothing lets it. */
  | [event: typeof _IRQ_GATTS_READ_REQUEST, data: readonly [conn_handle: number, attr_handle: number]]
  /** One packet of an advertiser. */
  | [
      event: typeof _IRQ_SCAN_RESULT,
      data: readonly [
        addr_type: number,
        addr: Uint8Array,
        adv_type: number,
        rssi: number,
        adv_data: Uint8Array,
      ],
    ]
  /** The scan has ended, by its duration or by `gap_scan(null)`. */
  | [event: typeof _IRQ_SCAN_DONE, data: readonly []]
  /** `gap_connect` has succeeded. */
  | [event: typeof _IRQ_PERIPHERAL_CONNECT, data: Link]
  /** A peripheral has disconnected; with a `conn_handle` of 0xffff and an `addr_type` of 0xff, `gap_connect` has failed. */
  | [event: typeof _IRQ_PERIPHERAL_DISCONNECT, data: Link]
  /** `gattc_discover_services` has found one. */
  | [
      event: typeof _IRQ_GATTC_SERVICE_RESULT,
      data: readonly [conn_handle: number, start_handle: number, end_handle: number, uuid: UUID],
    ]
  | [event: typeof _IRQ_GATTC_SERVICE_DONE, data: Done]
  /**
   * `gattc_discover_characteristics` has found one. The second number is its last handle, or with
   * `characteristic_result: "def_handle"` that of its declaration.
   */
  | [
      event: typeof _IRQ_GATTC_CHARACTERISTIC_RESULT,
      data: readonly [
        conn_handle: number,
        end_or_def_handle: number,
        value_handle: number,
        properties: number,
        uuid: UUID,
      ],
    ]
  | [event: typeof _IRQ_GATTC_CHARACTERISTIC_DONE, data: Done]
  /** `gattc_discover_descriptors` has found one. */
  | [
      event: typeof _IRQ_GATTC_DESCRIPTOR_RESULT,
      data: readonly [conn_handle: number, dsc_handle: number, uuid: UUID],
    ]
  | [event: typeof _IRQ_GATTC_DESCRIPTOR_DONE, data: Done]
  /** The value that `gattc_read` has asked for. */
  | [
      event: typeof _IRQ_GATTC_READ_RESULT,
      data: readonly [conn_handle: number, value_handle: number, char_data: Uint8Array],
    ]
  | [event: typeof _IRQ_GATTC_READ_DONE, data: ValueDone]
  /** The server has answered to `gattc_write` with `mode` 1. */
  | [event: typeof _IRQ_GATTC_WRITE_DONE, data: ValueDone]
  | [event: typeof _IRQ_GATTC_NOTIFY, data: Sent]
  /** It has been confirmed already. */
  | [event: typeof _IRQ_GATTC_INDICATE, data: Sent]
  /** A client has confirmed an indication, or has not. */
  | [event: typeof _IRQ_GATTS_INDICATE_DONE, data: ValueDone]
  /** By either side. */
  | [event: typeof _IRQ_MTU_EXCHANGED, data: readonly [conn_handle: number, mtu: number]]
  /** A peer wants a channel. Return a number other than 0 to refuse it; 0 or nothing accepts. */
  | [event: typeof _IRQ_L2CAP_ACCEPT, data: Opened]
  /** A channel is there, opened by either side. */
  | [event: typeof _IRQ_L2CAP_CONNECT, data: Opened]
  /** A channel has closed, `status` 0; or could not be opened: the peer's result, or a number of NimBLE. */
  | [
      event: typeof _IRQ_L2CAP_DISCONNECT,
      data: readonly [conn_handle: number, cid: number, psm: number, status: number],
    ]
  /** There is something for `l2cap_recvinto`. */
  | [event: typeof _IRQ_L2CAP_RECV, data: readonly [conn_handle: number, cid: number]]
  /** What `l2cap_send` has returned false for is sent. */
  | [event: typeof _IRQ_L2CAP_SEND_READY, data: readonly [conn_handle: number, cid: number, status: number]]
  /** The interval in 1.25 ms, the timeout in 10 ms. */
  | [
      event: typeof _IRQ_CONNECTION_UPDATE,
      data: readonly [
        conn_handle: number,
        conn_interval: number,
        conn_latency: number,
        supervision_timeout: number,
        status: number,
      ],
    ]
  /** The link is protected otherwise than before, or a pairing has failed. All but the size are 0 or 1. */
  | [
      event: typeof _IRQ_ENCRYPTION_UPDATE,
      data: readonly [
        conn_handle: number,
        encrypted: number,
        authenticated: number,
        bonded: number,
        key_size: number,
      ],
    ]
  /** Return the secret of that type and key; with a `key` of null, the one of that type and index. Null for none. */
  | [event: typeof _IRQ_GET_SECRET, data: readonly [sec_type: number, index: number, key: Uint8Array | null]]
  /** Keep the secret, or forget it where `value` is null, and return true. */
  | [
      event: typeof _IRQ_SET_SECRET,
      data: readonly [sec_type: number, key: Uint8Array, value: Uint8Array | null],
    ]
  /** Answer with `gap_passkey`. `passkey` is not 0 only of a numeric comparison. */
  | [
      event: typeof _IRQ_PASSKEY_ACTION,
      data: readonly [conn_handle: number, action: number, passkey: number],
    ];

/**
 * What all events go to. What it returns counts for those that ask for something.
 *
 * @example
 * ```ts
 * ble.irq((event, data) => {
 *   switch (event) {
 *     case _IRQ_CENTRAL_CONNECT: {
 *       const [conn_handle, addr_type, addr] = data;
 *       …
 * ```
 */
export type Handler = (...event: BleEvent) => unknown;
