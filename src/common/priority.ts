/** What goes first on one link. PDUs of one priority keep their order; higher numbers wait for lower ones. */
export const Priority = {
  /** Signalling, Security Manager, ATT responses and confirmations: a peer waits for these. */
  Control: 0,
  /** Everything else of ATT. */
  Attribute: 1,
  /** Credit-based channels. */
  Bulk: 2,
} as const;
export type Priority = (typeof Priority)[keyof typeof Priority];
