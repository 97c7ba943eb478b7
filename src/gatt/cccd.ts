import type { Attribute } from "../att/attribute-table.ts";
import { ErrorCode } from "../att/error-code.ts";
import { u16At } from "../common/bytes.ts";
import { GattType } from "./declaration.ts";
import type { ServedClient } from "./served-client.ts";

/**
 * The Client Characteristic Configuration descriptor: one attribute with a value of its own for each client, 0x0000
 * when it connects. Vol 3, Part G, 3.3.3.3.
 *
 * @param allowed - The bits that the characteristic's properties allow.
 */
export function clientConfiguration(
  handle: number,
  valueHandle: number,
  allowed: number,
): Attribute<ServedClient> {
  return {
    handle,
    type: GattType.ClientCharacteristicConfiguration,
    groupEnd: handle,
    read(client, _offset, done) {
      const bits = client.configurations.get(valueHandle) ?? 0;
      done(Uint8Array.of(bits, bits >> 8));
    },
    write(client, { value }, done) {
      if (value.length !== 2) {
        done(ErrorCode.InvalidAttributeValueLength);
        return;
      }
      const bits = u16At(value, 0);
      if ((bits & ~allowed) !== 0) {
        done(ErrorCode.CccdImproperlyConfigured);
        return;
      }
      client.configurations.set(valueHandle, bits);
      done(undefined);
    },
  };
}
