import {
  LeEnableEncryption,
  LeLongTermKeyRequestNegativeReply,
  LeLongTermKeyRequestReply,
} from "../../../src/hci/commands/le-encryption.ts";
import { Status } from "../../../src/hci/status.ts";
import {
  type CommandHandler,
  completesForLink,
  defersForLink,
  nothing,
  type Refusal,
} from "../command-handler.ts";
import { startEncryption } from "../encryption-procedure.ts";
import type { LinkEnd } from "../link-end.ts";
import { Role } from "../role.ts";
import type { KeyRequest } from "../link-encryption.ts";

/** LE Encryption. Vol 4, Part E, 7.8.24 to 7.8.26. */
export const leEncryption: readonly CommandHandler[] = [
  defersForLink(
    LeEnableEncryption,
    ({ role, encryption }) =>
      role === Role.Central && !encryption.starting ? Status.Success : Status.CommandDisallowed,
    { then: startEncryption },
  ),
  completesForLink(LeLongTermKeyRequestReply, answers, {
    then(end, { longTermKey }) {
      taken(end)?.reply(longTermKey);
    },
  }),
  completesForLink(LeLongTermKeyRequestNegativeReply, answers, {
    then(end) {
      taken(end)?.refuse();
    },
  }),
];

/** Whether the host has been asked. */
function answers({ encryption }: LinkEnd): typeof nothing | Refusal {
  return encryption.request ? nothing : Status.CommandDisallowed;
}

/** What it has been asked, once. */
function taken({ encryption }: LinkEnd): KeyRequest | undefined {
  const { request } = encryption;
  encryption.request = undefined;
  return request;
}
