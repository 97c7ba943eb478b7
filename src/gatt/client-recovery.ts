import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import type { BleError } from "../common/errors.ts";
import type { Done, Outcome } from "../common/procedure.ts";
import type { LinkSecurity, SecurityRequirement, SecurityState } from "../common/security.ts";

/** What a request is about, as far as its failure is concerned. */
export interface Subject {
  /** What an attribute of it is, for messages: "characteristic 2a37". */
  about(handle: number): string;
  /** Whether the server's services have changed, and it is not known yet whether it is still what it was. */
  readonly inDoubt: boolean;
  /** Calls when that is known, with the reason where it is not what it was; at once where there is no doubt. */
  settle(done: Done<undefined>): void;
  /** Whether a refusal may mean that the attributes are not what this client thinks. */
  suspects(status: ErrorCode): boolean;
  /** Looks, after such a refusal, and calls as {@link settle} does. */
  confirm(status: ErrorCode, done: Done<undefined>): void;
}

/** What can be done about a refusal, each thing once for one request. */
type Remedy = SecurityRequirement | "confirm" | "again";

/**
 * Sends requests and, where the server refuses for a reason that can be mended, mends it and sends the request again:
 * for want of encryption or of a better key the link's security is raised (Vol 3, Part C, 10.3.2), and a client whose
 * picture of the attributes is out of date renews it (Vol 3, Part G, 2.5.2.1).
 *
 * A request that waits in line while that comes to light is held until the picture is right again: it then goes out, or
 * fails where its attribute is gone.
 */
export class RecoveringRequester implements Requester {
  /** @internal For its attempts, as all that follows. */
  readonly requester: Requester;
  readonly subject: Subject;
  readonly security: LinkSecurity | undefined;

  /** @param security - Absent where it is not to be raised. */
  constructor(requester: Requester, security: LinkSecurity | undefined, subject: Subject) {
    this.requester = requester;
    this.security = security;
    this.subject = subject;
  }

  get mtu(): number {
    return this.requester.mtu;
  }

  request(
    head: Uint8Array,
    body: Uint8Array | undefined,
    answer: number,
    done: Done<Uint8Array>,
    signal?: Abandoned,
  ): void {
    new Attempt(this, { head, body, answer }, done, signal).make();
  }

  remedyFor(status: ErrorCode, sent: SecurityState | undefined): Remedy | undefined {
    if (this.subject.suspects(status)) return "confirm";
    const state = this.security?.state;
    if (!state || !securityStatuses.has(status)) return undefined;
    // While it was on its way another request, or the program, has raised what this one was refused for.
    if (sent && isBetter(state, sent)) return "again";
    return requirementFor(status, state);
  }

  mend(remedy: Remedy, status: ErrorCode, done: Done<undefined>): void {
    if (remedy === "again") done(undefined);
    else if (remedy === "confirm") this.subject.confirm(status, done);
    else this.security?.raise(remedy, done);
  }

  explained({ status, handle }: AttError, cause?: BleError): AttError {
    const advice = adviceOn(status, this.security?.state);
    return new AttError(status, handle, {
      about: this.subject.about(handle),
      advice,
      ...(cause && { cause }),
    });
  }
}

interface Request {
  readonly head: Uint8Array;
  readonly body: Uint8Array | undefined;
  readonly answer: number;
}

/**
 * One request, until it has its answer. A class, and no closures within each other: reading a value is little more than
 * this.
 */
class Attempt implements Abandoned {
  readonly #sender: RecoveringRequester;
  readonly #request: Request;
  readonly #done: Done<Uint8Array>;
  readonly #signal: Abandoned | undefined;
  #tried: Set<string> | undefined;
  /** The security of the link when it was sent. */
  #sent: SecurityState | undefined;

  constructor(
    sender: RecoveringRequester,
    request: Request,
    done: Done<Uint8Array>,
    signal: Abandoned | undefined,
  ) {
    this.#sender = sender;
    this.#request = request;
    this.#done = done;
    this.#signal = signal;
  }

  make(): void {
    const { requester, security, subject } = this.#sender;
    if (subject.inDoubt) {
      this.#hold();
      return;
    }
    this.#sent = security?.state;
    const { head, body, answer } = this.#request;
    requester.request(
      head,
      body,
      answer,
      (outcome) => {
        this.#answered(outcome);
      },
      this,
    );
  }

  /** Of one that waits in line: whether it is called off, or is to wait until it is known what the server has. */
  get aborted(): boolean {
    return (this.#signal?.aborted ?? false) || this.#sender.subject.inDoubt;
  }

  passedOver(): void {
    if (!this.#signal?.aborted) this.#hold();
  }

  #hold(): void {
    this.#sender.subject.settle((failure) => {
      if (failure === undefined) this.make();
      else this.#done(failure);
    });
  }

  #answered(outcome: Outcome<Uint8Array>): void {
    if (!(outcome instanceof AttError)) {
      this.#succeeded(outcome);
      return;
    }
    const remedy = this.#signal?.aborted ? undefined : this.#sender.remedyFor(outcome.status, this.#sent);
    const name = JSON.stringify(remedy);
    if (remedy === undefined || this.#tried?.has(name)) {
      this.#done(this.#sender.explained(outcome));
      return;
    }
    (this.#tried ??= new Set()).add(name);
    this.#sender.mend(remedy, outcome.status, (failure) => {
      if (failure === undefined) this.make();
      else this.#done(remedy === "confirm" ? failure : this.#sender.explained(outcome, failure));
    });
  }

  /** "Any outstanding request transaction shall be considered invalid" where its attribute has changed. 2.5.2. */
  #succeeded(outcome: Outcome<Uint8Array>): void {
    const { subject } = this.#sender;
    if (!(outcome instanceof Uint8Array) || !subject.inDoubt) {
      this.#done(outcome);
      return;
    }
    const kept = new Uint8Array(outcome); // the packet does not outlive the turn
    subject.settle((failure) => {
      this.#done(failure ?? kept);
    });
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
  const { encrypted, authenticated, secureConnections, keySize } = state;
  switch (status) {
    case ErrorCode.InsufficientAuthentication:
      if (!encrypted) return { encrypted: true };
      if (!authenticated) return { authenticated: true };
      // An authenticated key is refused only where it has to be one of LE Secure Connections: 10.3.1, Table 10.4.
      return secureConnections ? undefined : { authenticated: true, secureConnections: true };
    case ErrorCode.InsufficientEncryption:
      return encrypted ? undefined : { encrypted: true };
    case ErrorCode.EncryptionKeySizeTooShort:
      return keySize < mostKeyOctets ? { keySize: mostKeyOctets } : undefined;
    default:
      return undefined;
  }
}

const mostKeyOctets = 16;

/** What helps a program whose link is encrypted, and yet not good enough: nobody has compared or typed anything. */
function adviceOn(status: ErrorCode, state: SecurityState | undefined): string | undefined {
  if (status !== ErrorCode.InsufficientAuthentication || !state?.encrypted || state.authenticated)
    return undefined;
  return "authenticated pairing takes somebody to show or ask: register an agent on both sides (docs/agents.md)";
}
