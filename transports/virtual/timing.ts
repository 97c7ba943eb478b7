/** What there is of {@link Timing}. */
export const timings = ["instant", "air"] as const;

/** Whether packets take the time they take on a radio. */
export type Timing = (typeof timings)[number];

/** What there is of {@link Encryption}. */
export const encryptions = ["flag", "ccm"] as const;

/** Whether packets of encrypted links are really encrypted, or the keys of both ends only compared. */
export type Encryption = (typeof encryptions)[number];
