import { MalformedPduError, TransportError } from "../src/common/errors.ts";
import type { HciReceiver } from "../src/hci/transport.ts";
import { H4Framer, type PacketSink } from "./h4-framer.ts";

/**
 * The host's end of a transport, with what holds for every one of them: it is started once; what comes afterwards is
 * delivered until it ends; that it has ended is told once, in a turn of its own, with the reason where there is one.
 */
export class Delivery implements PacketSink {
  #receiver: HciReceiver | undefined;
  #ended = false;
  #told = false;
  #reason: Error | undefined;

  /** Whether nothing goes either way any more. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Gives everything from now on to `receiver`; where the transport has failed before, the reason.
   *
   * @throws {@link TransportError} It has another receiver, which goes on; or the transport was closed.
   */
  start(receiver: HciReceiver): void {
    if (this.#receiver) throw new TransportError("this transport has a host already", { reason: "busy" });
    if (this.#ended && this.#reason === undefined) {
      throw new TransportError("this transport is closed", { reason: "closed" });
    }
    this.#receiver = receiver;
    if (this.#ended) queueMicrotask(() => this.#tell());
  }

  /** One whole packet, *borrowed* by the receiver. What the receiver throws comes out. */
  packet(packet: Uint8Array): void {
    if (!this.#ended) this.#receiver?.packet(packet);
  }

  /** Octets were lost or made no sense, and the transport goes on. */
  fault(error: MalformedPduError): void {
    if (!this.#ended) this.#receiver?.fault?.(error);
  }

  /**
   * Ends it; only the first call counts.
   *
   * @param error - Why, unless this side closes it.
   * @returns Whether it was the first: then the device is to be let go of.
   */
  end(error?: Error): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#reason = error;
    // Its own turn: who closes a transport is not called back from within.
    queueMicrotask(() => this.#tell());
    return true;
  }

  #tell(): void {
    if (this.#told || !this.#receiver) return;
    this.#told = true;
    this.#receiver.closed(this.#reason);
  }
}

/** A {@link Delivery} of what comes as a stream of octets, in chunks of any size. */
export class StreamDelivery extends Delivery {
  readonly #framer = new H4Framer();
  readonly #who: string;

  /** @param who - Whoever sends the octets, for messages. */
  constructor(who: string) {
    super();
    this.#who = who;
  }

  /**
   * Takes the next octets and delivers every packet that is now whole.
   *
   * @returns Why the transport is to be ended, if so: nothing is thrown out of the event handler this is called from.
   */
  push(chunk: Uint8Array): TransportError | undefined {
    if (this.ended) return undefined;
    try {
      this.#framer.push(chunk, this);
      return undefined;
    } catch (error) {
      return deliveryFailure(this.#who, error);
    }
  }
}

/** What becomes of a transport when a packet could not be delivered: what comes is no HCI, or the receiver failed. */
export function deliveryFailure(who: string, cause: unknown): TransportError {
  if (cause instanceof MalformedPduError) {
    return new TransportError(`${who} sends what is no HCI (${cause.message})`, {
      cause,
      reason: "malformed",
    });
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  return new TransportError(`the receiver of a packet failed: ${why}`, { cause });
}
