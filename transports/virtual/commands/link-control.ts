import { Disconnect, ReadRemoteVersionInformation } from "../../../src/hci/commands/link-control.ts";
import { ReadRemoteVersionInformationComplete } from "../../../src/hci/events/link.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, defersForLink } from "../command-handler.ts";
import { version } from "../identity.ts";

/** The reasons a host may give. Vol 4, Part E, 7.1.6. */
const reasons: ReadonlySet<number> = new Set([
  Status.AuthenticationFailure,
  Status.RemoteUserTerminatedConnection,
  Status.RemoteDeviceTerminatedConnectionDueToLowResources,
  Status.RemoteDeviceTerminatedConnectionDueToPowerOff,
  Status.UnsupportedRemoteFeature,
  Status.PairingWithUnitKeyNotSupported,
  Status.UnacceptableConnectionParameters,
]);

/** The link control commands. Vol 4, Part E, 7.1. */
export const linkControl: readonly CommandHandler[] = [
  defersForLink(
    Disconnect,
    (_, { reason }) => (reasons.has(reason) ? Status.Success : Status.InvalidHciCommandParameters),
    {
      then(end, { reason }) {
        end.terminate(reason);
      },
    },
  ),
  defersForLink(ReadRemoteVersionInformation, () => Status.Success, {
    then({ chip, handle, link }) {
      if (link.silent) return;
      chip.hci.event(ReadRemoteVersionInformationComplete, {
        status: Status.Success,
        connectionHandle: handle,
        version: version.number,
        companyIdentifier: version.companyIdentifier,
        subversion: version.subversion,
      });
    },
  }),
];
