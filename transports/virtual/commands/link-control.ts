import { Disconnect, ReadRemoteVersionInformation } from "../../../src/hci/commands/link-control.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, defers, defersForLink } from "../command-handler.ts";
import { readRemoteVersion } from "../version-exchange.ts";

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
  defers(
    Disconnect,
    ({ links }, { connectionHandle, reason }) => {
      if (!links.get(connectionHandle)) return Status.UnknownConnectionIdentifier;
      return reasons.has(reason) ? Status.Success : Status.InvalidHciCommandParameters;
    },
    {
      then({ links }, { connectionHandle, reason }) {
        links.get(connectionHandle)?.terminate(reason);
      },
    },
  ),
  defersForLink(ReadRemoteVersionInformation, () => Status.Success, { then: readRemoteVersion }),
];
