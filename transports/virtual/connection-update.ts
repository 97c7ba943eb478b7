import {
  LeConnectionUpdateComplete,
  LeRemoteConnectionParameterRequest,
} from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import type { ConnectionWish, PendingWish } from "./connection-wish.ts";
import { eventTime } from "./event-plan.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { type LinkParameters, Role } from "./role.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";
import { meet, reject, request } from "./request.ts";

/** WinSize: the first packet comes within so many 1.25 ms of the instant. */
const windowSize = 1;

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
  if (end.role === Role.Central) {
    end.procedures.run((done) => {
      update(end, wish, () => done());
    }, "connection");
    return;
  }
  end.procedures.run((done) => {
    const fail = (status: Status): void => {
      tell(end, status);
      done();
    };
    request(end, {
      pdu: parameterRequest(LlOpcode.ConnectionParamReq, wish),
      features: [LeFeature.ConnectionParametersRequest],
      known() {
        meet(end, {
          opcode: LlOpcode.ConnectionParamReq,
          kind: "connection",
          accepted(over) {
            ask(end.peer, {
              wish,
              done() {
                over();
                done();
              },
            });
          },
          rejected: fail,
        });
      },
      unknown() {
        fail(Status.UnsupportedRemoteFeature);
      },
    });
  }, "connection");
}

/** The central's host agrees to what it was asked. */
export function acceptRequest(end: LinkEnd, wish: ConnectionWish): void {
  const { request: pending } = end;
  end.request = undefined;
  update(end, wish, (before) => {
    // The asker hears of it in any case.
    if (pending && !differs(before, end.link.parameters)) tell(end.peer, Status.Success);
    pending?.done();
  });
}

/** The central's host refuses. */
export function rejectRequest(end: LinkEnd, reason: number): void {
  const { request: pending } = end;
  end.request = undefined;
  reject(end, LlOpcode.ConnectionParamReq, reason, () => {
    tell(end.peer, reason);
    pending?.done();
  });
}

/** Whether a controller has the Connection Parameters Request procedure. Vol 6, Part B, 5.1.7. */
export function takesPart({ chip }: LinkEnd): boolean {
  return hasFeature(chip.features, LeFeature.ConnectionParametersRequest);
}

function ask(central: LinkEnd, pending: PendingWish): void {
  const { chip, handle } = central;
  central.request = pending;
  if (chip.hci.wants(LeRemoteConnectionParameterRequest)) {
    chip.hci.event(LeRemoteConnectionParameterRequest, { connectionHandle: handle, ...pending.wish });
  } else {
    // The central's host cannot be asked, so the central does not take part in the procedure.
    rejectRequest(central, Status.UnsupportedRemoteFeature);
  }
}

/** LL_CONNECTION_UPDATE_IND: takes effect some events later. @param then - Gets the parameters there were. */
function update(central: LinkEnd, wish: ConnectionWish, then: (before: LinkParameters) => void): void {
  const { peer, link } = central;
  const parameters: LinkParameters = {
    connectionInterval: wish.intervalMax,
    peripheralLatency: wish.maxLatency,
    supervisionTimeout: wish.timeout,
  };
  const window = [windowSize, 0, 0];
  const fields = u16s(wish.intervalMax, wish.maxLatency, wish.timeout, 0);
  central.control(
    llControl(LlOpcode.ConnectionUpdateInd, ...window, fields),
    (instant) => {
      const over = peer.procedures.respond();
      const isInTime = link.carrier.at(instant, () => {
        over();
        const before = link.parameters;
        link.mostEventTime = eventTime(wish.maxCeLength ?? 0);
        link.change(instant, parameters);
        tell(central, Status.Success);
        if (differs(before, parameters)) tell(peer, Status.Success);
        then(before);
      });
      if (!isInTime) peer.lose(Status.InstantPassed);
    },
    { instantAt: 10 },
  );
}

/** LL_CONNECTION_PARAM_REQ without a preferred periodicity or offsets. Vol 6, Part B, 2.4.2.16. */
function parameterRequest(opcode: LlOpcode, wish: ConnectionWish): Uint8Array {
  const wished = u16s(wish.intervalMin, wish.intervalMax, wish.maxLatency, wish.timeout);
  const noOffset = 0xffff;
  return llControl(opcode, wished, 0, u16s(0, ...new Array<number>(6).fill(noOffset)));
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
