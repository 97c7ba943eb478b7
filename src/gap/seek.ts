import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { CallOptions } from "../common/promised.ts";
import { checkConnectOptions, type ConnectOptions, linkParameters } from "./connect-options.ts";
import type { Connection } from "./connection.ts";
import { ConnectTimeoutError } from "./error.ts";
import type { Initiator } from "./initiator.ts";
import type { Scanner } from "./scanner.ts";
import { checkPatience } from "./units.ts";

/** What looks for a peer and connects to it. */
export interface Seeker {
  readonly scanner: Scanner;
  readonly initiator: Initiator;
  readonly clock: Clock;
}

/** As long as a peer that was just heard gets to answer, in ms, however long it took to hear it. */
const leastMs = 1_000;

/**
 * Connects to a bonded peer by its identity, whatever address it uses today, where the controller does not know it:
 * listens until it advertises, and connects to the address that it has then. Vol 3, Part C, 10.7.
 *
 * @throws {@link ConnectTimeoutError} It did not advertise, or not answer, in time.
 * @throws {@link RangeError} An option is out of its range.
 */
export async function connectByIdentity(
  { scanner, initiator, clock }: Seeker,
  identity: Address,
  options: ConnectOptions & CallOptions,
): Promise<Connection> {
  checkConnectOptions(options);
  const { timeoutMs = 30_000, signal } = options;
  checkPatience("timeoutMs", timeoutMs);
  linkParameters(options); // tells at once what is wrong with them
  const started = clock.now();
  const patience = new AbortController();
  const timer = clock.after(timeoutMs, () => {
    patience.abort(new ConnectTimeoutError(identity, timeoutMs));
  });
  let address: Address;
  try {
    address = await heard(scanner, identity, AbortSignal.any([patience.signal, ...(signal ? [signal] : [])]));
  } finally {
    timer[Symbol.dispose]();
  }
  const left = Math.max(timeoutMs - (clock.now() - started), Math.min(leastMs, timeoutMs));
  return initiator.connect(address, { ...options, timeoutMs: left });
}

/** The address of the peer, once it is heard. */
async function heard(scanner: Scanner, identity: Address, signal: AbortSignal): Promise<Address> {
  for await (const found of scanner.scan({ active: false, addresses: [identity], signal })) {
    if (found.connectable) return found.address;
  }
  throw new Error("a scan without a duration does not end of itself");
}
