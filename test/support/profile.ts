import { type VirtualProfile } from "../../transports/virtual/index.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";

const name = process.env["JELLING_PROFILE"] ?? "5.4";

/**
 * The kind of controller that tests of the stack run on: `JELLING_PROFILE=4.0 npm test`. Tests that need another one
 * say so themselves.
 */
export const profile: VirtualProfile = named(name);

/** For a peripheral with several links: by its supported states a controller of 4.0 does not advertise beside one. */
export const manyLinks: { readonly profile: VirtualProfile } = {
  profile: profile === "4.0" ? "4.2" : profile,
};

function named(name: string): VirtualProfile {
  const profile = virtualProfiles.find((each) => each === name);
  if (!profile) throw new RangeError(`JELLING_PROFILE is one of ${virtualProfiles.join(", ")}: ${name}`);
  return profile;
}
