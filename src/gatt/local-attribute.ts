import type { Attribute } from "../att/attribute-table.ts";
import type { Uuid } from "../common/uuid.ts";
import type { SubscriptionRules } from "./cccd.ts";
import type { LocalValue } from "./local-value.ts";
import type { ServedClient } from "./served-client.ts";

/** An attribute whose value is always the same and that everyone may read: a declaration. Vol 3, Part G, 3.1 to 3.3. */
export function constantAttribute(
  handle: number,
  type: Uuid,
  constant: Uint8Array,
  groupEnd: number = handle,
): Attribute<ServedClient> {
  return {
    handle,
    type,
    groupEnd,
    constant,
    read(_client, _offset, done) {
      done(constant);
    },
  };
}

/** The attribute that a value of the program is, for its clients. */
export function valueAttribute(handle: number, value: LocalValue): Attribute<ServedClient> {
  const attribute: Attribute<ServedClient> = {
    handle,
    type: value.uuid,
    groupEnd: handle,
    refusal: ({ security }, access) => value.refusal(access, security),
  };
  if (value.readable) {
    attribute.read = ({ connection }, offset, done) => {
      value.read(connection, offset, done);
    };
  }
  if (value.changeable) {
    attribute.write = ({ connection }, write, done) => {
      value.write(connection, write, done);
    };
    attribute.propose = ({ connection }, write, done) => {
      value.propose(connection, write, done);
    };
    attribute.compose = (_client, before, offset, octets) => value.compose(before, offset, octets);
  }
  if (value.asksFor("read") || value.asksFor("write")) {
    attribute.authorize = ({ connection }, access, done) => {
      const asked = access === "read" ? "read" : "write";
      if (value.asksFor(asked)) value.authorize({ connection, access: asked }, done);
      else done(true);
    };
  }
  return attribute;
}

/** Who may subscribe to a value. Reading one's own subscription is free. */
export function subscriptionRules(value: LocalValue): SubscriptionRules {
  const rules: SubscriptionRules = {
    refusal: ({ security }, access) => (access === "read" ? undefined : value.refusal("subscribe", security)),
  };
  if (value.asksFor("subscribe")) {
    rules.authorize = ({ connection }, access, done) => {
      if (access === "read") done(true);
      else value.authorize({ connection, access: "subscribe" }, done);
    };
  }
  return rules;
}
