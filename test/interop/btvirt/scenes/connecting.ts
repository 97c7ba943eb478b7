import { LeSetAdvertisingParameters } from "../../../../src/hci/commands/le-advertising.ts";
import {
  LeCreateConnection,
  LeCreateConnectionCancel,
  type LeCreateConnectionParameters,
} from "../../../../src/hci/commands/le-connection.ts";
import { LeSetEventMask } from "../../../../src/hci/commands/le-controller.ts";
import { LeAddDeviceToFilterAcceptList } from "../../../../src/hci/commands/le-filter-accept-list.ts";
import { Disconnect } from "../../../../src/hci/commands/link-control.ts";
import { advertising, connection } from "../../../support/raw-pair.ts";
import type { Seat } from "../rig.ts";
import { ask, type Script, type Step } from "../script.ts";
import { advertise } from "./advertising.ts";

/** Asks for a connection with the other one. */
export function connect(seat: Seat, what: string, changes: Partial<LeCreateConnectionParameters> = {}): Step {
  return ask(
    seat,
    LeCreateConnection,
    ({ addresses }) => ({ ...connection, peerAddress: addresses[seat === "a" ? "b" : "a"], ...changes }),
    what,
  );
}

/** `a` becomes the central of `b`. */
export const connected: readonly Step[] = [
  ask("b", LeSetAdvertisingParameters, advertising),
  advertise("b", true, "to be connected"),
  connect("a", "to what advertises", { connectionIntervalMax: connection.connectionIntervalMin }),
];

/** Ends a link. */
export function disconnect(seat: Seat, reason: number, what: string): Step {
  return ask(seat, Disconnect, ({ handles }) => ({ connectionHandle: handles[seat], reason }), what);
}

const bad: readonly [what: string, changes: Partial<LeCreateConnectionParameters>][] = [
  ["a scan interval below 2.5 ms", { scanInterval: 3, scanWindow: 3 }],
  ["a scan window longer than the interval", { scanWindow: 17 }],
  ["a filter policy that is not there", { initiatorFilterPolicy: 2 }],
  ["a peer address type that is not there", { peerAddressType: 4 }],
  ["an own address type that is not there", { ownAddressType: 4 }],
  ["a random own address that is not set", { ownAddressType: 1 }],
  ["an interval below 7.5 ms", { connectionIntervalMin: 5 }],
  ["an interval above 4 s", { connectionIntervalMax: 0x0c81, supervisionTimeout: 0x0c80 }],
  ["an interval from more to less", { connectionIntervalMin: 0x19 }],
  ["a latency above 499", { maxLatency: 500, supervisionTimeout: 0x0c80 }],
  ["a supervision timeout below 100 ms", { supervisionTimeout: 9 }],
  ["a supervision timeout too short for the latency", { maxLatency: 11 }],
  ["connection events from more to less", { minCeLength: 2, maxCeLength: 1 }],
];

/** Every event there is, the ones that tell more of a connection among them. */
function unmask(seat: Seat, eventMask: bigint, what: string): Step {
  return ask(seat, LeSetEventMask, { eventMask }, what);
}

const everything = 0xffff_ffff_ffff_ffffn;
const enhancedV2 = 1n << 0x28n;

/** Making connections, and ending them. */
export const connectingScripts: readonly Script[] = [
  {
    name: "connecting with wrong parameters",
    apart: true,
    steps: bad.map(([what, changes]) => connect("a", what, changes)),
  },
  {
    name: "connecting and disconnecting",
    steps: [
      ...connected,
      ask("a", LeCreateConnectionCancel, {}, "too late"),
      advertise("b", false, "after a connection"),
      disconnect("a", 0x13, "Remote User Terminated Connection"),
      disconnect("a", 0x13, "once more"),
      ...connected.map((step) => ({ ...step, name: `${step.name}, once more` })),
      disconnect("b", 0x15, "Remote Device Terminated Connection due to Power Off"),
    ],
  },
  {
    name: "disconnecting for no reason",
    steps: [...connected, disconnect("a", 0x12, "for a reason that hosts may not give")],
  },
  {
    name: "connecting twice",
    steps: [...connected, connect("a", "to whom it is connected with")],
  },
  {
    name: "connecting, every event unmasked",
    steps: [
      unmask("a", everything & ~enhancedV2, "everything"),
      unmask("b", everything & ~enhancedV2, "everything"),
      ...connected,
    ],
  },
  {
    name: "cancelling a connection",
    steps: [
      ask("a", LeCreateConnectionCancel, {}, "nothing to cancel"),
      connect("a", "to nobody"),
      connect("a", "to nobody, once more"),
      ask("a", LeCreateConnectionCancel, {}, "pending"),
      ask("a", LeCreateConnectionCancel, {}, "once more"),
    ],
  },
  {
    name: "connecting by the Filter Accept List",
    steps: [
      ask("a", LeAddDeviceToFilterAcceptList, ({ addresses }) => ({ addressType: 0, address: addresses.b })),
      ask("b", LeSetAdvertisingParameters, advertising),
      advertise("b", true, "to be connected"),
      connect("a", "by the list", {
        initiatorFilterPolicy: 1,
        peerAddress: 0,
        connectionIntervalMax: connection.connectionIntervalMin,
      }),
    ],
  },
];
