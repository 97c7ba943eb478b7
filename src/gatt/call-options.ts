import { checkOptions, type OptionKinds } from "../common/options.ts";

/*
 * The options that GATT's calls have, for programs that no compiler checks: one that is misspelt would pass for left
 * out, and a value would be open to everyone, or a whole subscription in vain.
 */

const valueKinds: OptionKinds = {
  read: "boolean",
  write: "boolean",
  value: "octets",
  maxLength: "number",
  fixedLength: "boolean",
  append: "boolean",
  permissions: "object",
  onRead: "function",
  onWrite: "function",
  onAuthorize: "function",
};

const descriptorKinds: OptionKinds = { ...valueKinds, writeWithoutResponse: "boolean", handle: "number" };

const characteristicKinds: OptionKinds = {
  ...valueKinds,
  writeWithoutResponse: "boolean",
  signedWrite: "boolean",
  notify: "boolean",
  indicate: "boolean",
  broadcast: "boolean",
  reliableWrite: "boolean",
  descriptors: "list",
  handle: "number",
};

const serviceKinds: OptionKinds = {
  secondary: "boolean",
  includes: "list",
  handle: "number",
  endHandle: "number",
};

const recipientKinds: OptionKinds = { to: "object", force: "boolean", signal: "signal" };
const writeKinds: OptionKinds = { offset: "number", long: "boolean", signal: "signal" };
const commandKinds: OptionKinds = { signed: "boolean", signal: "signal" };
const notificationsKinds: OptionKinds = { indicate: "boolean", capacity: "number", signal: "signal" };
const subscribeKinds: OptionKinds = { ...notificationsKinds, onValue: "function" };

/** @throws {@link TypeError} They are no options of a service. */
export function checkServiceOptions(options: unknown): void {
  checkOptions("service", options, serviceKinds, "{ secondary: true }");
}

/** @throws {@link TypeError} They are no options of a characteristic. */
export function checkCharacteristicOptions(options: unknown): void {
  checkOptions("characteristic", options, characteristicKinds, "{ write: true, notify: true }");
}

/** @throws {@link TypeError} They are no options of a descriptor. */
export function checkDescriptorOptions(options: unknown): void {
  checkOptions("descriptor", options, descriptorKinds, "{ value: Uint8Array.of(1) }");
}

/**
 * @param call - The method, as the program writes it.
 * @throws {@link TypeError} They are no options of it, or `to` is no connection.
 */
export function checkRecipients(call: string, options: unknown): void {
  if (options === undefined) return;
  checkOptions(call, options, recipientKinds, "{ to: connection }");
  const { to } = options as { readonly to?: object };
  if (to === undefined || "peerAddress" in to) return;
  throw new TypeError("to: give a connection of this host, such as `subscribers` has");
}

/** @throws {@link TypeError} They are no options of `write`. */
export function checkWriteOptions(options: unknown): void {
  if (options !== undefined) checkOptions("write", options, writeKinds, "{ offset: 10 }");
}

/** @throws {@link TypeError} They are no options of `writeWithoutResponse`. */
export function checkCommandOptions(options: unknown): void {
  if (options !== undefined)
    checkOptions("writeWithoutResponse", options, commandKinds, "{ signed: true, signal }");
}

/** @throws {@link TypeError} They are no options of `notifications`, which has no `onValue`. */
export function checkNotificationsKinds(options: unknown): void {
  checkOptions("notifications", options, notificationsKinds, "{ capacity: 64, signal }");
}

/** @throws {@link TypeError} It is no array. */
export function requireArray(name: string, values: unknown, what: string): void {
  if (!Array.isArray(values)) throw new TypeError(`${name}: give an array of ${what}`);
}

/** @throws {@link TypeError} It is no array of pairs. */
export function requirePairs(values: unknown): void {
  const what = "pairs: a characteristic and its value, [[low, Uint8Array.of(10)]]";
  requireArray("values", values, what);
  for (const pair of values as readonly unknown[]) requireArray("values", pair, what);
}

/** @throws {@link TypeError} They are no options of `subscribe`. */
export function checkSubscribeKinds(options: unknown): void {
  checkOptions("subscribe", options, subscribeKinds, "{ onValue: (value) => {}, signal }");
}
