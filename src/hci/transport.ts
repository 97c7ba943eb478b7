import type { MalformedPduError } from "../common/errors.ts";

/**
 * A pipe of whole HCI packets to one controller. The only thing in the stack that does I/O.
 *
 * Implementations live in transports/. A packet is always one whole HCI packet with its packet-type octet in front
 * (Vol 4, Part A, 2); see packet.ts.
 */
export interface HciTransport extends AsyncDisposable {
  /**
   * Starts delivery. Called once, before any `send`. Must not call the receiver before it has returned.
   *
   * @throws {@link TransportError} It was started already, for another host: that one goes on. Or it is closed.
   */
  start(receiver: HciReceiver): void;
  /**
   * Queues one packet; never calls the receiver before it has returned. Takes ownership of the buffer.
   * After the transport has closed it does nothing.
   */
  send(packet: Uint8Array): void;
}

/** What stands above a transport. */
export interface HciReceiver {
  /** One whole packet, *borrowed* until the call returns. */
  packet(packet: Uint8Array): void;
  /**
   * Octets from the controller that were lost on their way or cannot be understood, and were dropped; the transport
   * goes on.
   */
  fault?(error: MalformedPduError): void;
  /** The last call, exactly once. `error` is absent when this side closed the transport. */
  closed(error?: Error): void;
}
