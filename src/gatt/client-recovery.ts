import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import type { BleError } from "../common/errors.ts";
import type { Done, Outcome } from "../common/procedure.ts";
import type { LinkSecurity, SecurityRequirement, SecurityState } from "../common/security.ts";

/** What a request is about, as far as its failure is concerned. */
export interface Subject {
  /** For messages: "characteristic 2a37". */
  readonly label: string;
  /**
   * The server says that its attributes are not what this client thinks. Learns whether this one still is, and tells
   * why not where it is not.
   */
  confirm(done: Done<undefined>): void;
}

/** What can be done about a refusal, each thing once for one request. */
type Remedy = SecurityRequirement | "confirm" | "again";

/**
 * Sends requests and, where the server refuses for a reason that can be mended, mends it and sends the request again:
 * for want of encryption or of a better key the link's security is raised (Vol 3, Part C, 10.3.2), and a client whose
 * picture of the attributes is out of date renews it (Vol 3, Part G, 2.5.2.1).
 */
export class RecoveringRequester implements Requester {
  readonly #requester: Requester;
  readonly #security: LinkSecurity | undefined;
  readonly #subject: Subject;

  /** @param security - Absent where it is not to be raised. */
  constructor(requester: Requester, security: LinkSecurity | undefined, subject: Subject) {
    this.#requester = requester;
    this.#security = security;
    this.#subject = subject;
  }

  get mtu(): number {
    return this.#requester.mtu;
  }

  request(
    head: Uint8Array,
    body: Uint8Array | undefined,
    answer: number,
    done: Done<Uint8Array>,
    signal?: Abandoned,
  ): void {
    let tried: Set<string> | undefined;
    let sent: SecurityState | undefined;
    const attempt = (): void => {
      sent = this.#security?.state;
      this.#requester.request(head, body, answer, answered, signal);
    };
    const answered = (outcome: Outcome<Uint8Array>): void => {
      if (!(outcome instanceof AttError)) {
        done(outcome);
        return;
      }
      const remedy = signal?.aborted ? undefined : this.#remedyFor(outcome.status, sent);
      const name = JSON.stringify(remedy);
      if (remedy === undefined || tried?.has(name)) {
        done(this.#explained(outcome));
        return;
      }
      tried ??= new Set();
      tried.add(name);
      this.#mend(remedy, (failure) => {
        if (failure === undefined) attempt();
        else done(remedy === "confirm" ? failure : this.#explained(outcome, failure));
      });
    };
    attempt();
  }

  #remedyFor(status: ErrorCode, sent: SecurityState | undefined): Remedy | undefined {
    if (status === ErrorCode.DatabaseOutOfSync) return "confirm";
    const state = this.#security?.state;
    if (!state || !securityStatuses.has(status)) return undefined;
    // While it was on its way another request, or the program, has raised what this one was refused for.
    if (sent && isBetter(state, sent)) return "again";
    return requirementFor(status, state);
  }

  #mend(remedy: Remedy, done: Done<undefined>): void {
    if (remedy === "again") done(undefined);
    else if (remedy === "confirm") this.#subject.confirm(done);
    else this.#security?.raise(remedy, done);
  }

  #explained({ status, handle }: AttError, cause?: BleError): AttError {
    return new AttError(status, handle, { about: this.#subject.label, ...(cause && { cause }) });
  }
}

/** Refusals that more security of the link may mend. */
const securityStatuses: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.InsufficientAuthentication,
  ErrorCode.InsufficientEncryption,
  ErrorCode.EncryptionKeySizeTooShort,
]);

function isBetter(now: SecurityState, then: SecurityState): boolean {
  return (
    (now.encrypted && !then.encrypted) ||
    (now.authenticated && !then.authenticated) ||
    (now.secureConnections && !then.secureConnections) ||
    now.keySize > then.keySize
  );
}

/** What the link lacks by the server's answer; `undefined` where it has all that can be given. Vol 3, Part C, 10.3.2. */
function requirementFor(status: ErrorCode, state: SecurityState): SecurityRequirement | undefined {
  const { encrypted, authenticated, keySize } = state;
  switch (status) {
    case ErrorCode.InsufficientAuthentication:
      if (!encrypted) return { encrypted: true };
      return authenticated ? undefined : { authenticated: true };
    case ErrorCode.InsufficientEncryption:
      return encrypted ? undefined : { encrypted: true };
    case ErrorCode.EncryptionKeySizeTooShort:
      return keySize < mostKeyOctets ? { keySize: mostKeyOctets } : undefined;
    default:
      return undefined;
  }
}

const mostKeyOctets = 16;
