import { LeReadChannelMap, LeSetHostChannelClassification } from "../../../src/hci/commands/le-connection.ts";
import { Status } from "../../../src/hci/status.ts";
import { updateChannelMaps } from "../channel-map-update.ts";
import { type CommandHandler, completes, completesForLink, nothing } from "../command-handler.ts";
import { isChannelMap } from "../data-channel.ts";

/** The channels of links. Vol 4, Part E, 7.8.19 and 7.8.20. */
export const leChannelMap: readonly CommandHandler[] = [
  completes(
    LeSetHostChannelClassification,
    (chip, { channelMap }) => {
      if (!isChannelMap(channelMap)) return Status.InvalidHciCommandParameters;
      chip.channelMap = channelMap.slice();
      return nothing;
    },
    { then: updateChannelMaps },
  ),
  completesForLink(LeReadChannelMap, ({ link }) => ({ channelMap: link.channelMap })),
];
