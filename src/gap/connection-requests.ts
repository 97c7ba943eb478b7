import {
  LeRemoteConnectionParameterRequestNegativeReply,
  LeRemoteConnectionParameterRequestReply,
} from "../hci/commands/le-connection.ts";
import type { Event } from "../hci/event.ts";
import { LeRemoteConnectionParameterRequest } from "../hci/events/le-connection.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import { areLegalParameters } from "../l2cap/parameter-update.ts";
import type { ConnectionParameterUpdateRequest } from "../l2cap/signaling-pdu.ts";

/** Who decides on the parameters that the peer of a connection asks for. */
export interface ParametersListener {
  /** @param answer - To be called once; with `true` the controller carries the change out. */
  parametersRequestedByController(
    request: ConnectionParameterUpdateRequest,
    answer: (accept: boolean) => void,
  ): void;
}

/** The events whose handlers {@link routeParameterRequests} puts in place. */
export const parameterRequestEvents: readonly Event<unknown>[] = [LeRemoteConnectionParameterRequest];

/**
 * Brings the wishes that peers have through the Link Layer to their connection, and its answers to the controller.
 * What no link may have is refused at once. Vol 4, Part E, 7.7.65.6, 7.8.31 and 7.8.32.
 */
export function routeParameterRequests(
  hci: Hci,
  connection: (handle: number) => ParametersListener | undefined,
): void {
  hci.on(LeRemoteConnectionParameterRequest, ({ connectionHandle, ...wish }) => {
    const { intervalMin, intervalMax, maxLatency: latency, timeout } = wish;
    const request = { intervalMin, intervalMax, latency, timeout };
    // Whatever comes of an answer: the link may be gone by then.
    const answer = (accept: boolean): void => {
      if (accept) {
        const granted = { connectionHandle, ...wish, minCeLength: 0, maxCeLength: 0 };
        hci.send(LeRemoteConnectionParameterRequestReply, granted, () => undefined);
      } else {
        const refusal = { connectionHandle, reason: Status.UnacceptableConnectionParameters };
        hci.send(LeRemoteConnectionParameterRequestNegativeReply, refusal, () => undefined);
      }
    };
    const of = connection(connectionHandle);
    if (of && areLegalParameters(request)) of.parametersRequestedByController(request, answer);
    else answer(false);
  });
}
