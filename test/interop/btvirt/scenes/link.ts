import { fromHex } from "../../../../src/common/bytes.ts";
import type { Command } from "../../../../src/hci/command.ts";
import { ReadTransmitPowerLevel } from "../../../../src/hci/commands/controller-baseband.ts";
import {
  LeConnectionUpdate,
  type LeConnectionUpdateParameters,
  LeReadChannelMap,
  LeReadPhy,
  LeReadRemoteFeatures,
  LeRemoteConnectionParameterRequestNegativeReply,
  LeRemoteConnectionParameterRequestReply,
  LeSetDataLength,
  LeSetHostChannelClassification,
  LeSetPhy,
} from "../../../../src/hci/commands/le-connection.ts";
import {
  LeEnableEncryption,
  LeLongTermKeyRequestNegativeReply,
  LeLongTermKeyRequestReply,
} from "../../../../src/hci/commands/le-encryption.ts";
import { ReadRemoteVersionInformation } from "../../../../src/hci/commands/link-control.ts";
import { ReadRssi } from "../../../../src/hci/commands/status-parameters.ts";
import type { Seat } from "../rig.ts";
import { ask, data, type Script, type Step } from "../script.ts";
import { connected, disconnect } from "./connecting.ts";

/** A command about the link. */
function onLink<P extends { readonly connectionHandle: number }>(
  seat: Seat,
  command: Command<P, unknown>,
  parameters: Omit<P, "connectionHandle">,
  what = "",
): Step {
  // Sound: what is left out of P is the handle alone.
  return ask(
    seat,
    command,
    ({ handles }) => ({ ...parameters, connectionHandle: handles[seat] }) as unknown as P,
    what,
  );
}

/** The same about a link that is not there. */
function elsewhere<P extends { readonly connectionHandle: number }>(
  command: Command<P, unknown>,
  parameters: Omit<P, "connectionHandle">,
): Step {
  return ask(
    "a",
    command,
    { ...parameters, connectionHandle: 0x0eff } as unknown as P,
    "for a handle that is not connected",
  );
}

const wish: Omit<LeConnectionUpdateParameters, "connectionHandle"> = {
  connectionIntervalMin: 40,
  connectionIntervalMax: 40,
  maxLatency: 2,
  supervisionTimeout: 100,
  minCeLength: 0,
  maxCeLength: 0,
};

const answer = {
  intervalMin: 40,
  intervalMax: 40,
  maxLatency: 2,
  timeout: 100,
  minCeLength: 0,
  maxCeLength: 0,
};

const ltk = { longTermKey: fromHex("4c68384139f574d836bcf34e9dfb01bf") };
const otherLtk = { longTermKey: fromHex("00000000000000000000000000000001") };
const encryption = { randomNumber: fromHex("abcdef1234567890"), encryptedDiversifier: 0x2474, ...ltk };

const phy = { allPhys: 0, txPhys: 2, rxPhys: 2, phyOptions: 0 };

/** What hosts do with a link. */
export const linkScripts: readonly Script[] = [
  {
    name: "asking about a link",
    steps: [
      ...connected,
      onLink("a", ReadRemoteVersionInformation, {}),
      onLink("b", ReadRemoteVersionInformation, {}),
      elsewhere(ReadRemoteVersionInformation, {}),
      onLink("a", LeReadRemoteFeatures, {}),
      onLink("b", LeReadRemoteFeatures, {}),
      elsewhere(LeReadRemoteFeatures, {}),
      onLink("a", ReadRssi, {}),
      elsewhere(ReadRssi, {}),
      onLink("a", LeReadChannelMap, {}),
      elsewhere(LeReadChannelMap, {}),
      ask("a", LeSetHostChannelClassification, { channelMap: fromHex("ffff00001f") }),
      ask("a", LeSetHostChannelClassification, { channelMap: fromHex("0100000000") }, "one channel"),
      onLink("a", ReadTransmitPowerLevel, { type: 0 }),
      elsewhere(ReadTransmitPowerLevel, { type: 0 }),
    ],
  },
  {
    name: "changing the parameters of a link",
    steps: [
      ...connected,
      onLink("a", LeConnectionUpdate, wish),
      elsewhere(LeConnectionUpdate, wish),
      onLink("a", LeRemoteConnectionParameterRequestReply, answer, "unasked"),
      onLink("a", LeRemoteConnectionParameterRequestNegativeReply, { reason: 0x3b }, "unasked"),
      onLink("a", LeConnectionUpdate, { ...wish, connectionIntervalMin: 5 }, "an interval below 7.5 ms"),
      onLink("a", LeConnectionUpdate, { ...wish, maxLatency: 499 }, "a supervision timeout too short"),
    ],
  },
  {
    name: "changing the parameters of a link from the peripheral",
    steps: [
      ...connected,
      onLink("b", LeConnectionUpdate, wish),
      onLink("a", LeRemoteConnectionParameterRequestReply, answer),
    ],
  },
  {
    name: "changing the packets of a link",
    steps: [
      ...connected,
      onLink("a", LeSetDataLength, { txOctets: 251, txTime: 2120 }),
      onLink("a", LeSetDataLength, { txOctets: 26, txTime: 328 }, "26 octets"),
      elsewhere(LeSetDataLength, { txOctets: 251, txTime: 2120 }),
      onLink("a", LeReadPhy, {}),
      elsewhere(LeReadPhy, {}),
      onLink("a", LeSetPhy, phy),
      onLink("a", LeSetPhy, { ...phy, txPhys: 0 }, "no PHY at all"),
      elsewhere(LeSetPhy, phy),
    ],
  },
  {
    name: "data",
    steps: [
      ...connected,
      data("a", fromHex("0300 0400 0a0300"), 0, "data, the first of an L2CAP PDU"),
      data("a", fromHex("0500 0400 0b48"), 0, "data, the first fragment"),
      data("a", fromHex("656c6c"), 1, "data, the second fragment"),
      data("b", fromHex("0300 0400 0a0300"), 0, "data, the other way"),
      data("b", new Uint8Array(192).fill(7), 0, "data, as long as a buffer"),
      data("b", fromHex("0300 0400 0a0300"), 2, "data with flags that hosts do not send"),
      disconnect("a", 0x13, "after data"),
      data("b", fromHex("0300 0400 0a0300"), 0, "data on a link that is gone"),
    ],
  },
  {
    name: "encryption",
    steps: [
      ...connected,
      elsewhere(LeEnableEncryption, encryption),
      elsewhere(LeLongTermKeyRequestReply, ltk),
      onLink("a", LeEnableEncryption, encryption),
      onLink("b", LeLongTermKeyRequestReply, ltk),
      data("a", fromHex("0300 0400 0a0300"), 0, "data, encrypted"),
      onLink("a", LeEnableEncryption, encryption, "to refresh the key"),
      onLink("b", LeLongTermKeyRequestReply, ltk, "to refresh the key"),
    ],
  },
  {
    name: "encryption by the peripheral",
    steps: [...connected, onLink("b", LeEnableEncryption, encryption)],
  },
  {
    name: "a key that nobody asked for",
    steps: [...connected, onLink("b", LeLongTermKeyRequestReply, ltk)],
  },
  {
    name: "encryption without a key",
    steps: [
      ...connected,
      onLink("a", LeEnableEncryption, encryption),
      onLink("b", LeLongTermKeyRequestNegativeReply, {}),
      onLink("b", LeLongTermKeyRequestNegativeReply, {}, "unasked"),
    ],
  },
  {
    name: "encryption with unequal keys",
    steps: [
      ...connected,
      onLink("a", LeEnableEncryption, encryption),
      onLink("b", LeLongTermKeyRequestReply, otherLtk),
    ],
  },
];
