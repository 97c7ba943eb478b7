import { LeRequestPeerScaComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import { request } from "./request.ts";

/** 251 to 500 ppm: how accurate a sleep clock is until the host asks for more. Vol 4, Part E, 7.7.65.31. */
export const leastAccuracy = 0;

/** 0 to 20 ppm. Vol 4, Part E, 7.7.65.31. */
export const greatestAccuracy = 7;

/** Sleep Clock Accuracy Update procedure. Vol 6, Part B, 5.1.14. */
export function requestPeerClockAccuracy(end: LinkEnd): void {
  const { chip, handle, peer } = end;
  end.procedures.run((done) => {
    const tell = (status: Status, peerClockAccuracy: number): void => {
      chip.hci.event(LeRequestPeerScaComplete, { status, connectionHandle: handle, peerClockAccuracy });
      done();
    };
    request(end, {
      pdu: llControl(LlOpcode.ClockAccuracyReq, chip.clockAccuracy),
      features: [LeFeature.SleepClockAccuracyUpdates],
      known() {
        const { clockAccuracy } = peer.chip;
        peer.control(llControl(LlOpcode.ClockAccuracyRsp, clockAccuracy), () => {
          tell(Status.Success, clockAccuracy);
        });
      },
      unknown() {
        tell(Status.UnsupportedRemoteFeature, 0);
      },
    });
  });
}
