import { fromHex } from "../../../../src/common/bytes.ts";
import {
  ReadLeHostSupport,
  Reset,
  SetControllerToHostFlowControl,
  SetEventMaskPage2,
} from "../../../../src/hci/commands/controller-baseband.ts";
import {
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "../../../../src/hci/commands/informational.ts";
import {
  LeReadMaximumDataLength,
  LeReadSuggestedDefaultDataLength,
  LeSetDefaultPhy,
  LeWriteSuggestedDefaultDataLength,
} from "../../../../src/hci/commands/le-connection.ts";
import {
  LeEncrypt,
  LeRand,
  LeReadBufferSize,
  LeReadBufferSizeV2,
  LeReadLocalP256PublicKey,
  LeReadLocalSupportedFeatures,
  LeReadSupportedStates,
  LeReadTransmitPower,
  LeSetRandomAddress,
} from "../../../../src/hci/commands/le-controller.ts";
import {
  LeAddDeviceToFilterAcceptList,
  LeClearFilterAcceptList,
  LeReadFilterAcceptListSize,
  LeRemoveDeviceFromFilterAcceptList,
} from "../../../../src/hci/commands/le-filter-accept-list.ts";
import { ask, raw, type Script } from "../script.ts";

const device = { addressType: 0, address: 0x0000_0123_4567 };

/** What a host asks a controller when it starts, and what needs no second controller. */
export const controllerScripts: readonly Script[] = [
  {
    name: "information",
    steps: [
      ask("a", Reset, {}),
      ask("a", ReadLocalVersionInformation, {}),
      ask("a", ReadLocalSupportedCommands, {}),
      ask("a", ReadLocalSupportedFeatures, {}),
      ask("a", ReadBufferSize, {}),
      ask("a", LeReadLocalSupportedFeatures, {}),
      ask("a", LeReadSupportedStates, {}),
      ask("a", LeReadBufferSize, {}),
      ask("a", LeReadBufferSizeV2, {}),
      ask("a", LeReadFilterAcceptListSize, {}),
      ask("a", LeReadMaximumDataLength, {}),
      ask("a", LeReadSuggestedDefaultDataLength, {}),
      ask("a", LeReadTransmitPower, {}),
      ask("a", ReadLeHostSupport, {}),
      ask("a", SetEventMaskPage2, { eventMaskPage2: 0n }),
      ask("a", LeRand, {}),
      ask(
        "a",
        LeEncrypt,
        // Vol 6, Part C, 1: the session key from the sample LTK and SKD, last octet first.
        {
          key: fromHex("bf01fb9d4ef3bc36d874f5394138684c"),
          plaintextData: fromHex("1302f1e0dfcebdac7968574635241302"),
        },
        "with sample data",
      ),
      ask("a", LeReadLocalP256PublicKey, {}),
      ask("a", LeSetDefaultPhy, { allPhys: 0, txPhys: 3, rxPhys: 3 }),
      ask("a", LeSetDefaultPhy, { allPhys: 0, txPhys: 0, rxPhys: 1 }, "no PHY at all"),
      ask("a", LeWriteSuggestedDefaultDataLength, { suggestedMaxTxOctets: 251, suggestedMaxTxTime: 2120 }),
      ask(
        "a",
        LeWriteSuggestedDefaultDataLength,
        { suggestedMaxTxOctets: 26, suggestedMaxTxTime: 328 },
        "26 octets",
      ),
      ask("a", SetControllerToHostFlowControl, { flowControlEnable: 4 }, "a value that is not there"),
    ],
  },
  {
    name: "commands that are wrong",
    apart: true,
    steps: [
      raw("a", 0xfeff, [], "a vendor's command"),
      raw("a", 0x23ff, [], "an LE command that is not there"),
      raw("a", 0x0401, [0x33, 0x8b, 0x9e, 5, 0], "Inquiry, of BR/EDR"),
      raw("a", 0x0c03, [0], "Reset with a parameter"),
      raw("a", 0x200c, [1], "LE Set Scan Enable with one octet"),
      raw("a", 0x200c, [1, 0, 0], "LE Set Scan Enable with three octets"),
      raw("a", 0x2005, [1, 2, 3], "LE Set Random Address with three octets"),
      raw("a", 0x0406, [1], "Disconnect with one octet"),
    ],
  },
  {
    name: "random address",
    steps: [
      ask("a", LeSetRandomAddress, { randomAddress: 0xc000_0000_0001 }, "static"),
      ask("a", LeSetRandomAddress, { randomAddress: 0x4000_0000_0001 }, "resolvable"),
      ask("a", LeSetRandomAddress, { randomAddress: 0x0000_0000_0001 }, "non-resolvable"),
      raw("a", 0x200c, [1, 0], "LE Set Scan Enable"),
      ask("a", LeSetRandomAddress, { randomAddress: 0xc000_0000_0002 }, "while scanning"),
    ],
  },
  {
    name: "Filter Accept List",
    steps: [
      ask("a", LeAddDeviceToFilterAcceptList, device),
      ask("a", LeAddDeviceToFilterAcceptList, device, "once more"),
      ask("a", LeRemoveDeviceFromFilterAcceptList, device),
      ask("a", LeRemoveDeviceFromFilterAcceptList, device, "once more"),
      ask("a", LeAddDeviceToFilterAcceptList, { addressType: 2, address: 0 }, "address type 2"),
      ask("a", LeAddDeviceToFilterAcceptList, { addressType: 0xff, address: 0 }, "anonymous"),
      ask("a", LeClearFilterAcceptList, {}),
    ],
  },
];
