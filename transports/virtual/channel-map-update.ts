import { Status } from "../../src/hci/status.ts";
import { equal } from "../../src/common/bytes.ts";
import type { Chip } from "./chip.ts";
import type { LinkEnd } from "./link-end.ts";
import { Role } from "./role.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";

/** The host has classified the channels: its links as central follow. Vol 6, Part B, 5.1.2. */
export function updateChannelMaps({ links, channelMap }: Chip): void {
  for (const end of links.all()) {
    if (end.role === Role.Central && !equal(end.link.channelMap, channelMap)) update(end);
  }
}

function update(central: LinkEnd): void {
  const { chip, link, peer } = central;
  central.procedures.run((done) => {
    const { channelMap } = chip; // that of this moment: it may have waited
    const pdu = llControl(LlOpcode.ChannelMapInd, channelMap, u16s(0));
    central.control(
      pdu,
      (instant) => {
        const over = peer.procedures.respond();
        const isInTime = link.carrier.at(instant, () => {
          link.channelMap = channelMap;
          over();
          done();
        });
        if (!isInTime) peer.lose(Status.InstantPassed);
      },
      { instantAt: 6 },
    );
  }, "channelMap");
}
