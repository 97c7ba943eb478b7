import {
  AttError,
  characteristic,
  descriptor,
  ErrorCode,
  type Host,
  type LocalCharacteristic,
  service,
} from "../../../src/index.ts";

/** The UUIDs of the service that our peripheral offers to BlueZ. */
export const Uuids = {
  service: "6a650001-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  plain: "6a650002-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  long: "6a650003-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  command: "6a650004-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  notifying: "6a650005-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  indicating: "6a650006-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  refusing: "6a650007-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  encrypted: "6a650008-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  authenticated: "6a650009-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  note: "6a65000a-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  late: "6a65000b-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
} as const;

/** Octets that tell where they stand. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + (at >> 8) + seed) & 0xff);
}

/** What our peripheral offers to BlueZ. */
export type Offered = Readonly<
  Record<
    "plain" | "long" | "command" | "notifying" | "indicating" | "refusing" | "encrypted" | "authenticated",
    LocalCharacteristic
  >
>;

/** Offers something of every kind. */
export function offerServices(host: Host): Offered {
  return host.gatt.add(
    service(Uuids.service, {
      plain: characteristic(Uuids.plain, {
        value: Uint8Array.of(1, 2, 3),
        write: true,
        descriptors: [descriptor(Uuids.note, { value: Uint8Array.of(9), write: true })],
      }),
      long: characteristic(Uuids.long, { value: pattern(512), write: true }),
      command: characteristic(Uuids.command, { value: Uint8Array.of(0), writeWithoutResponse: true }),
      notifying: characteristic(Uuids.notifying, { notify: true }),
      indicating: characteristic(Uuids.indicating, { indicate: true }),
      refusing: characteristic(Uuids.refusing, {
        onRead: () => {
          throw new AttError(ErrorCode.ReadNotPermitted, 0);
        },
      }),
      encrypted: characteristic(Uuids.encrypted, {
        value: Uint8Array.of(0xe1),
        write: true,
        permissions: { read: "encrypted", write: "encrypted" },
      }),
      authenticated: characteristic(Uuids.authenticated, {
        value: Uint8Array.of(0xa1),
        permissions: { read: "authenticated" },
      }),
    }),
  );
}
