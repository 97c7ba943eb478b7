import { Address } from "../common/address.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Uuid } from "../common/uuid.ts";
import type { AdvertisingData, AdvertisingDataInput, AdvertisingFields } from "./advertising-fields.ts";
import { type AdRule, adRules, type Draft } from "./advertising-rules.ts";
import { type AdStructure, joinStructures, structuresIn, structureSize } from "./advertising-structure.ts";

/** A structure, and the property of {@link AdvertisingDataInput} that it says. */
export interface AdvertisingPart {
  readonly property: keyof AdvertisingDataInput;
  readonly structure: AdStructure;
}

const rulesByType = new Map<number, AdRule[]>();
for (const rule of adRules) {
  for (const type of rule.types) rulesByType.set(type, [...(rulesByType.get(type) ?? []), rule]);
}

/**
 * Reads advertising data, a scan response or both one behind the other. Vol 3, Part C, 11.
 *
 * Never fails: what comes from the air may be anything. See {@link AdvertisingData.structures} for what was not
 * understood. The result *owns* a copy of the octets.
 */
export function decodeAdvertisingData(octets: Uint8Array): AdvertisingData {
  const { structures, truncated } = structuresIn(new Uint8Array(octets));
  const draft: Draft = {};
  for (const structure of structures) {
    for (const rule of rulesByType.get(structure.type) ?? []) if (understood(rule, structure, draft)) break;
  }
  const { serviceUuids = [], serviceData = [], manufacturerData = [] } = draft;
  return { ...draft, serviceUuids, serviceData, manufacturerData, structures, truncated };
}

/**
 * Advertising data that says all of `input`. The caller *owns* it.
 *
 * @param limit - Most octets: 31 in legacy advertising, up to 1650 in extended advertising.
 * @throws {@link RangeError} It does not fit, or a value is beyond what its type can say; the message names it.
 */
export function encodeAdvertisingData(input: AdvertisingDataInput, limit = 31): Uint8Array {
  const parts = partsOf(input);
  let room = limit;
  let misfit: AdvertisingPart | undefined;
  for (const part of parts) {
    room -= structureSize(part.structure);
    if (room < 0) misfit ??= part;
  }
  if (misfit) {
    const name = misfit.property;
    throw new RangeError(
      `advertising data is ${-room} octets too long for ${limit}: ${name} does not fit any more`,
    );
  }
  return joinStructures(parts.map(({ structure }) => structure));
}

/**
 * The structures that say `input`, in the order in which they are sent.
 *
 * @throws {@link RangeError} A value is beyond what its type can say; the message names it.
 */
export function partsOf(input: AdvertisingDataInput): AdvertisingPart[] {
  const from = normalized(input);
  const parts: AdvertisingPart[] = [];
  for (const rule of adRules) {
    for (const structure of rule.write(from)) parts.push({ property: rule.property, structure });
  }
  for (const structure of input.others ?? []) parts.push({ property: "others", structure });
  return parts;
}

/** Whether the structure's content fits its type; if so, it is in the draft. */
function understood(rule: AdRule, structure: AdStructure, draft: Draft): boolean {
  try {
    rule.read(structure, draft);
    return true;
  } catch (error) {
    if (error instanceof MalformedPduError) return false;
    throw error;
  }
}

function normalized(input: AdvertisingDataInput): AdvertisingFields {
  const { serviceUuids, solicitedServiceUuids, serviceData, targetAddresses, deviceAddress, ...fields } =
    input;
  return {
    ...fields,
    serviceUuids: (serviceUuids ?? []).map((uuid) => Uuid.from(uuid)),
    solicitedServiceUuids: (solicitedServiceUuids ?? []).map((uuid) => Uuid.from(uuid)),
    serviceData: (serviceData ?? []).map(({ uuid, data }) => ({ uuid: Uuid.from(uuid), data })),
    targetAddresses: (targetAddresses ?? []).map((address) => Address.from(address)),
    ...(deviceAddress === undefined ? {} : { deviceAddress: Address.from(deviceAddress) }),
  };
}
