import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { ReadByTypeRequest, ReadByTypeResponse } from "../att/pdu.ts";
import { toHex } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import type { Procedure } from "../common/procedure.ts";
import { databaseHash, type HashedAttribute } from "./database-hash.ts";
import { encodeCharacteristicDeclaration, encodeIncludeDeclaration, GattType } from "./declaration.ts";
import { ask, walk, wholeRange } from "./discovery.ts";
import type { ServiceData } from "./remote-database.ts";

/**
 * Whether a Database Hash is that of what was discovered. A server may claim any: what it has shown is kept for others
 * under a hash only if it has that hash. Vol 3, Part G, 7.3.1.
 *
 * Takes no request but one or two for the values of Characteristic Extended Properties, where there are any: all else
 * that counts was discovered.
 *
 * @param hash - As hex, in the order of the air.
 * @param services - All that the server has.
 */
export function* isHashOf(
  requester: Requester,
  hash: string,
  services: readonly ServiceData[],
): Procedure<boolean> {
  const attributes = services.flatMap(attributesOf).sort((a, b) => a.handle - b.handle);
  const isExtended = ({ type }: HashedAttribute): boolean =>
    type.equals(GattType.CharacteristicExtendedProperties);
  const values = attributes.some(isExtended) ? yield* extendedProperties(requester) : undefined;
  const whole = attributes.map((attribute) => {
    const value = isExtended(attribute) ? values?.get(attribute.handle) : undefined;
    return value ? { ...attribute, constant: value } : attribute;
  });
  return toHex(databaseHash(whole)) === hash;
}

function attributesOf(service: ServiceData): HashedAttribute[] {
  const type = service.primary ? GattType.PrimaryService : GattType.SecondaryService;
  const includes = service.includes.map((each) => ({
    handle: each.declarationHandle,
    type: GattType.Include,
    constant: encodeIncludeDeclaration(each),
  }));
  const characteristics = service.characteristics.flatMap((each) => [
    {
      handle: each.declarationHandle,
      type: GattType.Characteristic,
      constant: encodeCharacteristicDeclaration(each),
    },
    ...each.descriptors.map((one) => ({ handle: one.handle, type: one.uuid })),
  ]);
  return [{ handle: service.start, type, constant: service.uuid.octets }, ...includes, ...characteristics];
}

/** Values by their handles. What a server does not tell is missing, and the hash is then another. */
function* extendedProperties(requester: Requester): Procedure<ReadonlyMap<number, Uint8Array>> {
  const type = GattType.CharacteristicExtendedProperties;
  try {
    const found = yield* walk(wholeRange, function* ({ start, end }) {
      const request = ReadByTypeRequest.encode({ startHandle: start, endHandle: end, type });
      const { entries } = yield* ask(requester, request, ReadByTypeResponse);
      return entries.map(({ handle, value }) => ({
        found: [handle, new Uint8Array(value)] as const,
        first: handle,
        last: handle,
      }));
    });
    return new Map(found);
  } catch (error) {
    if (error instanceof MalformedPduError) return new Map();
    if (error instanceof AttError && error.status !== ErrorCode.DatabaseOutOfSync) return new Map();
    throw error;
  }
}
