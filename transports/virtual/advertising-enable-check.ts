import type { AdvertisingSetDuration } from "../../src/hci/commands/le-extended-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import type { Advertiser } from "./advertiser.ts";
import { Property } from "./advertising-parameters.ts";
import { mostData } from "./advertising-set-check.ts";
import type { Chip } from "./chip.ts";
import type { Refusal } from "./command-handler.ts";

/** As long as high duty cycle directed advertising may go on, in 10 ms. Vol 4, Part E, 7.8.56. */
const mostHighDutyCycle = 128;

/** What is wrong with enabling or disabling sets: if anything is, none of them changes. Vol 4, Part E, 7.8.56. */
export function refuseSets(
  { advertisingSets, settings }: Chip,
  enable: boolean,
  sets: readonly AdvertisingSetDuration[],
): Refusal | undefined {
  const handles = new Set(sets.map(({ advertisingHandle }) => advertisingHandle));
  if (handles.size !== sets.length || (enable && sets.length === 0))
    return Status.InvalidHciCommandParameters;
  for (const handle of handles) {
    if (handle > 0xef) return Status.InvalidHciCommandParameters;
    if (!advertisingSets.get(handle)) return Status.UnknownAdvertisingIdentifier;
  }
  if (sets.length > settings.advertisingSets) return Status.InvalidHciCommandParameters;
  if (!enable) return undefined;
  for (const { advertisingHandle, duration } of sets) {
    const set = advertisingSets.get(advertisingHandle);
    const refusal = set && refuseEnable(set, duration);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refuseEnable(set: Advertiser, duration: number): Refusal | undefined {
  const { chip, data } = set;
  if (set.has(Property.HighDutyCycle) && (duration === 0 || duration > mostHighDutyCycle)) {
    return Status.InvalidHciCommandParameters;
  }
  if (lacksData(set)) return Status.CommandDisallowed;
  if (data.value.length > mostData(set) || !set.addressable) return Status.InvalidHciCommandParameters;
  return set.has(Property.Connectable) && chip.links.full ? Status.ConnectionLimitExceeded : undefined;
}

/** Whether a fragment is missing, or all that a scanner would ask for. */
function lacksData(set: Advertiser): boolean {
  const { data, scanResponse, legacy } = set;
  if (data.partial || scanResponse.partial) return true;
  return !legacy && set.has(Property.Scannable) && scanResponse.value.length === 0;
}
