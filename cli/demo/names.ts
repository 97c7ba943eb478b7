import { characteristicName, descriptorName, serviceName } from "../../src/common/assigned-names.ts";
import { propertyList, type RemoteCharacteristic, type RemoteService, type Uuid } from "../../src/index.ts";
import type { Named, NamedCharacteristic, NamedService } from "./events.ts";

const userDescription = 0x2901;

/** A service's UUID with its assigned name. */
export function namedService(uuid: Uuid): Named {
  return { uuid, name: serviceName(uuid) };
}

/** Everything a service has, with names; reads the descriptions of what has no assigned one. */
export async function describeService(service: RemoteService, signal: AbortSignal): Promise<NamedService> {
  const { uuid, handle, endHandle } = service;
  const characteristics: NamedCharacteristic[] = [];
  for (const each of service.characteristics) characteristics.push(await describe(each, signal));
  return { uuid, name: serviceName(uuid), handle, endHandle, characteristics };
}

async function describe(
  characteristic: RemoteCharacteristic,
  signal: AbortSignal,
): Promise<NamedCharacteristic> {
  const { uuid, handle, properties, descriptors } = characteristic;
  return {
    uuid,
    name: characteristicName(uuid) ?? (await ownDescription(characteristic, signal)),
    handle,
    properties: propertyList(properties),
    descriptors: descriptors.map(({ uuid, handle }) => ({ uuid, name: descriptorName(uuid), handle })),
  };
}

/** Characteristic User Description. Vol 3, Part G, 3.3.3.2. */
async function ownDescription(
  { descriptors }: RemoteCharacteristic,
  signal: AbortSignal,
): Promise<string | undefined> {
  const description = descriptors.find(({ uuid }) => uuid.short === userDescription);
  return description && new TextDecoder().decode(await description.read({ signal }));
}
