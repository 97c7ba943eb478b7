import {
  HostBufferSize,
  HostNumberOfCompletedPackets,
  ReadAuthenticatedPayloadTimeout,
  ReadLeHostSupport,
  ReadTransmitPowerLevel,
  Reset,
  SetControllerToHostFlowControl,
  SetEventMask,
  SetEventMaskPage2,
  WriteAuthenticatedPayloadTimeout,
  WriteLeHostSupport,
} from "../../../src/hci/commands/controller-baseband.ts";
import { Status } from "../../../src/hci/status.ts";
import {
  type CommandHandler,
  completes,
  completesForLink,
  completesIfRefused,
  nothing,
} from "../command-handler.ts";
import { txPowerRange } from "../identity.ts";

/** Flow_Control_Enable. Vol 4, Part E, 7.3.38. */
const FlowControl = { Off: 0, Acl: 1, AclAndSynchronous: 3 } as const;

/** The controller and baseband commands. Vol 4, Part E, 7.3. */
export const controllerBaseband: readonly CommandHandler[] = [
  completes(SetEventMask, (chip, { eventMask }) => {
    chip.hci.masks.setEvents(eventMask);
    return nothing;
  }),
  completes(Reset, (chip) => {
    chip.reset();
    return nothing;
  }),
  completes(SetEventMaskPage2, (chip, { eventMaskPage2 }) => {
    chip.hci.masks.setEventsPage2(eventMaskPage2);
    return nothing;
  }),
  completes(SetControllerToHostFlowControl, ({ links, hci }, { flowControlEnable }) => {
    if (flowControlEnable > FlowControl.AclAndSynchronous) return Status.InvalidHciCommandParameters;
    if (links.all().length > 0) return Status.CommandDisallowed;
    // There is no synchronous data to control.
    if (flowControlEnable > FlowControl.Acl) return Status.UnsupportedFeatureOrParameterValue;
    hci.flow.enable(flowControlEnable === FlowControl.Acl);
    return nothing;
  }),
  completes(HostBufferSize, ({ links, hci }, buffers) => {
    const { hostAclDataPacketLength, hostTotalNumAclDataPackets } = buffers;
    if (hostAclDataPacketLength === 0 || hostTotalNumAclDataPackets === 0) {
      return Status.InvalidHciCommandParameters;
    }
    if (links.all().length > 0) return Status.CommandDisallowed;
    hci.flow.setBuffers(buffers);
    return nothing;
  }),
  // Ignored where it means nothing. Vol 4, Part E, 7.3.40.
  completesIfRefused(HostNumberOfCompletedPackets, ({ hci }, { handles }) => {
    const isFine = !hci.flow.enabled || hci.flow.completed(handles);
    return isFine ? undefined : Status.InvalidHciCommandParameters;
  }),
  completesForLink(ReadTransmitPowerLevel, ({ chip }, { type }) => {
    if (type > 1) return Status.InvalidHciCommandParameters;
    return { txPowerLevel: type === 0 ? chip.txPower : txPowerRange.greatest };
  }),
  // Simultaneous_LE_Host counts no more, and reads as 0.
  completes(ReadLeHostSupport, ({ hostKnowsLe }) => ({ supportedHost: hostKnowsLe, simultaneousHost: 0 })),
  completes(
    WriteLeHostSupport,
    (chip, { supportedHost }) => {
      chip.hostKnowsLe = supportedHost;
      return nothing;
    },
    { flagsAt: [0] },
  ),
  completesForLink(ReadAuthenticatedPayloadTimeout, ({ encryption }) => ({
    authenticatedPayloadTimeout: encryption.payload.timeout,
  })),
  completesForLink(
    WriteAuthenticatedPayloadTimeout,
    ({ encryption, link }, { authenticatedPayloadTimeout }) => {
      const { connectionInterval, peripheralLatency } = link.parameters;
      const least = connectionInterval * 1.25 * (1 + peripheralLatency);
      const isLongEnough = authenticatedPayloadTimeout > 0 && authenticatedPayloadTimeout * 10 >= least;
      if (!isLongEnough) return Status.InvalidHciCommandParameters;
      encryption.payload.timeout = authenticatedPayloadTimeout;
      return nothing;
    },
  ),
];
