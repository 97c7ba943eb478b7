/** Role in a connection. Vol 4, Part E, 7.7.65.1. */
export const Role = { Central: 0, Peripheral: 1 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** What both ends of a link go by. */
export interface LinkParameters {
  /** In 1.25 ms. */
  readonly connectionInterval: number;
  /** In connection events. */
  readonly peripheralLatency: number;
  /** In 10 ms. */
  readonly supervisionTimeout: number;
}
