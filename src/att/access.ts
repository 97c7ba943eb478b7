import type { Access, Attribute, ReadResult } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import type { Serving } from "./serving.ts";

/**
 * Reads the attribute with that handle, or tells why the client may not: no such handle, not permitted at all, the
 * security of the link, the program's authorization, in this order. Where several apply, which one is told is left to
 * the server (Vol 3, Part F, 3.4.1.1); so nobody is asked to authorize what is refused anyway.
 */
export function readAttribute<Peer>(
  { table, peer }: Pick<Serving<Peer>, "table" | "peer">,
  handle: number,
  offset: number,
  done: (result: ReadResult) => void,
): void {
  const attribute = table.at(handle);
  if (!attribute?.read) {
    done(attribute ? ErrorCode.ReadNotPermitted : ErrorCode.InvalidHandle);
    return;
  }
  const refused = attribute.refusal?.(peer, "read");
  if (refused !== undefined) {
    done(refused);
    return;
  }
  if (!attribute.authorize) {
    attribute.read(peer, offset, done);
    return;
  }
  attribute.authorize(peer, "read", (granted) => {
    if (granted) attribute.read?.(peer, offset, done);
    else done(ErrorCode.InsufficientAuthorization);
  });
}

/** The attribute with that handle if the client may write it, as far as nobody need be asked; or why it may not. */
export function writableAttribute<Peer>(
  { table, peer }: Pick<Serving<Peer>, "table" | "peer">,
  handle: number,
  access: Access,
): Writable<Peer> | ErrorCode {
  const attribute = table.at(handle);
  if (!isWritable(attribute)) return attribute ? ErrorCode.WriteNotPermitted : ErrorCode.InvalidHandle;
  return attribute.refusal?.(peer, access) ?? attribute;
}

/** An attribute that can be written. */
export type Writable<Peer> = Attribute<Peer> & Required<Pick<Attribute<Peer>, "write">>;

function isWritable<Peer>(attribute: Attribute<Peer> | undefined): attribute is Writable<Peer> {
  return attribute?.write !== undefined;
}
