import { Opcode } from "../src/att/opcode.ts";
import type { Address } from "../src/common/address.ts";
import { ErrorCode } from "../src/index.ts";
import { LeCreateConnection } from "../src/hci/commands/le-connection.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { FloorHost } from "./floor-host.ts";

/** A client that sends requests as octets and costs next to nothing, so that what is measured is the server. */
export class RawClient {
  readonly #host: FloorHost;
  #answered: ((pdu: Uint8Array) => void) | undefined;

  private constructor(host: FloorHost) {
    this.#host = host;
    host.onPdu = (packet, start) => {
      const opcode = packet[start] ?? 0;
      // It is no server: whatever the other side asks for is refused.
      if (opcode !== Opcode.ErrorResponse && opcode % 2 === 0) {
        host.answer(Opcode.ErrorResponse, Uint8Array.of(opcode, 0, 0, ErrorCode.RequestNotSupported));
      } else this.#answered?.(packet.slice(start));
    };
  }

  /** Connects to a server that advertises. */
  static async connect(transport: HciTransport, server: Address): Promise<RawClient> {
    const host = new FloorHost(transport);
    await host.startUp();
    const connected = host.connected();
    await host.ask(LeCreateConnection, {
      scanInterval: 0x0010,
      scanWindow: 0x0010,
      initiatorFilterPolicy: 0,
      peerAddressType: 0,
      peerAddress: server.value,
      ownAddressType: 0,
      connectionIntervalMin: 0x0018,
      connectionIntervalMax: 0x0028,
      maxLatency: 0,
      supervisionTimeout: 0x0048,
      minCeLength: 0,
      maxCeLength: 0,
    });
    await connected;
    return new RawClient(host);
  }

  /** Sends a request and waits for its answer, whatever that is. */
  request(opcode: number, parameters: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#host.answer(opcode, parameters);
    });
  }
}
