import fc from "fast-check";
import { ChannelTalk, type EndSettings } from "./channel-talk.ts";
import type { LinkPdu, Side } from "./conversation.ts";
import { octetsUpTo } from "./values.ts";

/** What an end can take, but for where it is. @param least - Of MTU and MPS. */
function settings(least: number): fc.Arbitrary<Omit<EndSettings, "cid">> {
  return fc.record({
    mtu: fc.integer({ min: least, max: 600 }),
    mps: fc.integer({ min: least, max: 251 }),
    initialCredits: fc.integer({ min: 0, max: 8 }),
  });
}

const side = fc.constantFrom<Side>("central", "peripheral");
const cid = fc.integer({ min: 0x40, max: 0x7f });
const spsm = fc.integer({ min: 0x80, max: 0xff });
const identifier = fc.integer({ min: 1, max: 0xff });
const sdus = fc.array(fc.record({ at: fc.nat(4), fromOpener: fc.boolean(), sdu: octetsUpTo(600) }), {
  maxLength: 5,
});

/**
 * Whole lives of an LE credit-based channel: it is opened, carries SDUs both ways, no K-frame without a credit for it,
 * and is closed. Vol 3, Part A, 4.22 to 4.24, 4.6 and 10.
 */
export const channelConversations: fc.Arbitrary<readonly LinkPdu[]> = fc
  .record({
    opener: side,
    spsm,
    ends: fc.tuple(settings(23), settings(23)),
    cids: fc.tuple(cid, cid),
    identifier,
    sdus,
    openerCloses: fc.boolean(),
  })
  .map(({ opener, spsm, ends: [own, peer], cids: [ownCid, peerCid], identifier, sdus, openerCloses }) => {
    const talk = new ChannelTalk(opener, identifier);
    talk.open(spsm, [
      { cid: ownCid, ...own },
      { cid: peerCid, ...peer },
    ]);
    for (const { fromOpener, sdu } of sdus) talk.transfer(0, fromOpener ? 0 : 1, sdu);
    talk.close(openerCloses ? 0 : 1);
    return talk.pdus;
  });

const severalCids = fc.uniqueArray(cid, { minLength: 5, maxLength: 5 });

/**
 * The same of enhanced credit-based channels: up to five are opened at once, the other side takes all of them or the
 * first, an end may take longer SDUs later on, and they are closed one by one. Vol 3, Part A, 4.25 to 4.28.
 */
export const enhancedChannelConversations: fc.Arbitrary<readonly LinkPdu[]> = fc
  .record({
    opener: side,
    spsm,
    ends: fc.tuple(settings(64), settings(64)),
    cids: fc.tuple(severalCids, severalCids),
    count: fc.integer({ min: 1, max: 5 }),
    refused: fc.nat(4),
    identifier,
    sdus,
    longer: fc.option(fc.record({ byOpener: fc.boolean(), more: fc.nat(600) }), { nil: undefined }),
    openerCloses: fc.boolean(),
  })
  .map(
    ({ opener, spsm, ends: [own, peer], cids, count, refused, identifier, sdus, longer, openerCloses }) => {
      const talk = new ChannelTalk(opener, identifier);
      const ends = Array.from({ length: count }, (_, at): readonly [EndSettings, EndSettings] => [
        { cid: cids[0][at] ?? 0, ...own },
        { cid: cids[1][at] ?? 0, ...peer },
      ]);
      talk.openEnhanced(spsm, ends, Math.max(1, count - refused));
      for (const { at, fromOpener, sdu } of sdus) talk.transfer(at % talk.count, fromOpener ? 0 : 1, sdu);
      if (longer) talk.reconfigure(longer.byOpener ? 0 : 1, (longer.byOpener ? own : peer).mtu + longer.more);
      while (talk.count > 0) talk.close(openerCloses ? 0 : 1);
      return talk.pdus;
    },
  );
