import type { SubrateParameters } from "../../src/hci/commands/le-subrating.ts";
import { LeSubrateChange } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { Role } from "./role.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";

/** What a central grants before its host says otherwise: no subrating. Vol 4, Part E, 7.8.123. */
export const noSubrating: SubrateParameters = {
  subrateMin: 1,
  subrateMax: 1,
  maxLatency: 0,
  continuationNumber: 0,
  supervisionTimeout: 0x0c80,
};

/** What both ends came to. */
interface Subrate {
  readonly factor: number;
  readonly latency: number;
  readonly continuation: number;
  readonly timeout: number;
}

/** Whether the parameters are in their ranges, and fit together. Vol 4, Part E, 7.8.123. */
export function isValidSubrate(parameters: SubrateParameters): boolean {
  const { subrateMin, subrateMax, maxLatency, continuationNumber, supervisionTimeout } = parameters;
  if (subrateMin < 1 || subrateMin > subrateMax || subrateMax > 0x01f4) return false;
  if (maxLatency > 0x01f3 || subrateMax * (maxLatency + 1) > 500 || continuationNumber >= subrateMax)
    return false;
  return supervisionTimeout >= 0x000a && supervisionTimeout <= 0x0c80;
}

/** Whether an end may be silent for as long as subrating lets it. Vol 4, Part E, 7.8.124. */
export function fitsTimeout({ link }: LinkEnd, parameters: SubrateParameters): boolean {
  const { subrateMax, maxLatency, supervisionTimeout } = parameters;
  const interval = link.parameters.connectionInterval * 1.25;
  return supervisionTimeout * 10 > 2 * interval * subrateMax * (maxLatency + 1);
}

/** Whether the host of an end has said that it knows of subrating. Vol 6, Part B, 4.6.37. */
export function hostKnowsSubrating({ chip }: LinkEnd): boolean {
  return [LeFeature.ConnectionSubrating, LeFeature.ConnectionSubratingHostSupport].every((bit) =>
    hasFeature(chip.features, bit),
  );
}

/** Connection Subrate Update by the central, Connection Subrate Request by the peripheral. Vol 6, Part B, 5.1.19, 5.1.20. */
export function requestSubrate(end: LinkEnd, wish: SubrateParameters): void {
  end.procedures.run((done) => {
    if (end.role === Role.Central) {
      end.subrate = wish;
      subrate(end, offered(wish), done);
      return;
    }
    const { subrateMin, subrateMax, maxLatency, continuationNumber, supervisionTimeout } = wish;
    const fields = u16s(subrateMin, subrateMax, maxLatency, continuationNumber, supervisionTimeout);
    end.control(llControl(LlOpcode.SubrateReq, fields), () => {
      const granted = grant(end.peer, wish);
      if (granted) subrate(end.peer, granted, done);
      else refuse(end.peer, Status.UnsupportedLlParameterValue, done);
    });
  });
}

/** The central's own choice: the most that its host allows. */
function offered(wish: SubrateParameters): Subrate {
  return {
    factor: wish.subrateMax,
    latency: wish.maxLatency,
    continuation: wish.continuationNumber,
    timeout: wish.supervisionTimeout,
  };
}

/** What the central makes of the peripheral's wish, within what its own host allows. Vol 6, Part B, 5.1.20. */
function grant(central: LinkEnd, wish: SubrateParameters): Subrate | undefined {
  const { subrate: allowed, link } = central;
  const least = Math.max(allowed.subrateMin, wish.subrateMin);
  const factor = Math.min(allowed.subrateMax, wish.subrateMax);
  const interval = link.parameters.connectionInterval * 1.25;
  const timeout = Math.min(allowed.supervisionTimeout, wish.supervisionTimeout);
  const latency = Math.min(allowed.maxLatency, wish.maxLatency);
  if (factor < least || timeout * 10 <= 2 * interval * factor * (latency + 1)) return undefined;
  const continuation = Math.min(Math.max(allowed.continuationNumber, wish.continuationNumber), factor - 1);
  return { factor, latency, continuation, timeout };
}

/** LL_SUBRATE_IND: takes effect when the peripheral has it. */
function subrate(
  central: LinkEnd,
  { factor, latency, continuation, timeout }: Subrate,
  done: () => void,
): void {
  const { link, peer } = central;
  const base = link.plan.next;
  central.control(llControl(LlOpcode.SubrateInd, u16s(factor, base, latency, continuation, timeout)), () => {
    link.subrate(factor, base, continuation, {
      connectionInterval: link.parameters.connectionInterval,
      peripheralLatency: latency,
      supervisionTimeout: timeout,
    });
    for (const end of [central, peer]) tell(end, Status.Success, factor, continuation);
    done();
  });
}

function refuse(central: LinkEnd, reason: Status, done: () => void): void {
  central.control(llControl(LlOpcode.RejectExtInd, LlOpcode.SubrateReq, reason), () => {
    tell(central.peer, reason, 1, 0);
    done();
  });
}

function tell(
  { chip, handle, link }: LinkEnd,
  status: Status,
  subrateFactor: number,
  continuationNumber: number,
): void {
  const { peripheralLatency, supervisionTimeout } = link.parameters;
  chip.hci.event(LeSubrateChange, {
    status,
    connectionHandle: handle,
    subrateFactor,
    peripheralLatency,
    continuationNumber,
    supervisionTimeout,
  });
}
