import {
  LeReadMaximumDataLength,
  LeReadSuggestedDefaultDataLength,
  LeSetDataLength,
  LeWriteSuggestedDefaultDataLength,
} from "../../../src/hci/commands/le-connection.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, completes, completesForLink, nothing } from "../command-handler.ts";
import { limitOf } from "../data-length.ts";
import { updateDataLength } from "../data-length-update.ts";

function isInRange(octets: number, time: number): boolean {
  return octets >= 27 && octets <= 251 && time >= 0x0148 && time <= 0x4290;
}

/** LE Data Packet Length Extension. Vol 4, Part E, 7.8.33 to 7.8.35 and 7.8.46. */
export const leDataLength: readonly CommandHandler[] = [
  completesForLink(
    LeSetDataLength,
    (end, { txOctets, txTime }) => {
      if (!isInRange(txOctets, txTime)) return Status.InvalidHciCommandParameters;
      end.dataLength.wanted = { octets: txOctets, time: txTime };
      return nothing;
    },
    {
      then: updateDataLength,
    },
  ),
  completes(LeReadSuggestedDefaultDataLength, ({ dataLengthDefaults }) => ({
    suggestedMaxTxOctets: dataLengthDefaults.octets,
    suggestedMaxTxTime: dataLengthDefaults.time,
  })),
  completes(LeWriteSuggestedDefaultDataLength, (chip, { suggestedMaxTxOctets, suggestedMaxTxTime }) => {
    if (!isInRange(suggestedMaxTxOctets, suggestedMaxTxTime)) return Status.InvalidHciCommandParameters;
    chip.dataLengthDefaults = { octets: suggestedMaxTxOctets, time: suggestedMaxTxTime };
    return nothing;
  }),
  completes(LeReadMaximumDataLength, (chip) => {
    const { octets, time } = limitOf(chip);
    return {
      supportedMaxTxOctets: octets,
      supportedMaxTxTime: time,
      supportedMaxRxOctets: octets,
      supportedMaxRxTime: time,
    };
  }),
];
