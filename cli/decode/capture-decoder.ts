import type { CaptureRecord } from "../../transports/capture/index.ts";
import type { DecodedPacket } from "./decoded.ts";
import { HciDecoder } from "./hci-decoder.ts";
import { LinkLayerDecoder } from "./link-layer-decoder.ts";

/**
 * Understands the records of a capture one after the other, in their order: what a packet means may depend on those
 * before it. Never fails, whatever the octets are.
 */
export class CaptureDecoder {
  readonly #hci = new HciDecoder();
  readonly #linkLayer = new LinkLayerDecoder();

  /** What the next record says. Octets in it are *borrowed* from the record. */
  decode(record: CaptureRecord): DecodedPacket {
    return record.kind === "hci" ? this.#hci.decode(record) : this.#linkLayer.decode(record);
  }
}
