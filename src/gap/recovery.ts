import { BleError } from "../common/errors.ts";
import { type Procedure, run } from "../common/procedure.ts";
import type { Hci } from "../hci/hci.ts";
import type { ControllerInfo } from "../hci/start-up.ts";
import type { Connections } from "./connections.ts";
import type { Radio } from "./radio.ts";

/** What of a host is affected by the failure of its controller. */
export interface RecoveryParts {
  readonly hci: Hci;
  readonly connections: Connections;
  readonly radio: Radio;
  /** Brings the controller up again, and tells what it is. */
  readonly startUp: () => Procedure<ControllerInfo>;
  /** It is up. */
  readonly recovered: (controller: ControllerInfo) => void;
}

/**
 * What becomes of a host whose controller has failed or fallen silent: everything that waits for an answer is told why
 * there is none, links are gone, the controller is reset, and scans and advertising go on where the program still wants
 * them. A controller that cannot be brought up again is the end of the host. Vol 4, Part E, 7.7.16.
 */
export function recover(
  { hci, connections, radio, startUp, recovered }: RecoveryParts,
  cause: BleError,
): void {
  radio.suspend(cause);
  connections.endAll(cause);
  hci.restart(cause, (failure) => {
    if (failure) {
      hci.end(failure);
      return;
    }
    run(startUp(), (outcome) => {
      if (outcome instanceof BleError) {
        hci.end(outcome);
        return;
      }
      recovered(outcome);
      radio.restore();
    });
  });
}
