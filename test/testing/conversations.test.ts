import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodesOrThrowsMalformed } from "../../testing/codec-invariants.ts";
import {
  answersEveryCommandOnce,
  answersEveryRequestOnce,
  answersEverySignalOnce,
  attConversations,
  channelConversations,
  codecs,
  FixedCid,
  hciConversations,
  InvariantError,
  type LinkPdu,
  noKeyInClear,
  pairingConversations,
  type Protocol,
} from "../../testing/index.ts";
import { runs } from "../support/runs.ts";

const protocolOf: Readonly<Record<number, Protocol>> = {
  [FixedCid.Att]: "ATT",
  [FixedCid.Smp]: "SMP",
  [FixedCid.Signaling]: "L2CAP signaling",
};

/** Names of what is said on the fixed channels; every PDU has to be one that decodes. */
function namesOf(pdus: readonly LinkPdu[]): string[] {
  return pdus.flatMap(({ cid, pdu }) => {
    const protocol = protocolOf[cid];
    if (!protocol) return [];
    const known = codecs(protocol).find(({ code }) => code === pdu[0]);
    expect(known && decodesOrThrowsMalformed(known, pdu)).toBeDefined();
    return known?.name ?? [];
  });
}

describe("ATT conversations", () => {
  it("are answered request by request, and every PDU decodes", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(attConversations, (pdus) => {
        for (const name of namesOf(pdus)) seen.add(name);
        answersEveryRequestOnce(pdus);
      }),
      runs,
    );
    expect([...seen]).toEqual(
      expect.arrayContaining([
        "ATT_EXCHANGE_MTU_RSP",
        "ATT_READ_BY_GROUP_TYPE_RSP",
        "ATT_READ_BY_TYPE_RSP",
        "ATT_READ_BLOB_RSP",
        "ATT_EXECUTE_WRITE_RSP",
        "ATT_WRITE_CMD",
        "ATT_HANDLE_VALUE_NTF",
        "ATT_HANDLE_VALUE_CFM",
      ]),
    );
  });

  it("keep to the ATT_MTU that holds (Vol 3, Part F, 3.2.8)", () => {
    fc.assert(
      fc.property(attConversations, (pdus) => {
        const asked = pdus.find(({ pdu }) => pdu[0] === 0x02)?.pdu ?? [0, 23, 0];
        const said = pdus.find(({ pdu }) => pdu[0] === 0x03)?.pdu ?? [0, 23, 0];
        const mtu = Math.min(asked[1]! + 256 * asked[2]!, said[1]! + 256 * said[2]!);
        for (const { pdu } of pdus) expect(pdu.length).toBeLessThanOrEqual(mtu);
      }),
      runs,
    );
  });
});

describe("pairing conversations", () => {
  it("consist of SMP commands and show no key before the link is encrypted", () => {
    fc.assert(
      fc.property(pairingConversations, ({ pdus, keys }) => {
        expect(namesOf(pdus)).toHaveLength(pdus.length);
        noKeyInClear(pdus, keys);
      }),
      runs,
    );
  });

  it("would show their keys if they were not encrypted", () => {
    const withKeys = pairingConversations.filter(({ keys }) => keys.length > 2);
    fc.assert(
      fc.property(withKeys, ({ pdus, keys }) => {
        const clear = pdus.map((pdu) => ({ ...pdu, encrypted: false }));
        expect(() => noKeyInClear(clear, keys)).toThrow(InvariantError);
      }),
      runs,
    );
  });
});

describe("conversations about a channel", () => {
  it("are answered request by request, and no K-frame goes without a credit (Vol 3, Part A, 10.1)", () => {
    fc.assert(
      fc.property(channelConversations, (pdus) => {
        namesOf(pdus);
        answersEverySignalOnce(pdus);
        const credits = new Map<string, number>();
        for (const { from, cid, pdu } of pdus) {
          const to = from === "central" ? "peripheral" : "central";
          const give = (side: string, count: number): unknown =>
            credits.set(side, (credits.get(side) ?? 0) + count);
          if (cid !== FixedCid.Signaling) give(to, -1);
          else if (pdu[0] === 0x14) give(from, pdu[12]! + 256 * pdu[13]!);
          else if (pdu[0] === 0x15) give(from, pdu[10]! + 256 * pdu[11]!);
          else if (pdu[0] === 0x16) give(from, pdu[6]! + 256 * pdu[7]!);
          for (const left of credits.values()) expect(left).toBeGreaterThanOrEqual(0);
        }
      }),
      runs,
    );
  });
});

describe("HCI conversations", () => {
  it("answer every command once, and every command and event decodes", () => {
    fc.assert(
      fc.property(hciConversations, (packets) => {
        answersEveryCommandOnce(packets);
        for (const { packet } of packets.filter(({ packet }) => packet[0] !== 0x02)) {
          const taken = codecs("HCI command", "HCI event").filter(
            (codec) => decodesOrThrowsMalformed(codec, packet) !== undefined,
          );
          expect(taken).toHaveLength(1);
        }
      }),
      { numRuns: Math.ceil(runs.numRuns / 10) },
    );
  });
});
