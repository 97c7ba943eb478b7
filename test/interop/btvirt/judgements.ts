import type { Difference } from "./compare.ts";

/** Who does as the specification says. */
export type Verdict = "jelling" | "btvirt" | "both";

/** What we think of a kind of difference. */
export interface Judgement {
  readonly verdict: Verdict;
  /** With the clause. */
  readonly why: string;
  /** Matches "script / step". */
  readonly where: RegExp;
}

/** The first that matches counts. */
export const judgements: readonly Judgement[] = [
  {
    verdict: "jelling",
    why: "Parameters that are too short or too long are Invalid HCI Command Parameters. Vol 1, Part F, 2.18",
    where: /^commands that are wrong .*(octet|parameter)/,
  },
  {
    verdict: "both",
    why: "A controller may do without a feature; then the command is unknown. Vol 4, Part E, 3.1",
    where:
      /LE Read (Maximum|Suggested|Transmit)|P-256|LE Write Suggested|Inquiry|Channel (Map|Class)|LE (Set Data Length|Read PHY|Set PHY)|Periodic Advertiser List/,
  },
  {
    verdict: "jelling",
    why: "0xff stands for all anonymous advertisers. Vol 4, Part E, 7.8.16",
    where: /^Filter Accept List/,
  },
  {
    verdict: "jelling",
    why: "To enable what is enabled, or to disable what is disabled, is no error. Vol 4, Part E, 7.8.9, 7.8.11 and 7.8.65",
    where: /(on|off) again$|LE Set Advertising Enable, after a connection/,
  },
  {
    verdict: "jelling",
    why: "Only what is on the Filter Accept List is reported. Vol 6, Part B, 4.3.3",
    where: /^filter policies .* not listed/,
  },
  {
    verdict: "jelling",
    why: "The command is answered with Command Complete, refused or not. Vol 4, Part E, 4.5",
    where: /^filter policies .* Clear|Private Address Timeout|Address Resolution Enable/,
  },
  {
    verdict: "jelling",
    why: "The Controller waits for the peer until the host cancels. Vol 4, Part E, 7.8.12 and 7.8.13",
    where: /^cancelling a connection/,
  },
  {
    verdict: "jelling",
    why: "With Initiator_Filter_Policy 1 the peers are those on the list. Vol 4, Part E, 7.8.12",
    where: /^connecting by the Filter Accept List/,
  },
  {
    verdict: "jelling",
    why: "There is one connection between two devices. Vol 6, Part B, 4.5, and Vol 1, Part F, 2.11",
    where: /^connecting twice/,
  },
  {
    verdict: "jelling",
    why: "LE Enhanced Connection Complete goes before LE Connection Complete if it is unmasked, and never comes if it is not. Vol 4, Part E, 7.7.65.1 and 7.7.65.10",
    where: /every event unmasked|^extended connecting \/ LE Extended Create/,
  },
  {
    verdict: "jelling",
    why: "Who ends a link gets Connection Terminated by Local Host. Vol 4, Part E, 7.7.5",
    where: /Disconnect, (Remote|after)/,
  },
  {
    verdict: "jelling",
    why: "Where there is no such connection, the answer to the command says so: Unknown Connection Identifier. Vol 1, Part F, 2.2",
    where: /Disconnect, once more|for a handle that is not connected/,
  },
  {
    verdict: "jelling",
    why: "There is no request to reply to: Command Disallowed. Vol 1, Part F, 2.12",
    where: /unasked|a key that nobody asked for/,
  },
  {
    verdict: "both",
    why: "Without the Connection Parameters Request procedure there is no event. Vol 6, Part B, 5.1.7",
    where: /from the peripheral .* LE Connection Update/,
  },
  {
    verdict: "jelling",
    why: "The answer names the connection handle. Vol 4, Part E, 7.8.31",
    where: /from the peripheral .* Reply/,
  },
  {
    verdict: "jelling",
    why: "Hosts of LE do not send the flags 0b10. Vol 4, Part E, 5.4.2",
    where: /^data .* flags/,
  },
  {
    verdict: "jelling",
    why: "On a link that is encrypted already the key is refreshed. Vol 4, Part E, 7.8.24",
    where: /to refresh the key/,
  },
  {
    verdict: "jelling",
    why: "Only the central's host enables encryption. Vol 4, Part E, 7.8.24",
    where: /^encryption by the peripheral/,
  },
  {
    verdict: "jelling",
    why: "Session keys are not compared: who gets a packet it cannot verify loses the link, and the other one a supervision timeout later. Vol 6, Part B, 5.1.3.1",
    where: /^encryption with unequal keys/,
  },
  {
    verdict: "both",
    why: "An answer that is not Success may leave out return parameters, but for the handle. Vol 4, Part E, 4.5",
    where: /sets .* while advertising$|Resolvable Address/,
  },
  {
    verdict: "jelling",
    why: "Extended and legacy commands do not mix. Vol 4, Part E, 3.1.1",
    where: /after extended commands/,
  },
  {
    verdict: "jelling",
    why: "Advertising_SID is that of the set, 0xff where the PDU has none; legacy PDUs have no secondary PHY. Vol 4, Part E, 7.7.65.13",
    where: /^extended advertisements being heard/,
  },
  {
    verdict: "jelling",
    why: "Scanners of the extended commands report legacy PDUs too. Vol 4, Part E, 7.7.65.13",
    where: /^legacy advertisements heard/,
  },
  {
    verdict: "jelling",
    why: "There is no such set: Unknown Advertising Identifier. Vol 4, Part E, 7.8.63",
    where: /^periodic advertising without a set/,
  },
  {
    verdict: "jelling",
    why: "One is pending: Command Disallowed. Vol 4, Part E, 7.8.67",
    where: /Create Sync, once more/,
  },
  {
    verdict: "jelling",
    why: "It is not on the list: Unknown Connection Identifier. Vol 4, Part E, 7.8.39",
    where: /Remove Device From Resolving List/,
  },
  {
    verdict: "both",
    why: "The Controller should, not shall, refuse an entry that is there already. Vol 4, Part E, 7.8.38",
    where: /Add Device To Resolving List, once more/,
  },
  {
    verdict: "jelling",
    why: "Values out of their range, or that do not go together, are Invalid HCI Command Parameters. Vol 1, Part F, 2.18",
    where:
      /parameters|sets|set twice|Connection Update, a|no reason|without a PHY|an? \w+ (below|that is not there)/,
  },
];

/** What we think of a difference; `undefined` if nobody has looked at it yet. */
export function judgementOf({ script, step }: Difference): Judgement | undefined {
  return judgements.find(({ where }) => where.test(`${script} / ${step.replace(/^[ab]: /, "")}`));
}
