import type { BluezServiceOffer } from "../guest/bluez-peripheral.ts";
import { pattern } from "./our-services.ts";

/** The UUIDs of the service that a program offers through BlueZ. */
export const Theirs = {
  service: "b1000001-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  plain: "b1000002-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  long: "b1000003-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  command: "b1000004-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  notifying: "b1000005-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  indicating: "b1000006-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  everything: "b1000007-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  encrypted: "b1000008-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  authenticated: "b1000009-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  secure: "b100000a-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
  note: "b100000b-3f2b-4f6e-9c1d-0a1b2c3d4e5f",
} as const;

/** One characteristic of every kind that BlueZ knows, in this order. */
export const theirServices: readonly BluezServiceOffer[] = [
  {
    uuid: Theirs.service,
    characteristics: [
      {
        uuid: Theirs.plain,
        flags: ["read", "write"],
        value: [1, 2, 3],
        descriptors: [{ uuid: Theirs.note, flags: ["read", "write"], value: [9] }],
      },
      { uuid: Theirs.long, flags: ["read", "write"], value: [...pattern(512)] },
      { uuid: Theirs.command, flags: ["write-without-response"] },
      { uuid: Theirs.notifying, flags: ["notify"] },
      { uuid: Theirs.indicating, flags: ["indicate"] },
      {
        uuid: Theirs.everything,
        flags: [
          ...["broadcast", "read", "write-without-response", "write", "notify", "indicate"],
          ...["authenticated-signed-writes", "extended-properties", "reliable-write", "writable-auxiliaries"],
        ],
        value: [7],
      },
      { uuid: Theirs.encrypted, flags: ["encrypt-read", "encrypt-write"], value: [0xe1] },
      { uuid: Theirs.authenticated, flags: ["encrypt-authenticated-read"], value: [0xa1] },
      { uuid: Theirs.secure, flags: ["secure-read"], value: [0x5c] },
    ],
  },
];

/** What a client must see of them. */
export const theirProperties: readonly (readonly [uuid: string, properties: string])[] = [
  [Theirs.plain, "read write"],
  [Theirs.long, "read write"],
  [Theirs.command, "writeWithoutResponse"],
  [Theirs.notifying, "notify"],
  [Theirs.indicating, "indicate"],
  [
    Theirs.everything,
    "broadcast read writeWithoutResponse write notify indicate signedWrite extendedProperties",
  ],
  [Theirs.encrypted, "read write"],
  [Theirs.authenticated, "read"],
  [Theirs.secure, "read"],
];
