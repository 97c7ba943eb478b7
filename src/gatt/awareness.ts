import { ErrorCode } from "../att/error-code.ts";
import { Opcode } from "../att/opcode.ts";
import type { Gate } from "../att/serving.ts";
import { u16At } from "../common/bytes.ts";

/** Octets of an ATT_READ_BY_TYPE_REQ with a type of 16 bits. Vol 3, Part F, 3.4.4.1. */
const shortReadByTypeSize = 7;

/** What {@link Awareness} must know of the client. */
export interface AwareClient {
  /** Whether it has set the Robust Caching bit of Client Supported Features. Vol 3, Part G, 7.2. */
  readonly robustCaching: boolean;
  /** How many bearers lead to it. */
  readonly bearerCount: number;
  /** It has become change-aware. */
  becameAware(): void;
}

/**
 * Whether one client knows of the last change of the database. Vol 3, Part G, 2.5.2.1.
 *
 * A client that supports robust caching and does not know is refused once on each bearer, its commands are ignored, and
 * it gets no values. Any other client is served as always.
 */
export class Awareness implements Gate {
  readonly #client: AwareClient;
  #aware = true;
  #hashRead = false;
  /** The bearers on which the client has been refused since the last change. */
  readonly #refused = new Set<object>();

  constructor(client: AwareClient) {
    this.#client = client;
  }

  /** Whether the client is change-aware. */
  get aware(): boolean {
    return this.#aware;
  }

  /** Whether nothing but Service Changed may be sent to it. */
  get withholds(): boolean {
    return !this.#aware && this.#client.robustCaching;
  }

  get takesCommands(): boolean {
    return !this.withholds;
  }

  /** The database is another from now on. */
  changed(): void {
    this.#aware = false;
    this.#hashRead = false;
    this.#refused.clear();
  }

  /** The client is being told the Database Hash. */
  hashRead(): void {
    this.#hashRead = !this.#aware;
  }

  /** The client has confirmed Service Changed. With more than one bearer that does not tell what else it has read. */
  confirmed(): void {
    if (this.#client.bearerCount === 1) this.#becomeAware();
  }

  /** A bearer is gone. */
  forget(bearer: object): void {
    this.#refused.delete(bearer);
  }

  request(pdu: Uint8Array, bearer: object): ErrorCode | undefined {
    if (this.#aware) return undefined;
    if (this.#hashRead || (this.#refused.has(bearer) && this.#client.bearerCount === 1)) {
      this.#becomeAware();
      return undefined;
    }
    if (!this.#client.robustCaching || this.#refused.has(bearer) || !reliesOnHandles(pdu)) return undefined;
    this.#refused.add(bearer);
    return ErrorCode.DatabaseOutOfSync;
  }

  #becomeAware(): void {
    if (this.#aware) return;
    this.#aware = true;
    this.#hashRead = false;
    this.#refused.clear();
    this.#client.becameAware();
  }
}

/** Whether a request is for an attribute that the client believes to know. */
function reliesOnHandles(pdu: Uint8Array): boolean {
  switch (pdu[0]) {
    case Opcode.ReadRequest:
    case Opcode.ReadBlobRequest:
    case Opcode.ReadMultipleRequest:
    case Opcode.ReadMultipleVariableRequest:
    case Opcode.WriteRequest:
    case Opcode.PrepareWriteRequest:
      return true;
    case Opcode.ReadByTypeRequest:
      return !isDiscovery(pdu) && !(u16At(pdu, 1) === 0x0001 && u16At(pdu, 3) === 0xffff);
    default:
      return false;
  }
}

/** Reads «Include» or «Characteristic», whatever the range. */
function isDiscovery(pdu: Uint8Array): boolean {
  const type = u16At(pdu, 5);
  return pdu.length === shortReadByTypeSize && (type === 0x2802 || type === 0x2803);
}
