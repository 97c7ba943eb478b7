import type { Scenario } from "./scenario.ts";
import { readOctets, sduOctets, streamOctets, writeOctets } from "./values.ts";

const collectorInHand = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];
const stream = { floor: true, bleHost: true, octets: streamOctets, cost: "cpu", repeated: true } as const;
const roundTrip = { floor: true, bleHost: true, cost: "cpu", repeated: true } as const;

/** Everything that is measured, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  {
    ...stream,
    name: "notification",
    title: `notification, ${streamOctets} octets`,
    load: async () => (await import("./scenarios/stream.ts")).notification,
  },
  {
    ...stream,
    bleHost: false,
    name: "notification-iterated",
    title: `the same, iterated with \`for await\``,
    load: async () => (await import("./scenarios/stream.ts")).notificationIterated,
  },
  {
    ...stream,
    name: "write-without-response",
    title: `write without response, ${streamOctets} octets`,
    load: async () => (await import("./scenarios/stream.ts")).writeWithoutResponse,
  },
  {
    ...roundTrip,
    name: "read",
    title: `read, ${readOctets} octets, round trip`,
    load: async () => (await import("./scenarios/round-trip.ts")).read,
  },
  {
    ...roundTrip,
    name: "write",
    title: `write, ${writeOctets} octets, round trip`,
    load: async () => (await import("./scenarios/round-trip.ts")).write,
  },
  ...sduOctets.map((octets): Scenario => ({
    floor: true,
    bleHost: octets <= 2048,
    octets,
    cost: "cpu",
    repeated: true,
    name: `coc-${octets}`,
    title: `SDU of a credit-based channel, ${octets} octets`,
    load: async () => (await import("./scenarios/channel.ts")).channel(octets),
  })),
  {
    name: "discovery-first",
    title: "discovery of 20 services x 5 characteristics, the first of a process",
    floor: false,
    bleHost: true,
    cost: "cpu",
    repeated: false,
    load: async () => (await import("./scenarios/discovery.ts")).firstDiscovery,
  },
  {
    name: "discovery",
    title: "the same, again and again",
    floor: false,
    bleHost: false,
    cost: "cpu",
    repeated: false,
    load: async () => (await import("./scenarios/discovery.ts")).discovery,
  },
  {
    name: "pairing",
    title: "pairing by LE Secure Connections, Just Works, the first of a process",
    floor: false,
    bleHost: true,
    cost: "cpu",
    repeated: false,
    load: async () => (await import("./scenarios/pairing.ts")).pairing,
  },
  {
    name: "import",
    title: "import of the package",
    floor: false,
    bleHost: true,
    cost: "cpu",
    repeated: false,
    load: async () => (await import("./scenarios/import.ts")).importPackage,
  },
  {
    name: "allocation",
    title: `allocated per notification, ${streamOctets} octets`,
    floor: true,
    bleHost: true,
    cost: "memory",
    repeated: true,
    nodeOptions: collectorInHand,
    load: async () => (await import("./scenarios/stream.ts")).notificationAllocation,
  },
];
