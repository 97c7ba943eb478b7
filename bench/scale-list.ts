import type { ScaleScenario } from "./scale-figure.ts";

const collector = ["--expose-gc"];

/** Everything that is measured with `--scale`, in the order of the report. */
export const scaleScenarios: readonly ScaleScenario[] = [
  {
    name: "notify-each",
    title:
      "One host alone that notifies N clients of 244 octets, each in a loop of its own with `to`; a packet",
    load: async () => (await import("./scenarios/scale-streams.ts")).notifyingEach,
  },
  {
    name: "notify-all",
    title: "The same, all with one `notify`; a packet",
    load: async () => (await import("./scenarios/scale-streams.ts")).notifyingAll,
  },
  {
    name: "notify-hosts",
    title:
      "A host that notifies N hosts, each in a loop of its own, with these and all controllers; a packet",
    load: async () => (await import("./scenarios/scale-streams.ts")).notifyingHosts,
  },
  {
    name: "notified-by-hosts",
    title: "A host that N hosts notify, with these and all controllers; a packet",
    load: async () => (await import("./scenarios/scale-streams.ts")).notifiedByHosts,
  },
  {
    name: "attributes",
    title: "Requests to a server of 10 attributes and to one of 10,000, a round trip each",
    load: async () => (await import("./scenarios/scale-attributes.ts")).attributes,
  },
  {
    name: "reports",
    title: "Advertising reports to a scan, one event each",
    load: async () => (await import("./scenarios/scale-reports.ts")).reports,
  },
  {
    name: "reports-memory",
    title: "What a scan remembers",
    nodeOptions: collector,
    load: async () => (await import("./scenarios/scale-reports.ts")).reportsMemory,
  },
  {
    name: "blocking",
    title: "The longest that the event loop does nothing else: two hosts, their controllers, the collector",
    load: async () => (await import("./scenarios/scale-blocking.ts")).blocking,
  },
  {
    name: "latency-air",
    title: "Read round trips in the time of a radio: LE 1M, interval 15 ms, 12 buffers in the controller",
    load: async () => (await import("./scenarios/scale-latency.ts")).latencyOnAir,
  },
  {
    name: "latency",
    title: "Read round trips over the instant radio, on the wall",
    load: async () => (await import("./scenarios/scale-latency.ts")).latencyAtOnce,
  },
  {
    name: "weight",
    title: "What one host keeps, alone on its heap",
    nodeOptions: collector,
    load: async () => (await import("./scenarios/scale-weight.ts")).weight,
  },
  {
    name: "hour",
    title: "An hour of virtual time: three links, a scan, a visitor that pairs every 20 s",
    nodeOptions: collector,
    load: async () => (await import("./scenarios/scale-hour.ts")).hour,
  },
];
