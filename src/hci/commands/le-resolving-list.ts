import { bytes, flag, u16, u48, u8 } from "../../common/struct.ts";
import { type Command, command, type Nothing, opcodeOf, Ogf } from "../command.ts";

/** Which entry of the resolving list is meant. */
export interface ResolvingListPeer {
  /** 0 public, 1 random (static) identity address. */
  readonly peerIdentityAddressType: number;
  readonly peerIdentityAddress: number;
}

/** Parameters of {@link LeAddDeviceToResolvingList}. */
export interface LeAddDeviceToResolvingListParameters extends ResolvingListPeer {
  /** 16 octets, least significant first; all zero when the peer has none. */
  readonly peerIrk: Uint8Array;
  /** 16 octets, least significant first; all zero when this device has none. */
  readonly localIrk: Uint8Array;
}

/** Adds a device whose resolvable private addresses the controller resolves. Vol 4, Part E, 7.8.38. */
export const LeAddDeviceToResolvingList: Command<LeAddDeviceToResolvingListParameters, Nothing> = command(
  "HCI_LE_Add_Device_To_Resolving_List",
  opcodeOf(Ogf.Le, 0x0027),
  { peerIdentityAddressType: u8, peerIdentityAddress: u48, peerIrk: bytes(16), localIrk: bytes(16) },
  {},
);

/** Removes a device from the resolving list. Vol 4, Part E, 7.8.39. */
export const LeRemoveDeviceFromResolvingList: Command<ResolvingListPeer, Nothing> = command(
  "HCI_LE_Remove_Device_From_Resolving_List",
  opcodeOf(Ogf.Le, 0x0028),
  { peerIdentityAddressType: u8, peerIdentityAddress: u48 },
  {},
);

/** Empties the resolving list. Vol 4, Part E, 7.8.40. */
export const LeClearResolvingList: Command<Nothing, Nothing> = command(
  "HCI_LE_Clear_Resolving_List",
  opcodeOf(Ogf.Le, 0x0029),
  {},
  {},
);

/** Reads how many entries the resolving list can hold. Vol 4, Part E, 7.8.41. */
export const LeReadResolvingListSize: Command<Nothing, { readonly resolvingListSize: number }> = command(
  "HCI_LE_Read_Resolving_List_Size",
  opcodeOf(Ogf.Le, 0x002a),
  {},
  { resolvingListSize: u8 },
);

/** Reads the resolvable private address that a peer uses now. Vol 4, Part E, 7.8.42. */
export const LeReadPeerResolvableAddress: Command<
  ResolvingListPeer,
  { readonly peerResolvableAddress: number }
> = command(
  "HCI_LE_Read_Peer_Resolvable_Address",
  opcodeOf(Ogf.Le, 0x002b),
  { peerIdentityAddressType: u8, peerIdentityAddress: u48 },
  { peerResolvableAddress: u48 },
);

/** Reads the resolvable private address used towards a peer now. Vol 4, Part E, 7.8.43. */
export const LeReadLocalResolvableAddress: Command<
  ResolvingListPeer,
  { readonly localResolvableAddress: number }
> = command(
  "HCI_LE_Read_Local_Resolvable_Address",
  opcodeOf(Ogf.Le, 0x002c),
  { peerIdentityAddressType: u8, peerIdentityAddress: u48 },
  { localResolvableAddress: u48 },
);

/** Starts or stops the resolving of addresses in the controller. Vol 4, Part E, 7.8.44. */
export const LeSetAddressResolutionEnable: Command<{ readonly addressResolutionEnable: boolean }, Nothing> =
  command(
    "HCI_LE_Set_Address_Resolution_Enable",
    opcodeOf(Ogf.Le, 0x002d),
    { addressResolutionEnable: flag },
    {},
  );

/** Sets how long a resolvable private address is used, in s, 1 to 3600. Vol 4, Part E, 7.8.45. */
export const LeSetResolvablePrivateAddressTimeout: Command<{ readonly rpaTimeout: number }, Nothing> =
  command("HCI_LE_Set_Resolvable_Private_Address_Timeout", opcodeOf(Ogf.Le, 0x002e), { rpaTimeout: u16 }, {});

/** Parameters of {@link LeSetPrivacyMode}. */
export interface LeSetPrivacyModeParameters extends ResolvingListPeer {
  /** 0 network privacy: only resolvable addresses of the peer; 1 device privacy: its identity address too. */
  readonly privacyMode: number;
}

/** Chooses how strictly the addresses of a peer are taken. Vol 4, Part E, 7.8.77. */
export const LeSetPrivacyMode: Command<LeSetPrivacyModeParameters, Nothing> = command(
  "HCI_LE_Set_Privacy_Mode",
  opcodeOf(Ogf.Le, 0x004e),
  { peerIdentityAddressType: u8, peerIdentityAddress: u48, privacyMode: u8 },
  {},
);
