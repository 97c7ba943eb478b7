import type { Clock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { HardwareError } from "../../src/hci/events/flow.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { Delivery, deliveryFailure } from "../delivery.ts";
import { mostWaiting, stalled } from "../packet-writer.ts";
import type { SerialLine } from "../serial-line.ts";
import type { LinkConfiguration } from "./link-control.ts";
import { H5Link } from "./link.ts";

/** How an H5 link is opened. */
export interface H5Options {
  /** The port, for messages. */
  readonly who: string;
  /** In bits per second: a packet takes its time. */
  readonly baudRate: number;
  /** Whether the port was opened with XON and XOFF. */
  readonly xonxoff: boolean;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** As many octets as packets commonly have: what is longer is sent twice on a slow line, and no harm done. */
const commonPacket = 1100;

/** What a controller that begins anew amounts to for a host: it resets it, and goes on. Vol 4, Part E, 7.7.16. */
const hardwareError = (): Uint8Array => encodeEvent(HardwareError, { hardwareCode: 0 });

/** HCI over the three-wire UART, on a serial port. Vol 4, Part D. */
export class H5Transport implements HciTransport {
  readonly #line: SerialLine;
  readonly #link: H5Link;
  readonly #who: string;
  readonly #delivery = new Delivery();
  #wasActive = false;
  #onActivated: (() => void) | undefined;
  #onFailed: ((error: Error) => void) | undefined;

  private constructor(line: SerialLine, { who, baudRate, xonxoff, clock }: H5Options) {
    this.#line = line;
    this.#who = who;
    const configuration: LinkConfiguration = {
      windowSize: 7,
      softwareFlowControl: xonxoff,
      dataIntegrityCheck: true,
    };
    this.#link = new H5Link(
      {
        write: (octets) => this.#line.write(octets),
        activated: () => this.#activated(),
        packet: (packet) => this.#delivery.packet(packet),
        reset: () => undefined, // the host hears of it when the link is up again: until then it could do nothing
        fault: (error) => this.#delivery.fault(error),
        unheard: () => this.#fail(unheard(who, this.#wasActive)),
      },
      clock,
      { role: "host", configuration, resendMs: resendTime(baudRate) },
    );
  }

  /**
   * Establishes the link.
   *
   * @param line - *Owned*, also when this fails.
   * @throws {@link TransportError} The controller does not answer within 5 s, or the port is lost.
   */
  static async open(line: SerialLine, options: H5Options): Promise<H5Transport> {
    const { signal } = options;
    const transport = new H5Transport(line, options);
    const abort = (): void => transport.#onFailed?.(new TransportError("called off", { reason: "closed" }));
    try {
      await new Promise<void>((resolve, reject) => {
        transport.#onActivated = resolve;
        transport.#onFailed = reject;
        signal?.addEventListener("abort", abort, { once: true });
        transport.#begin();
      });
      return transport;
    } catch (error) {
      await transport[Symbol.asyncDispose]();
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
  }

  send(packet: Uint8Array): void {
    if (this.#delivery.ended) return;
    this.#link.send(packet);
    const { waiting } = this.#link;
    if (waiting > mostWaiting) this.#fail(stalled(this.#who, waiting));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#delivery.end();
    this.#link[Symbol.dispose]();
    await this.#line.close();
  }

  #begin(): void {
    this.#line.start({
      octets: (chunk) => this.#take(chunk),
      lost: (error) => this.#fail(error),
    });
    this.#link.start();
  }

  #activated(): void {
    this.#onActivated?.();
    if (this.#wasActive) this.#delivery.packet(hardwareError());
    this.#wasActive = true;
  }

  #take(chunk: Uint8Array): void {
    try {
      this.#link.receive(chunk);
    } catch (error) {
      this.#fail(deliveryFailure(this.#who, error));
    }
  }

  #fail(error: Error): void {
    this.#delivery.end(error);
    this.#link[Symbol.dispose]();
    void this.#line.close();
    this.#onFailed?.(error);
  }
}

/** Three times what the largest packet takes, and some for the other end to think. Vol 4, Part D, 12.1. */
function resendTime(baudRate: number): number {
  return 50 + Math.ceil((3 * 10 * 1000 * commonPacket) / baudRate);
}

function unheard(who: string, wasActive: boolean): TransportError {
  if (wasActive) {
    const message = `${who} was lost: the controller acknowledges nothing any more`;
    return new TransportError(message, { reason: "lost" });
  }
  const message =
    `${who} cannot be opened: nobody answers as a three-wire UART (H5). Look at the baud rate, at the parity ` +
    `(many controllers want "even"), and whether it speaks H4 instead`;
  return new TransportError(message, { reason: "timeout" });
}
