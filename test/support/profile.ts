import { type VirtualProfile } from "../../transports/virtual/index.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";

const name = process.env["JELLING_PROFILE"] ?? "5.4";

/**
 * The kind of controller that tests of the stack run on: `JELLING_PROFILE=4.0 npm test`. Tests that need another one
 * say so themselves.
 */
export const profile: VirtualProfile = named(name);

function named(name: string): VirtualProfile {
  const profile = virtualProfiles.find((each) => each === name);
  if (!profile) throw new RangeError(`JELLING_PROFILE is one of ${virtualProfiles.join(", ")}: ${name}`);
  return profile;
}
