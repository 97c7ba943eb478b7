import {
  ReadTransmitPowerLevel,
  Reset,
  SetEventMask,
  SetEventMaskPage2,
} from "../../../src/hci/commands/controller-baseband.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, completes, completesForLink, nothing } from "../command-handler.ts";
import { txPower } from "../identity.ts";

/** The controller and baseband commands. Vol 4, Part E, 7.3. */
export const controllerBaseband: readonly CommandHandler[] = [
  completes(SetEventMask, (chip, { eventMask }) => {
    chip.hci.masks.setEvents(eventMask);
    return nothing;
  }),
  completes(Reset, (chip) => {
    chip.reset();
    return nothing;
  }),
  // None of the events on page 2 is ever sent.
  completes(SetEventMaskPage2, () => nothing),
  completesForLink(ReadTransmitPowerLevel, (_, { type }) =>
    type > 1 ? Status.InvalidHciCommandParameters : { txPowerLevel: txPower },
  ),
];
