import { type Event, leMetaEventCode } from "../event.ts";
import * as flow from "./flow.ts";
import * as leAdvertising from "./le-advertising.ts";
import * as leConnection from "./le-connection.ts";
import * as lePeriodicAdvertising from "./le-periodic-advertising.ts";
import * as lePower from "./le-power.ts";
import * as leSecurity from "./le-security.ts";
import * as link from "./link.ts";

/** Every event with a definition. For decoders: the stack itself names the events it wants. */
export const events: readonly Event<unknown>[] = [
  flow,
  link,
  leConnection,
  leSecurity,
  leAdvertising,
  lePeriodicAdvertising,
  lePower,
].flatMap((file) => Object.values<Event<unknown>>(file));

const byCode = new Map(events.map((event) => [keyOf(event.code, event.subevent), event]));

function keyOf(code: number, subevent: number | undefined): number {
  return code === leMetaEventCode ? (code << 8) | (subevent ?? 0) : code;
}

/**
 * The definition of an event, if there is one.
 *
 * @param subevent - Of an LE Meta event, the subevent code.
 */
export function eventByCode(code: number, subevent?: number): Event<unknown> | undefined {
  return byCode.get(keyOf(code, subevent));
}
