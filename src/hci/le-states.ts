/** What a Link Layer can be at: a kind of advertising, of scanning, initiating, or a link in either role. */
export type LeActivity =
  | "nonConnectable"
  | "scannable"
  | "connectable"
  | "highDutyDirected"
  | "lowDutyDirected"
  | "passiveScanning"
  | "activeScanning"
  | "initiating"
  | "central"
  | "peripheral";

/** What each bit of LE_States, from 0 on, says that there can be, alone or together. Vol 4, Part E, 7.8.27. */
const bits: readonly (readonly [LeActivity, LeActivity?])[] = [
  ["nonConnectable"],
  ["scannable"],
  ["connectable"],
  ["highDutyDirected"],
  ["passiveScanning"],
  ["activeScanning"],
  ["initiating"],
  ["peripheral"],
  ["nonConnectable", "passiveScanning"],
  ["scannable", "passiveScanning"],
  ["connectable", "passiveScanning"],
  ["highDutyDirected", "passiveScanning"],
  ["nonConnectable", "activeScanning"],
  ["scannable", "activeScanning"],
  ["connectable", "activeScanning"],
  ["highDutyDirected", "activeScanning"],
  ["nonConnectable", "initiating"],
  ["scannable", "initiating"],
  ["nonConnectable", "central"],
  ["scannable", "central"],
  ["nonConnectable", "peripheral"],
  ["scannable", "peripheral"],
  ["passiveScanning", "initiating"],
  ["activeScanning", "initiating"],
  ["passiveScanning", "central"],
  ["activeScanning", "central"],
  ["passiveScanning", "peripheral"],
  ["activeScanning", "peripheral"],
  ["initiating", "central"],
  ["lowDutyDirected"],
  ["lowDutyDirected", "passiveScanning"],
  ["lowDutyDirected", "activeScanning"],
  ["connectable", "initiating"],
  ["highDutyDirected", "initiating"],
  ["lowDutyDirected", "initiating"],
  ["connectable", "central"],
  ["highDutyDirected", "central"],
  ["lowDutyDirected", "central"],
  ["connectable", "peripheral"],
  ["highDutyDirected", "peripheral"],
  ["lowDutyDirected", "peripheral"],
  ["initiating", "peripheral"],
];

const places = new Map(bits.map(([one, other], bit) => [keyOf(one, other), bit]));

/** Whether a controller that reports these states, 8 octets, says that it can do that, alone or beside something else. */
export function statesSay(states: Uint8Array, activity: LeActivity, beside?: LeActivity): boolean {
  const bit = places.get(keyOf(activity, beside));
  return bit !== undefined && (((states[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

/**
 * Whether it may be asked for that: whoever was not asked for its states, or reports none, is not held to them, nor is
 * anybody to what no bit stands for. A controller refuses by itself what it cannot do.
 */
export function statesAllow(states: Uint8Array, activity: LeActivity, beside?: LeActivity): boolean {
  const isKnown = states.some((octet) => octet !== 0) && places.has(keyOf(activity, beside));
  return !isKnown || statesSay(states, activity, beside);
}

function keyOf(one: LeActivity, other?: LeActivity): string {
  return [one, ...(other === undefined ? [] : [other])].sort().join("+");
}
