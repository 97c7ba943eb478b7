import {
  LeChannelSelectionAlgorithm,
  LeConnectionComplete,
  LeEnhancedConnectionComplete,
} from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import type { Radio } from "./radio.ts";
import type { DeviceAddress } from "./device-address.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import { type LinkParameters, Role } from "./role.ts";
import type { OwnAddress, Peer } from "./peer.ts";

/** One of the two that a connection is made between, at that moment. */
export interface Party {
  readonly chip: Radio;
  /** The address that it uses. */
  readonly own: OwnAddress;
  /** The other one, as it knows it. */
  readonly peer: Peer;
}

/** What is told of a connection. */
interface Outcome {
  readonly status: Status;
  readonly role: Role;
  readonly connectionHandle: number;
  readonly parameters: LinkParameters;
  /** Of the central, as CONNECT_IND has it. */
  readonly clockAccuracy?: number;
}

/** The enhanced event if the host wants it, else the plain one; never both. Vol 4, Part E, 7.7.65.10. */
export function announce(
  { chip, own, peer }: Party,
  { status, role, connectionHandle, parameters, clockAccuracy = 0 }: Outcome,
): void {
  const connection = {
    status,
    connectionHandle,
    role,
    connectionInterval: parameters.connectionInterval,
    peripheralLatency: parameters.peripheralLatency,
    supervisionTimeout: parameters.supervisionTimeout,
    // Of the peripheral alone: the central knows its own clock.
    centralClockAccuracy: role === Role.Peripheral ? clockAccuracy : 0,
  };
  if (chip.hci.wants(LeEnhancedConnectionComplete)) {
    const isResolved = peer.onAir !== peer.address;
    chip.hci.event(LeEnhancedConnectionComplete, {
      ...connection,
      peerAddressType: peer.reportedType,
      peerAddress: peer.address.value,
      localResolvablePrivateAddress: own.isPrivate ? own.value : 0,
      peerResolvablePrivateAddress: isResolved ? peer.onAir.value : 0,
    });
  } else {
    // The plain event knows no identity addresses.
    const { type: peerAddressType, value: peerAddress } = peer.onAir;
    chip.hci.event(LeConnectionComplete, { ...connection, peerAddressType, peerAddress });
  }
}

/** Which algorithm chooses the channels of a new connection: told right behind the connection. Vol 4, Part E, 7.7.65.20. */
export function announceChannelSelection(chip: Radio, peer: Radio, connectionHandle: number): void {
  if (!choosesSecond(chip)) return;
  chip.hci.event(LeChannelSelectionAlgorithm, {
    connectionHandle,
    channelSelectionAlgorithm: choosesSecond(peer) ? 1 : 0,
  });
}

/** Tells the host that no connection came about. */
export function announceFailure(chip: Radio, role: Role, status: Status, peer: DeviceAddress): void {
  announce(
    {
      chip,
      own: { type: 0, value: 0, isPrivate: false },
      peer: { address: peer, reportedType: peer.type, onAir: peer },
    },
    {
      status,
      role,
      connectionHandle: 0,
      parameters: { connectionInterval: 0, peripheralLatency: 0, supervisionTimeout: 0 },
    },
  );
}

/** Whether it has Channel Selection Algorithm #2. Vol 6, Part B, 4.5.8.3. */
function choosesSecond({ features }: Radio): boolean {
  return hasFeature(features, LeFeature.ChannelSelectionAlgorithm2);
}
