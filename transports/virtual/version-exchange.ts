import { ReadRemoteVersionInformationComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import type { LinkEnd } from "./link-end.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";

/** Version Exchange procedure, once in the life of a link. Vol 6, Part B, 5.1.5. */
export function readRemoteVersion(end: LinkEnd): void {
  end.procedures.run((done) => {
    const finish = (): void => {
      end.knowsVersion = end.peer.knowsVersion = true;
      tell(end);
      done();
    };
    if (end.knowsVersion) finish();
    else end.control(versionInd(end), () => end.peer.control(versionInd(end.peer), finish));
  });
}

/** LL_VERSION_IND. Vol 6, Part B, 2.4.2.13. */
function versionInd({ chip }: LinkEnd): Uint8Array {
  const { profile, version } = chip.settings;
  return llControl(LlOpcode.VersionInd, version, u16s(profile.companyIdentifier, profile.subversion));
}

function tell({ chip, handle, peer }: LinkEnd): void {
  chip.hci.event(ReadRemoteVersionInformationComplete, {
    status: Status.Success,
    connectionHandle: handle,
    version: peer.chip.settings.version,
    companyIdentifier: peer.chip.settings.profile.companyIdentifier,
    subversion: peer.chip.settings.profile.subversion,
  });
}
