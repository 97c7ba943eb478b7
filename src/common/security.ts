import type { BleError } from "./errors.ts";
import type { Done } from "./procedure.ts";

/** How well a link is protected at this moment. Vol 3, Part C, 10.2. */
export interface SecurityState {
  readonly encrypted: boolean;
  /** The key comes of a pairing that a man in the middle would have been noticed in. */
  readonly authenticated: boolean;
  /** The key comes of LE Secure Connections. */
  readonly secureConnections: boolean;
  /** Octets of the encryption key, 7 to 16; 0 while the link is not encrypted. */
  readonly keySize: number;
  /** The keys are kept for the next time. */
  readonly bonded: boolean;
}

/** A link without any protection. Vol 3, Part C, 10.2.1, level 1. */
export const unprotected: SecurityState = {
  encrypted: false,
  authenticated: false,
  secureConnections: false,
  keySize: 0,
  bonded: false,
};

/** What something asks of the link before it is given. Each that is left out is not asked. */
export interface SecurityRequirement {
  /** Encrypted with any key. Security mode 1 level 2; Vol 3, Part C, 10.2.1. */
  readonly encrypted?: boolean;
  /** Encrypted with an authenticated key: level 3. Asks for encryption too. */
  readonly authenticated?: boolean;
  /** Encrypted with a key of LE Secure Connections: with `authenticated` and 16 octets, level 4. */
  readonly secureConnections?: boolean;
  /** The least octets of the encryption key, 7 to 16. Asks for encryption too. */
  readonly keySize?: number;
}

/** What a link lacks for a requirement; the names are those of the ATT and L2CAP answers. Vol 3, Part C, 10.3.1. */
export type SecurityLack = "authentication" | "encryption" | "keySize";

/**
 * What the link lacks first, in the order in which the specification has it answered: without encryption it depends on
 * whether there is a key to encrypt with. Vol 3, Part C, 10.3.1.
 *
 * @param hasKey - Whether both sides have a key already that encryption could begin with.
 * @returns `undefined` when the link meets the requirement.
 */
export function lackOf(
  state: SecurityState,
  requirement: SecurityRequirement,
  hasKey: boolean,
): SecurityLack | undefined {
  const { authenticated, secureConnections, keySize } = requirement;
  if (!asksAnything(requirement)) return undefined;
  if (!state.encrypted) return hasKey ? "encryption" : "authentication";
  const isWeak = [authenticated && !state.authenticated, secureConnections && !state.secureConnections];
  if (isWeak.includes(true)) return "authentication";
  return keySize !== undefined && state.keySize < keySize ? "keySize" : undefined;
}

function asksAnything({
  encrypted,
  authenticated,
  secureConnections,
  keySize,
}: SecurityRequirement): boolean {
  return Boolean(encrypted) || Boolean(authenticated) || Boolean(secureConnections) || keySize !== undefined;
}

/** What the layers beside the Security Manager know of a link's security, and may ask for. The host wires it. */
export interface LinkSecurity {
  readonly state: SecurityState;
  /** Whether a key exists that both sides should have. */
  readonly hasKey: boolean;
  /**
   * Raises the link's security until it meets the requirement: encrypts with the key there is, or pairs, as the program
   * has configured. Once: a link that cannot meet it ends with the reason. At once when it is met already.
   */
  raise(requirement: SecurityRequirement, done: Done<undefined>): void;
  /** Calls within the turn in which {@link state} has changed. */
  onChange(changed: (state: SecurityState) => void): void;
}

/** A link whose security nobody can raise: `raise` ends with the error given. */
export function insecure(refusal: () => BleError): LinkSecurity {
  return {
    state: unprotected,
    hasKey: false,
    raise: (requirement, done) => {
      done(lackOf(unprotected, requirement, false) === undefined ? undefined : refusal());
    },
    onChange: () => undefined,
  };
}
