import type { Event } from "../hci/event.ts";
import {
  LeDataLengthChange,
  LePhyUpdateComplete,
  LeReadRemoteFeaturesComplete,
  LeSubrateChange,
} from "../hci/events/le-connection.ts";
import { LePathLossThreshold, LeTransmitPowerReporting } from "../hci/events/le-power.ts";
import { ReadRemoteVersionInformationComplete } from "../hci/events/link.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import type { DataLength, LinkPhys, Subrating } from "./link-control.ts";
import {
  isAnswer,
  type PathLossChange,
  pathLossChange,
  type TxPowerChange,
  txPowerChange,
} from "./link-power.ts";
import type { LinkEvent, LinkQuestions } from "./link-questions.ts";
import { phyFrom } from "./scan-report.ts";
import { timeoutMs } from "./units.ts";

/** What a connection is told of its own link. */
export interface LinkListener {
  dataLengthChanged(length: DataLength): void;
  physChanged(phys: LinkPhys): void;
  subratingChanged(subrating: Subrating): void;
  txPowerChanged(change: TxPowerChange): void;
  pathLossChanged(change: PathLossChange): void;
}

/** The events whose handlers {@link routeLinkEvents} puts in place. */
export const linkEvents: readonly Event<unknown>[] = [
  LeReadRemoteFeaturesComplete,
  ReadRemoteVersionInformationComplete,
  LePhyUpdateComplete,
  LeSubrateChange,
  LeTransmitPowerReporting,
  LePathLossThreshold,
  LeDataLengthChange,
];

/** Brings the events of the radio to those who asked for them, and the changes that they tell of to their connection. */
export function routeLinkEvents(
  hci: Hci,
  questions: LinkQuestions,
  connection: (handle: number) => LinkListener | undefined,
): void {
  const route = <T extends LinkEvent>(
    event: Event<T>,
    changed?: (event: T, of: LinkListener) => void,
  ): void => {
    hci.on(event, (parameters) => {
      const { connectionHandle, status = Status.Success } = parameters;
      const of = connection(connectionHandle);
      if (of && status === Status.Success) changed?.(parameters, of);
      questions.answered(event, parameters);
    });
  };
  route(LeReadRemoteFeaturesComplete);
  route(ReadRemoteVersionInformationComplete);
  route(LePhyUpdateComplete, ({ txPhy, rxPhy }, of) => {
    of.physChanged({ tx: phyFrom(txPhy) ?? "1M", rx: phyFrom(rxPhy) ?? "1M" });
  });
  route(LeDataLengthChange, ({ maxTxOctets, maxRxOctets }, of) => {
    of.dataLengthChanged({ txOctets: maxTxOctets, rxOctets: maxRxOctets });
  });
  route(LePathLossThreshold, (event, of) => {
    of.pathLossChanged(pathLossChange(event));
  });
  hci.on(LeTransmitPowerReporting, (event) => {
    // Changes come unasked, and are no answer to a question that waits.
    if (isAnswer(event)) questions.answered(LeTransmitPowerReporting, event);
    else if (event.status === Status.Success) {
      connection(event.connectionHandle)?.txPowerChanged(txPowerChange(event));
    }
  });
  route(LeSubrateChange, (event, of) => {
    of.subratingChanged({
      factor: event.subrateFactor,
      latency: event.peripheralLatency,
      continuationNumber: event.continuationNumber,
      supervisionTimeoutMs: timeoutMs(event.supervisionTimeout),
    });
  });
}
