import { Status } from "../../src/hci/status.ts";
import { announce, announceChannelSelection, type Party } from "./connection-complete.ts";
import { captureConnect } from "./connect-capture.ts";
import { beginDataLength } from "./data-length-update.ts";
import { type HowToBegin, Link } from "./link.ts";
import { LinkEnd } from "./link-end.ts";
import { type LinkParameters, Role } from "./role.ts";
import { setTransferParameters } from "./sync-transfer.ts";

/** Connects the initiator `central` with the advertiser `peripheral`; both hosts are told. Vol 6, Part B, 4.5. */
export function establish(
  central: Party,
  peripheral: Party,
  parameters: LinkParameters,
  how: HowToBegin,
): LinkEnd {
  const link = new Link(central.chip.medium, parameters, how);
  // Each end is called what its peer knows it by.
  const end = new LinkEnd(
    link,
    { chip: central.chip, role: Role.Central, address: peripheral.peer.address },
    { chip: peripheral.chip, role: Role.Peripheral, address: central.peer.address },
  );
  link.begin(end);
  captureConnect(end, central.own, peripheral.own, how);
  tell(end, central, parameters);
  tell(end.peer, peripheral, parameters);
  beginDataLength(end);
  return end;
}

/** What both hosts learn of a new connection. Vol 4, Part E, 7.7.65.10 and 7.7.65.20. */
function tell(end: LinkEnd, party: Party, parameters: LinkParameters): void {
  const { chip, role, handle: connectionHandle } = end;
  const { clockAccuracy } = end.link.central.chip;
  announce(party, { status: Status.Success, role, connectionHandle, parameters, clockAccuracy });
  announceChannelSelection(chip, end.peer.chip, connectionHandle);
  setTransferParameters(end, chip.syncTransferDefaults);
}
