import type { Scenario } from "../scenario.ts";
import { bluezCentral } from "./bluez-central.ts";
import { bonds } from "./bonds.ts";
import { channels } from "./channels.ts";
import { doors } from "./doors.ts";
import { ourCentral } from "./our-central.ts";
import { pairing } from "./pairing.ts";

/**
 * Everything there is to play, in order. Those that restart bluetoothd come early: Linux 6.1 may crash when it ends after
 * many links (hci_chan_del, on closing its sockets).
 */
export const scenarios: readonly Scenario[] = [
  ...doors,
  ...bonds,
  ...bluezCentral,
  ...ourCentral,
  ...pairing,
  ...channels,
];
