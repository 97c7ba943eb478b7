import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import {
  ReadByTypeRequest,
  ReadByTypeResponse,
  ReadMultipleRequest,
  ReadMultipleResponse,
  ReadMultipleVariableRequest,
  ReadMultipleVariableResponse,
} from "../att/pdu.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import { MalformedPduError } from "../common/errors.ts";
import { type Procedure, wait } from "../common/procedure.ts";
import type { Uuid } from "../common/uuid.ts";
import { ask, type Found, type HandleRange, walk } from "./discovery.ts";
import { readValue } from "./read-write.ts";

/** A value that was read by its type. */
export interface ValueByUuid {
  readonly handle: number;
  /** *Owned*; at most what one response carries: see `gatt.readByUuid`. */
  readonly value: Uint8Array;
}

/** Read Using Characteristic UUID. Vol 3, Part G, 4.8.2. */
export function readByUuid(
  requester: Requester,
  uuid: Uuid,
  range: HandleRange,
): Procedure<readonly ValueByUuid[]> {
  return walk(range, function* ({ start, end }): Procedure<Found<ValueByUuid>[]> {
    const request = ReadByTypeRequest.encode({ startHandle: start, endHandle: end, type: uuid });
    const { entries } = yield* ask(requester, request, ReadByTypeResponse);
    return entries.map(({ handle, value }) => ({
      found: { handle, value: new Uint8Array(value) },
      first: handle,
      last: handle,
    }));
  });
}

/** What readMultiple needs of one of its values. */
export interface ReadPart {
  readonly handle: number;
  /** Octets the value has, where that is known. */
  readonly length: number | undefined;
}

/** How values are read together: all of them have a known length, or else none need have. */
interface Together {
  /** How many of the values that are left go into one request: none where the first must be read by itself. */
  fitting(requester: Requester, parts: readonly ReadPart[]): number;
  /** The values it learns whole, from the first on; `undefined` for one that must be read by itself. */
  read(requester: Requester, parts: readonly ReadPart[]): Procedure<readonly (Uint8Array | undefined)[]>;
}

/**
 * Reads several values in the order given with as few requests as can be: Read Multiple Characteristic Values where all
 * lengths are known, else Read Multiple Variable Length Characteristic Values. Vol 3, Part G, 4.8.4 and 4.8.5.
 *
 * What does not come whole, and everything where the server does not know the request, is read one by one.
 */
export function* readMultiple(
  requester: Requester,
  parts: readonly ReadPart[],
  signal?: Abandoned,
): Procedure<Uint8Array[]> {
  const together = parts.every(({ length }) => length !== undefined) ? fixed : variable;
  const values: Uint8Array[] = [];
  let supported = true;
  while (values.length < parts.length) {
    const left = parts.slice(values.length);
    const count = supported ? together.fitting(requester, left) : 0;
    if (count < 2) {
      values.push(yield* single(requester, left[0], signal));
      continue;
    }
    try {
      const read = yield* together.read(requester, left.slice(0, count));
      for (const [index, value] of read.entries()) {
        values.push(value ?? (yield* single(requester, left[index], signal)));
      }
    } catch (error) {
      supported = false;
      if (!(error instanceof AttError && error.status === ErrorCode.RequestNotSupported)) throw error;
    }
  }
  return values;
}

/** Read Multiple Characteristic Values. Vol 3, Part G, 4.8.4. */
const fixed: Together = {
  fitting({ mtu }, parts) {
    let octets = 0;
    const most = Math.floor((mtu - 1) / 2);
    const misfit = parts.findIndex(({ length = 0 }, index) => {
      octets += length;
      return octets > mtu - 1 || index >= most;
    });
    return misfit < 0 ? parts.length : misfit;
  },
  *read(requester, parts) {
    const request = ReadMultipleRequest.encode({ handles: parts.map(({ handle }) => handle) });
    const { values } = yield* ask(requester, request, ReadMultipleResponse);
    const total = parts.reduce((sum, { length = 0 }) => sum + length, 0);
    if (values.length !== total) {
      const why = `${values.length} octets where the lengths given make ${total}`;
      throw new MalformedPduError(ReadMultipleResponse.name, why, values);
    }
    let at = 0;
    return parts.map(({ length = 0 }) => new Uint8Array(values.subarray(at, (at += length))));
  },
};

/** Read Multiple Variable Length Characteristic Values. Vol 3, Part G, 4.8.5. */
const variable: Together = {
  fitting: ({ mtu }, parts) => Math.min(parts.length, Math.floor((mtu - 1) / 2)),
  *read(requester, parts) {
    const request = ReadMultipleVariableRequest.encode({ handles: parts.map(({ handle }) => handle) });
    const { values } = yield* ask(requester, request, ReadMultipleVariableResponse);
    if (values.length > parts.length) {
      const why = `${values.length} values where ${parts.length} were asked for`;
      throw new MalformedPduError(ReadMultipleVariableResponse.name, why);
    }
    return values.map(({ length, value }) => (value.length === length ? new Uint8Array(value) : undefined));
  },
};

function* single(
  requester: Requester,
  part: ReadPart | undefined,
  signal: Abandoned | undefined,
): Procedure<Uint8Array> {
  return yield* wait<Uint8Array>((done) => {
    readValue(requester, part?.handle ?? 0, done, signal);
  });
}
