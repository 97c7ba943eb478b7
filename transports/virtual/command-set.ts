/** Which of the two sets of commands a host advertises, scans and connects with. Vol 4, Part E, 3.1.1. */
export type CommandSet = "legacy" | "extended";
