import { LeRequestPeerScaComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import type { LinkEnd } from "./link.ts";
import { LlOpcode, llControl } from "./ll-control.ts";

/** How accurate the sleep clock of every virtual controller is: 251 to 500 ppm. Vol 4, Part E, 7.7.65.31. */
const clockAccuracy = 0;

/** Sleep Clock Accuracy Update procedure. Vol 6, Part B, 5.1.14. */
export function requestPeerClockAccuracy(end: LinkEnd): void {
  const { chip, handle, peer } = end;
  end.procedures.run((done) => {
    end.control(llControl(LlOpcode.ClockAccuracyReq, clockAccuracy), () => {
      peer.control(llControl(LlOpcode.ClockAccuracyRsp, clockAccuracy), () => {
        chip.hci.event(LeRequestPeerScaComplete, {
          status: Status.Success,
          connectionHandle: handle,
          peerClockAccuracy: clockAccuracy,
        });
        done();
      });
    });
  });
}
