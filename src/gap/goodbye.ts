import type { Clock } from "../common/clock.ts";
import { Disconnect } from "../hci/commands/link-control.ts";
import { DisconnectedError, HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";

/** What a link ends with. */
export interface Goodbye {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly handle: number;
  readonly supervisionTimeoutMs: number;
  /** A `Status` that HCI_Disconnect allows. */
  readonly reason: number;
  /** The controller does not say that the link is gone, or has not known it any more. */
  readonly lost: (reason: DisconnectedError) => void;
}

/** How long the controller may take beyond the supervision timeout to say that a link is gone, in ms. */
const disconnectionGrace = 5_000;

/**
 * Ends a link once the peer has what is queued for it, or the supervision timeout is over: a controller told to
 * disconnect need not send what it holds, and gets nothing more. What is sent later is not waited for.
 * Vol 4, Part E, 7.1.6.
 *
 * A peer that is not who it should be (Authentication Failure) gets nothing more.
 *
 * @returns To be disposed of when the link is gone.
 */
export function sayGoodbye({ hci, clock, handle, supervisionTimeoutMs, reason, lost }: Goodbye): Disposable {
  let timer: Disposable | undefined;
  let said = false;
  const say = (): void => {
    if (said) return;
    said = true;
    timer?.[Symbol.dispose]();
    timer = clock.after(supervisionTimeoutMs + disconnectionGrace, () => {
      lost(new DisconnectedError(Status.ConnectionTimeout));
    });
    hci.send(Disconnect, { connectionHandle: handle, reason }, (outcome) => {
      // It has lost the link and not said so. Any other refusal means that the link is ending as it is: wait for that.
      if (outcome instanceof HciError && outcome.status === Status.UnknownConnectionIdentifier) {
        lost(new DisconnectedError(Status.UnspecifiedError));
      }
    });
  };
  if (reason === Status.AuthenticationFailure) say();
  else {
    timer = clock.after(supervisionTimeoutMs, say);
    hci.acl.whenEmpty(handle, (open) => {
      if (open) say();
    });
  }
  return {
    [Symbol.dispose]: () => {
      said = true;
      timer?.[Symbol.dispose]();
    },
  };
}
