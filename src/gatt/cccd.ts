import type { AgreedWrite, Attribute } from "../att/attribute-table.ts";
import { ErrorCode } from "../att/error-code.ts";
import { overlayFixed } from "../att/overlay.ts";
import { u16At } from "../common/bytes.ts";
import { GattType } from "./declaration.ts";
import type { ServedClient } from "./served-client.ts";

/** What it depends on who may subscribe. */
export type SubscriptionRules = Pick<Attribute<ServedClient>, "refusal" | "authorize">;

/**
 * The Client Characteristic Configuration descriptor: one attribute with a value of its own for each client, 0x0000
 * when it connects and is not bonded. It has a fixed length of 2 octets. Vol 3, Part G, 3.3.3.3.
 *
 * @param allowed - The bits that the characteristic's properties allow.
 * @param rules - For writing. Everyone may read it.
 */
export function clientConfiguration(
  handle: number,
  valueHandle: number,
  allowed: number,
  rules: SubscriptionRules,
): Attribute<ServedClient> {
  const valueFor = (client: ServedClient): Uint8Array => {
    const bits = client.configuration(valueHandle);
    return Uint8Array.of(bits, bits >> 8);
  };
  const bitsFor = (client: ServedClient, octets: Uint8Array): { readonly configured: number } | ErrorCode => {
    const whole = overlayFixed(valueFor(client), 0, octets);
    if (typeof whole === "number") return whole;
    const configured = u16At(whole, 0);
    return (configured & ~allowed) === 0 ? { configured } : ErrorCode.CccdImproperlyConfigured;
  };
  return {
    handle,
    type: GattType.ClientCharacteristicConfiguration,
    groupEnd: handle,
    ...rules,
    read(client, _offset, done) {
      done(valueFor(client));
    },
    write(client, { value }, done) {
      const bits = bitsFor(client, value);
      if (typeof bits === "object") {
        client.configure(valueHandle, bits.configured);
        done(undefined);
      } else done(bits);
    },
    propose(client, { value }, done) {
      const bits = bitsFor(client, value);
      if (typeof bits === "object") done(proposed(client, valueHandle, bits.configured));
      else done(bits);
    },
    compose: (client, before, offset, octets) => overlayFixed(before ?? valueFor(client), offset, octets),
  };
}

/** A configuration that is written together with other values. */
function proposed(client: ServedClient, valueHandle: number, bits: number): AgreedWrite {
  const before = client.configuration(valueHandle);
  return {
    keep() {
      client.configure(valueHandle, bits);
      return undefined;
    },
    undo() {
      client.configure(valueHandle, before);
    },
    tell: () => undefined,
  };
}
