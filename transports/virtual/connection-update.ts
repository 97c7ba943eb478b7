import {
  LeConnectionUpdateComplete,
  LeRemoteConnectionParameterRequest,
} from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { type LinkEnd, type LinkParameters, Role } from "./link.ts";

/** What a host wishes a link's parameters to be; units of {@link LinkParameters}. */
export interface ConnectionWish {
  readonly intervalMin: number;
  readonly intervalMax: number;
  readonly maxLatency: number;
  readonly timeout: number;
}

/**
 * Whether the parameters are in their ranges and the supervision timeout is longer than the link may be silent.
 * Vol 4, Part E, 7.8.12 and 7.8.18.
 */
export function isValidWish({ intervalMin, intervalMax, maxLatency, timeout }: ConnectionWish): boolean {
  if (intervalMin < 0x0006 || intervalMin > intervalMax || intervalMax > 0x0c80) return false;
  if (maxLatency > 0x01f3 || timeout < 0x000a || timeout > 0x0c80) return false;
  return timeout * 10 > (1 + maxLatency) * intervalMax * 1.25 * 2;
}

/** LE Connection Update: the central changes the parameters, a peripheral asks for it. Vol 6, Part B, 5.1.1, 5.1.7. */
export function requestUpdate(end: LinkEnd, wish: ConnectionWish): void {
  if (end.link.silent) return;
  if (end.role === Role.Central) {
    update(end, wish);
    return;
  }
  const { chip, handle } = end.peer;
  if (!chip.hci.wants(LeRemoteConnectionParameterRequest)) {
    // The central's host cannot be asked, so the central does not take part in the procedure.
    tell(end, Status.UnsupportedRemoteFeature);
    return;
  }
  end.peer.request = wish;
  chip.hci.event(LeRemoteConnectionParameterRequest, { connectionHandle: handle, ...wish });
}

/** The central's host agrees to what it was asked. */
export function acceptRequest(end: LinkEnd, wish: ConnectionWish): void {
  if (!end.link.silent) update(end, wish);
}

/** The central's host refuses. */
export function rejectRequest(end: LinkEnd, reason: number): void {
  end.request = undefined;
  if (!end.link.silent) tell(end.peer, reason);
}

function update(central: LinkEnd, wish: ConnectionWish): void {
  const { peer, link } = central;
  const isAnswer = central.request !== undefined;
  const before = link.parameters;
  link.parameters = {
    connectionInterval: wish.intervalMax,
    peripheralLatency: wish.maxLatency,
    supervisionTimeout: wish.timeout,
  };
  central.request = undefined;
  tell(central, Status.Success);
  if (isAnswer || differs(before, link.parameters)) tell(peer, Status.Success);
}

function tell({ chip, handle, link }: LinkEnd, status: number): void {
  chip.hci.event(LeConnectionUpdateComplete, { status, connectionHandle: handle, ...link.parameters });
}

function differs(a: LinkParameters, b: LinkParameters): boolean {
  return (
    a.connectionInterval !== b.connectionInterval ||
    a.peripheralLatency !== b.peripheralLatency ||
    a.supervisionTimeout !== b.supervisionTimeout
  );
}
