import {
  LeConnectionComplete,
  LeDataLengthChange,
  LeEnhancedConnectionComplete,
} from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import type { DeviceAddress } from "./device-address.ts";
import { type Link, LinkEnd, type LinkParameters, Role } from "./link.ts";

/** Connects the initiator `central` with the advertiser `peripheral`; both hosts are told. Vol 6, Part B, 4.5. */
export function establish(
  central: Chip,
  centralAddress: DeviceAddress,
  peripheral: Chip,
  peripheralAddress: DeviceAddress,
  parameters: LinkParameters,
): void {
  const link: Link = { parameters, silent: false };
  const end = new LinkEnd(
    link,
    { chip: central, role: Role.Central, address: centralAddress },
    { chip: peripheral, role: Role.Peripheral, address: peripheralAddress },
  );
  announce(end.chip, end.role, Status.Success, end.peer.address, end.handle, parameters);
  announce(end.peer.chip, end.peer.role, Status.Success, end.address, end.peer.handle, parameters);
  updateDataLength(end);
}

/** Tells the host that no connection came about. */
export function announceFailure(chip: Chip, role: Role, status: Status, peer: DeviceAddress): void {
  announce(chip, role, status, peer, 0, {
    connectionInterval: 0,
    peripheralLatency: 0,
    supervisionTimeout: 0,
  });
}

/** Runs the LL Data Length procedure; hosts hear of it if it changes anything. Vol 4, Part E, 7.7.65.7. */
export function updateDataLength(end: LinkEnd): void {
  if (end.link.silent) return;
  for (const { chip, handle, dataLength, peer } of [end, end.peer]) {
    if (!dataLength.negotiate(peer.dataLength)) continue;
    chip.hci.event(LeDataLengthChange, {
      connectionHandle: handle,
      maxTxOctets: dataLength.transmit.octets,
      maxTxTime: dataLength.transmit.time,
      maxRxOctets: dataLength.receive.octets,
      maxRxTime: dataLength.receive.time,
    });
  }
}

/** The enhanced event if the host wants it, else the plain one; never both. Vol 4, Part E, 7.7.65.10. */
function announce(
  chip: Chip,
  role: Role,
  status: Status,
  peer: DeviceAddress,
  connectionHandle: number,
  parameters: LinkParameters,
): void {
  const connection = {
    status,
    connectionHandle,
    role,
    peerAddressType: peer.type,
    peerAddress: peer.value,
    ...parameters,
    centralClockAccuracy: 0,
  };
  if (chip.hci.wants(LeEnhancedConnectionComplete)) {
    const unresolved = { localResolvablePrivateAddress: 0, peerResolvablePrivateAddress: 0 };
    chip.hci.event(LeEnhancedConnectionComplete, { ...connection, ...unresolved });
  } else {
    chip.hci.event(LeConnectionComplete, connection);
  }
}
