import { counted, group, rest, u16, u8 } from "../../common/struct.ts";
import { type Event, event } from "../event.ts";

/** Parameters of {@link CommandComplete}. */
export interface CommandCompleteParameters {
  /** How many further commands the controller takes now. */
  readonly numHciCommandPackets: number;
  /** 0x0000 when only the number of commands has changed. */
  readonly commandOpcode: number;
  /** Status first, except where the command says otherwise. *Borrowed*. */
  readonly returnParameters: Uint8Array;
}

/** A command has been carried out, or refused. Vol 4, Part E, 7.7.14. */
export const CommandComplete: Event<CommandCompleteParameters> = event("HCI_Command_Complete", 0x0e, {
  numHciCommandPackets: u8,
  commandOpcode: u16,
  returnParameters: rest,
});

/** Parameters of {@link CommandStatus}. */
export interface CommandStatusParameters {
  /** 0x00: the command is pending, its result comes in an event of its own. */
  readonly status: number;
  /** How many further commands the controller takes now. */
  readonly numHciCommandPackets: number;
  /** 0x0000 when only the number of commands has changed. */
  readonly commandOpcode: number;
}

/** A command has been taken up, or refused. Vol 4, Part E, 7.7.15. */
export const CommandStatus: Event<CommandStatusParameters> = event("HCI_Command_Status", 0x0f, {
  status: u8,
  numHciCommandPackets: u8,
  commandOpcode: u16,
});

/** The controller has failed, for a reason of its maker's own numbering. Vol 4, Part E, 7.7.16. */
export const HardwareError: Event<{ readonly hardwareCode: number }> = event("HCI_Hardware_Error", 0x10, {
  hardwareCode: u8,
});

/** What {@link NumberOfCompletedPackets} says of one connection. */
export interface CompletedPackets {
  readonly connectionHandle: number;
  /** How many packets left the controller's buffers since it last told. */
  readonly numCompletedPackets: number;
}

/** Parameters of {@link NumberOfCompletedPackets}. */
export interface NumberOfCompletedPacketsParameters {
  readonly handles: readonly CompletedPackets[];
}

/** Buffers of the controller are free again. Vol 4, Part E, 7.7.19. */
export const NumberOfCompletedPackets: Event<NumberOfCompletedPacketsParameters> = event(
  "HCI_Number_Of_Completed_Packets",
  0x13,
  { handles: counted(u8, group({ connectionHandle: u16, numCompletedPackets: u16 })) },
);

/** The host sent more data than the controller has buffers: 0 synchronous, 1 ACL, 2 ISO. Vol 4, Part E, 7.7.26. */
export const DataBufferOverflow: Event<{ readonly linkType: number }> = event(
  "HCI_Data_Buffer_Overflow",
  0x1a,
  {
    linkType: u8,
  },
);
