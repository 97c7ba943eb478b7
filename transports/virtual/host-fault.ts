/** What a host did wrong at HCI. */
export type HostFaultKind =
  /** A packet of a type that hosts do not send, or that is shorter or longer than it says. Vol 4, Part E, 5.4. */
  | "malformedPacket"
  /** One more command than Num_HCI_Command_Packets allowed. Vol 4, Part E, 4.4. */
  | "commandCredit"
  /** One more ACL packet than the controller has buffers for. Vol 4, Part E, 4.1.1. */
  | "aclCredit"
  /** An ACL packet longer than the controller's buffers. Vol 4, Part E, 4.1.1. */
  | "aclLength"
  /** An ACL packet with boundary or broadcast flags that LE does not have. Vol 4, Part E, 5.4.2. */
  | "aclFlags"
  /** An ACL packet for a handle that is not connected, as the host knows or could know. Vol 4, Part E, 5.4.2. */
  | "unknownHandle";

/** One mistake of the host, kept by the controller so that a test can see it. */
export interface HostFault {
  readonly kind: HostFaultKind;
  /** What happened, with numbers. */
  readonly message: string;
  /** When, in ms of the air's clock. */
  readonly at: number;
}
