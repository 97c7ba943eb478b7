import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodedUnlessMalformed } from "../../testing/codec-invariants.ts";
import {
  answersEveryCommandOnce,
  answersEveryRequestOnce,
  answersEverySignalOnce,
  attConversations,
  channelConversations,
  codecs,
  FixedCid,
  enhancedChannelConversations,
  hciConversations,
  InvariantError,
  legacyPairingConversations,
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
    expect(known && decodedUnlessMalformed(known, pdu)).toBeDefined();
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

describe.each([
  ["with LE Secure Connections", pairingConversations],
  ["of LE legacy pairing", legacyPairingConversations],
])("pairing conversations %s", (_name, conversations) => {
  it("consist of SMP commands and show no key before the link is encrypted", () => {
    fc.assert(
      fc.property(conversations, ({ pdus, keys }) => {
        expect(namesOf(pdus)).toHaveLength(pdus.length);
        noKeyInClear(pdus, keys);
      }),
      runs,
    );
  });

  it("would show their keys if they were not encrypted", () => {
    const withKeys = conversations.filter(({ pdus }) => pdus.some(({ encrypted }) => encrypted));
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

describe("conversations about enhanced channels", () => {
  it("are answered request by request, every PDU decodes, and every command of theirs is seen (Vol 3, Part A, 4.25 to 4.28)", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(enhancedChannelConversations, (pdus) => {
        for (const name of namesOf(pdus)) seen.add(name);
        answersEverySignalOnce(pdus);
      }),
      runs,
    );
    expect([...seen].sort()).toEqual(
      [
        "L2CAP_CREDIT_BASED_CONNECTION_REQ",
        "L2CAP_CREDIT_BASED_CONNECTION_RSP",
        "L2CAP_CREDIT_BASED_RECONFIGURE_REQ",
        "L2CAP_CREDIT_BASED_RECONFIGURE_RSP",
        "L2CAP_DISCONNECTION_REQ",
        "L2CAP_DISCONNECTION_RSP",
        "L2CAP_FLOW_CONTROL_CREDIT_IND",
      ].sort(),
    );
  });

  it("send no K-frame without a credit, and none on a channel that was refused (Vol 3, Part A, 10.1)", () => {
    fc.assert(
      fc.property(enhancedChannelConversations, (pdus) => {
        const u16 = (pdu: Uint8Array, at: number): number => pdu[at]! + 256 * pdu[at + 1]!;
        const cids = (pdu: Uint8Array): number[] =>
          Array.from({ length: (pdu.length - 12) / 2 }, (_, i) => u16(pdu, 12 + 2 * i));
        const credits = new Map<string, number>();
        const [{ pdu: request, from: opener }, { pdu: response }] = [pdus[0]!, pdus[1]!];
        const accepter = opener === "central" ? "peripheral" : "central";
        for (const [at, cid] of cids(response).entries()) {
          if (cid === 0) continue;
          credits.set(`${accepter} ${cid}`, u16(response, 8));
          credits.set(`${opener} ${cids(request.subarray(0)).at(at)!}`, u16(request, 10));
        }
        for (const { from, cid, pdu } of pdus.slice(2)) {
          if (cid !== FixedCid.Signaling) {
            const key = `${from === "central" ? "peripheral" : "central"} ${cid}`;
            expect(credits.get(key)).toBeGreaterThan(0);
            credits.set(key, credits.get(key)! - 1);
          } else if (pdu[0] === 0x16) {
            const key = `${from} ${u16(pdu, 4)}`;
            credits.set(key, credits.get(key)! + u16(pdu, 6));
          }
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
            (codec) => decodedUnlessMalformed(codec, packet) !== undefined,
          );
          expect(taken).toHaveLength(1);
        }
      }),
      { numRuns: Math.ceil(runs.numRuns / 10) },
    );
  });
});
