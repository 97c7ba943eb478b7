import type { Address } from "../src/common/address.ts";
import { ExchangeMtuRequest } from "../src/att/pdu.ts";
import type { Adversary, WaitOptions } from "./adversary.ts";
import { InvariantError } from "./invariant.ts";

/**
 * A peripheral lets a new central connect and answers it, whatever was done to it before. Vol 3, Part F, 3.4.2.1.
 *
 * @throws {@link InvariantError} It does not advertise any more, or does not answer.
 */
export async function staysAlive(
  adversary: Adversary,
  address: Address | string,
  { timeoutMs = 30_000 }: WaitOptions = {},
): Promise<void> {
  const link = await adversary.connect(address, { timeoutMs }).catch((cause: unknown) => {
    throw new InvariantError("staysAlive", `${String(address)} lets nobody connect any more`, { cause });
  });
  const answer = await link.ask(ExchangeMtuRequest.encode({ mtu: 23 }), { timeoutMs });
  await link.disconnect();
  if (answer) return;
  throw new InvariantError("staysAlive", `${String(address)} does not answer ATT_EXCHANGE_MTU_REQ any more`);
}
