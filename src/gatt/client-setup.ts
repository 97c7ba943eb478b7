import type { ClientBearer, Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { type HandleValue, ReadByTypeRequest, ReadByTypeResponse } from "../att/pdu.ts";
import { WriteRequest, WriteResponse } from "../att/pdu-write.ts";
import { toHex } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import type { Done, Procedure } from "../common/procedure.ts";
import { Uuid } from "../common/uuid.ts";
import { ask, wholeRange } from "./discovery.ts";

/** Characteristics of the Generic Attribute service that a client needs itself. Vol 3, Part G, 7. */
export const GattCharacteristic: Readonly<
  Record<"ServiceChanged" | "ClientSupportedFeatures" | "DatabaseHash", Uuid>
> = {
  ServiceChanged: Uuid.from(0x2a05),
  ClientSupportedFeatures: Uuid.from(0x2b29),
  DatabaseHash: Uuid.from(0x2b2a),
};

/** The service that has them. Vol 3, Part G, 7. */
export const genericAttributeService: Uuid = Uuid.from(0x1801);

const hashSize = 16;

/** What client and server tell each other before attributes are searched: MTU, Database Hash, features. */
export class ClientSetup {
  readonly #bearer: ClientBearer;
  /** Whether the Database Hash is asked for, and robust caching taken part in where the server has them. */
  readonly hashed: boolean;
  readonly #features: number;
  #mtu: "unknown" | "asked" | "known" = "unknown";
  readonly #waiting: (() => void)[] = [];
  /** What the server has answered; `undefined` while it was not asked. */
  #hash: { readonly value: string | undefined } | undefined;
  /** Whether the server knows what this client can, and agrees. */
  #featuresAt: "unknown" | "asked" | "told" = "unknown";

  /**
   * @param bearer - The one on the fixed channel: on others the MTU is fixed.
   * @param hashed - Whether to ask for the Database Hash.
   * @param features - Bits of ClientFeature that the client has.
   */
  constructor(bearer: ClientBearer, hashed: boolean, features: number) {
    this.#bearer = bearer;
    this.hashed = hashed;
    this.#features = features;
  }

  /** Exchanges the MTU on first use. Where that fails it stays at 23, and what comes next learns if the link is gone. */
  begin(done: Done<undefined>): void {
    if (this.#mtu === "known") {
      done(undefined);
      return;
    }
    this.#waiting.push(() => {
      done(undefined);
    });
    if (this.#mtu === "asked") return;
    this.#mtu = "asked";
    this.#bearer.exchangeMtu(() => {
      this.#mtu = "known";
      for (const callback of this.#waiting.splice(0)) callback();
    });
  }

  /** Whether the server knows that the client takes part in robust caching. Vol 3, Part G, 2.5.2.1. */
  get robust(): boolean {
    return this.hashed && this.#featuresAt === "told";
  }

  /** The hash is another from now on. */
  forgetHash(): void {
    this.#hash = undefined;
  }

  /**
   * The Database Hash as hex; `undefined` where the server has none or it is not wanted.
   *
   * The server is told before that the client takes part in robust caching, so that no change of the attributes goes
   * unnoticed from then on. One that does not know Client Supported Features does not take part.
   */
  *identify(requester: Requester): Procedure<string | undefined> {
    if (!this.hashed) return undefined;
    if (this.#hash) return this.#hash.value;
    yield* this.tellFeatures(requester);
    const found =
      this.#featuresAt === "told" ? yield* readOne(requester, GattCharacteristic.DatabaseHash) : undefined;
    const value = found?.value.length === hashSize ? toHex(found.value) : undefined;
    this.#hash = { value };
    return value;
  }

  /** Sets Client Supported Features where the server has it. Bits that are set already stay so. Vol 3, Part G, 7.2. */
  *tellFeatures(requester: Requester): Procedure<undefined> {
    if (this.#featuresAt !== "unknown") return;
    this.#featuresAt = "asked";
    try {
      const found = yield* readOne(requester, GattCharacteristic.ClientSupportedFeatures);
      if (found && (yield* this.#write(requester, found))) this.#featuresAt = "told";
    } catch (error) {
      this.#featuresAt = "unknown"; // nothing was learnt
      throw error;
    }
  }

  *#write(requester: Requester, { handle, value }: HandleValue): Procedure<boolean> {
    const before = value[0] ?? 0;
    const wanted = before | this.#features;
    if (wanted === before) return true;
    return yield* write(requester, { handle, value: Uint8Array.of(wanted, ...value.subarray(1)) });
  }
}

/** The first attribute of a type. One that the server does not have or show, or cannot speak of, is none. */
function* readOne(requester: Requester, type: Uuid): Procedure<HandleValue | undefined> {
  const { start, end } = wholeRange;
  const request = ReadByTypeRequest.encode({ startHandle: start, endHandle: end, type });
  try {
    const { entries } = yield* ask(requester, request, ReadByTypeResponse);
    const [first] = entries;
    return first && { handle: first.handle, value: new Uint8Array(first.value) };
  } catch (error) {
    if (isPassable(error)) return undefined;
    throw error;
  }
}

function* write(requester: Requester, value: HandleValue): Procedure<boolean> {
  try {
    yield* ask(requester, WriteRequest.encode(value), WriteResponse);
    return true;
  } catch (error) {
    if (isPassable(error)) return false;
    throw error;
  }
}

/** A server without such features, or with broken ones, is as good as any; but what is out of date must be learnt. */
function isPassable(error: unknown): boolean {
  if (error instanceof AttError) return error.status !== ErrorCode.DatabaseOutOfSync;
  return error instanceof MalformedPduError;
}
