import type { AttBearer } from "../att/att.ts";
import { concat, requireOctets } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import { promised } from "../common/promised.ts";
import { checkRecipients, requirePairs } from "./call-options.ts";
import { LocalCharacteristic, type NotifyOptions } from "./local-characteristic.ts";
import { ClientFeature, Configuration, type ServedClient } from "./served-client.ts";
import { checkValue } from "./service-builder.ts";

/** A characteristic and the value to notify of it. */
export type CharacteristicValue = readonly [characteristic: LocalCharacteristic, value: Uint8Array];

/** Octets of a Handle Length Value Tuple without its value. Vol 3, Part F, 3.4.7.4. */
const tupleHeaderSize = 4;

/**
 * Notifies each client of those of the values that it has subscribed to, in as few PDUs as it can take. Vol 3, Part G,
 * 4.10.2.
 *
 * @returns How many clients were told of one or more.
 */
export async function notifyMultiple(
  clients: readonly ServedClient[],
  values: readonly CharacteristicValue[],
  options: NotifyOptions,
): Promise<number> {
  checkRecipients("notifyMultiple", options);
  requirePairs(values);
  for (const [characteristic, value] of values) {
    if (!(characteristic instanceof LocalCharacteristic))
      throw new TypeError("values: give characteristics of this host; of a typed one its plain");
    characteristic.checkOffer(Configuration.Notification);
    requireOctets(value);
    checkValue({ value });
  }
  options.signal?.throwIfAborted();
  const told = await Promise.all(clients.map((client) => notifyOne(client, values, options)));
  return told.filter(Boolean).length;
}

async function notifyOne(
  client: ServedClient,
  values: readonly CharacteristicValue[],
  options: NotifyOptions,
): Promise<boolean> {
  const bearers = values.map(([each]) => each.bearerTo(client, Configuration.Notification, options));
  const wanted = values.filter((_value, index) => bearers[index] !== undefined);
  const bearer = bearers.find((each) => each !== undefined);
  if (!bearer) return false;
  const takesMultiple = (client.features & ClientFeature.MultipleNotifications) !== 0;
  const groups = takesMultiple ? group(wanted, bearer.mtu - 1) : wanted.map((each) => [each]);
  const queued = await Promise.all(groups.map((each) => sendGroup(client, bearer, each, options)));
  return queued.includes(true);
}

/** As many values together as fit, in their order. One that fits with no other goes alone, cut like any notification. */
function group(values: readonly CharacteristicValue[], room: number): CharacteristicValue[][] {
  const groups: CharacteristicValue[][] = [];
  let left = 0;
  for (const each of values) {
    const size = tupleHeaderSize + each[1].length;
    const last = groups.at(-1);
    if (last && size <= left) {
      last.push(each);
      left -= size;
    } else {
      groups.push([each]);
      left = room - size;
    }
  }
  return groups;
}

async function sendGroup(
  client: ServedClient,
  bearer: AttBearer<ServedClient>,
  values: readonly CharacteristicValue[],
  options: NotifyOptions,
): Promise<boolean> {
  const [[characteristic, value], second] = values as readonly [CharacteristicValue, CharacteristicValue?];
  if (!second) return (await characteristic.notify(value, { ...options, to: client.connection })) > 0;
  // What was sent together must not be overtaken by what is sent alone later.
  for (const [{ handle }] of values) client.settle(handle, bearer);
  return promised<boolean>((done) => {
    bearer.whenRoom((outcome) => {
      if (outcome instanceof BleError) {
        done(outcome);
        return;
      }
      const { aborted } = options.signal ?? { aborted: false };
      done(!aborted && bearer.open && sendWanted(client, bearer, values, options));
    });
  }, options);
}

/** Sends those of the values that the client still wants: it may have waited long for room. */
function sendWanted(
  client: ServedClient,
  bearer: AttBearer<ServedClient>,
  values: readonly CharacteristicValue[],
  options: NotifyOptions,
): boolean {
  const [first, ...others] = values.filter(
    ([each]) => each.bearerTo(client, Configuration.Notification, options) !== undefined,
  );
  if (!first) return false;
  // A multiple notification has two values or more: Vol 3, Part F, 3.4.7.4.
  if (others.length === 0) bearer.notify(first[0].handle, first[1]);
  else bearer.notifyMultiple(tuplesOf([first, ...others]));
  return true;
}

function tuplesOf(values: readonly CharacteristicValue[]): Uint8Array {
  return concat(
    ...values.flatMap(([{ handle }, value]) => [
      Uint8Array.of(handle, handle >> 8, value.length, value.length >> 8),
      value,
    ]),
  );
}
