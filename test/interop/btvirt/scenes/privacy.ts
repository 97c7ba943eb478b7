import { fromHex } from "../../../../src/common/bytes.ts";
import {
  LeAddDeviceToResolvingList,
  LeClearResolvingList,
  LeReadLocalResolvableAddress,
  LeReadPeerResolvableAddress,
  LeReadResolvingListSize,
  LeRemoveDeviceFromResolvingList,
  LeSetAddressResolutionEnable,
  LeSetPrivacyMode,
  LeSetResolvablePrivateAddressTimeout,
} from "../../../../src/hci/commands/le-resolving-list.ts";
import { ask, raw, type Script } from "../script.ts";
import { scan } from "./advertising.ts";

const peer = { peerIdentityAddressType: 0, peerIdentityAddress: 0x0000_0123_4567 };
const entry = {
  ...peer,
  peerIrk: fromHex("9b7d390a a6101034 05adc857 a33402ec"),
  localIrk: fromHex("00112233 44556677 8899aabb ccddeeff"),
};

/** The resolving list. */
export const privacyScripts: readonly Script[] = [
  {
    name: "resolving list",
    steps: [
      ask("a", LeReadResolvingListSize, {}),
      ask("a", LeRemoveDeviceFromResolvingList, peer, "before it is there"),
      ask("a", LeAddDeviceToResolvingList, { ...entry, peerIdentityAddressType: 2 }, "address type 2"),
      ask("a", LeAddDeviceToResolvingList, entry),
      ask("a", LeAddDeviceToResolvingList, entry, "once more"),
      ask("a", LeReadPeerResolvableAddress, peer),
      ask("a", LeReadPeerResolvableAddress, { ...peer, peerIdentityAddress: 1 }, "of nobody"),
      ask("a", LeReadLocalResolvableAddress, { ...peer, peerIdentityAddress: 1 }, "of nobody"),
      ask("a", LeSetPrivacyMode, { ...peer, privacyMode: 1 }),
      ask("a", LeSetPrivacyMode, { ...peer, privacyMode: 2 }, "a mode that is not there"),
      ask("a", LeSetPrivacyMode, { ...peer, peerIdentityAddress: 1, privacyMode: 1 }, "of nobody"),
      ask("a", LeSetResolvablePrivateAddressTimeout, { rpaTimeout: 60 }),
      ask("a", LeSetResolvablePrivateAddressTimeout, { rpaTimeout: 0 }, "0 s"),
      ask("a", LeSetResolvablePrivateAddressTimeout, { rpaTimeout: 0xa1b9 }, "more than 11.5 h"),
      raw("a", 0x202d, [2], "LE Set Address Resolution Enable, neither on nor off"),
      ask("a", LeSetAddressResolutionEnable, { addressResolutionEnable: true }),
      scan("a", true, "to use addresses"),
      ask("a", LeSetAddressResolutionEnable, { addressResolutionEnable: false }, "while scanning"),
      ask("a", LeAddDeviceToResolvingList, { ...entry, peerIdentityAddress: 1 }, "while scanning"),
      ask("a", LeClearResolvingList, {}, "while scanning"),
      scan("a", false, "to change the list"),
      ask("a", LeRemoveDeviceFromResolvingList, peer),
      ask("a", LeClearResolvingList, {}),
    ],
  },
];
