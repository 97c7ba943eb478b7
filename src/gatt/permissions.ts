import { ErrorCode } from "../att/error-code.ts";
import {
  type LinkSecurity,
  lackOf,
  type SecurityLack,
  type SecurityRequirement,
} from "../common/security.ts";

/** What a client must bring before it may do something with a value. Vol 3, Part F, 3.2.5. */
export interface Permission extends SecurityRequirement {
  /** The program is asked each time: `onAuthorize`. Without one the agent is, once for each link and service. */
  readonly authorized?: boolean;
}

/** A {@link Permission}, or its one member by name. `none` asks for nothing. */
export type PermissionLike =
  "none" | "encrypted" | "authenticated" | "secureConnections" | "authorized" | Permission;

/** The permissions of one value. What is left out asks for nothing. */
export interface Permissions {
  readonly read?: PermissionLike;
  /** For requests, commands and prepared writes alike. */
  readonly write?: PermissionLike;
  /** To subscribe, and to be sent values. By default what reading asks. */
  readonly notify?: PermissionLike;
}

const none: Permission = {};

/** The members of a {@link Permission}. */
const members: ReadonlySet<string> = new Set([
  "encrypted",
  "authenticated",
  "secureConnections",
  "keySize",
  "authorized",
] satisfies (keyof Permission)[]);

/** Vol 3, Part C, 10.3.1. */
const errors: Readonly<Record<SecurityLack, ErrorCode>> = {
  authentication: ErrorCode.InsufficientAuthentication,
  encryption: ErrorCode.InsufficientEncryption,
  keySize: ErrorCode.EncryptionKeySizeTooShort,
};

/**
 * A permission from what a program gives for it.
 *
 * @param name - The option, for the error.
 * @throws {@link TypeError} It is no permission.
 * @throws {@link RangeError} A key size other than 7 to 16 octets.
 */
export function permissionFrom(name: string, like: PermissionLike | undefined): Permission {
  if (like === undefined || like === "none") return none;
  if (typeof like === "string") return named(name, like);
  const object: unknown = like;
  if (typeof object !== "object" || object === null) {
    throw new TypeError(`${name}: a permission is a name or an object, not ${typeof like}`);
  }
  const unknown = Object.keys(like).find((member) => !members.has(member));
  if (unknown !== undefined) throw new TypeError(`${name}: "${unknown}" is no member of a permission`);
  const { keySize } = like;
  if (keySize !== undefined && !(Number.isInteger(keySize) && keySize >= 7 && keySize <= 16)) {
    throw new RangeError(`${name}: keySize is 7 to 16 octets, not ${keySize}`);
  }
  return like;
}

function named(name: string, word: Exclude<PermissionLike, Permission | "none">): Permission {
  switch (word) {
    case "encrypted":
      return { encrypted: true };
    case "authenticated":
      return { authenticated: true };
    case "secureConnections":
      return { secureConnections: true };
    case "authorized":
      return { authorized: true };
    default: {
      const other: string = word;
      throw new TypeError(`${name}: "${other}" is no permission`);
    }
  }
}

/** Why the link is not secure enough, `undefined` when it is. Vol 3, Part C, 10.3.1. */
export function refusalOf(permission: Permission, security: LinkSecurity): ErrorCode | undefined {
  if (permission === none) return undefined;
  const lack = lackOf(security.state, permission, security.hasKey);
  return lack === undefined ? undefined : errors[lack];
}
