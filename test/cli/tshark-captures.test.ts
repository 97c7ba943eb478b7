import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { CaptureDecoder } from "../../cli/decode/capture-decoder.ts";
import type { DecodedPacket, Layer } from "../../cli/decode/decoded.ts";
import { readCaptureFile } from "../../transports/capture/index.ts";
import { run } from "./run.ts";

interface Capture {
  readonly file: string;
  readonly level: string;
  readonly summary: {
    readonly frames: number;
    readonly h4?: Readonly<Partial<Record<"command" | "event" | "acl", number>>>;
    readonly att?: Readonly<Record<string, number>>;
  };
}

const folder = new URL("../../../shared/captures/", import.meta.url);
const manifest = new URL("manifest.json", folder);
const captures = existsSync(manifest) ? (JSON.parse(readFileSync(manifest, "utf8")) as Capture[]) : [];
const installed = spawnSync("tshark", ["--version"]).status === 0;

/** What one frame holds, in words that our decoder and tshark share. Numbers of one kind stand in their order. */
type Row = Readonly<Record<string, string>>;

type Numbers = readonly (number | undefined)[];

/** A field of tshark, and where the same is in what was decoded. */
const columns: readonly (readonly [field: string, ours: (packet: DecodedPacket) => Numbers])[] = [
  ["bthci_cmd.opcode", (packet) => of(packet, "command").map(({ opcode }) => opcode)],
  ["bthci_evt.code", (packet) => of(packet, "event").map(({ opcode }) => opcode)],
  ["bthci_evt.le_meta_subevent", (packet) => of(packet, "event").map(({ subevent }) => subevent)],
  ["bthci_evt.opcode", (packet) => of(packet, "event").map((layer) => numberIn(layer, "commandOpcode"))],
  ["bthci_acl.chandle", (packet) => of(packet, "acl").map((layer) => numberIn(layer, "connectionHandle"))],
  ["bthci_acl.length", (packet) => of(packet, "acl").map((layer) => numberIn(layer, "length"))],
  ["btl2cap.cid", (packet) => packet.layers.map(({ cid }) => cid)],
  ["btl2cap.cmd_code", (packet) => of(packet, "signaling").map(({ opcode }) => opcode)],
  ["btatt.opcode", (packet) => on(packet, "att").map(({ opcode }) => opcode)],
  ["btsmp.opcode", (packet) => on(packet, "smp").map(({ opcode }) => opcode)],
  ["btle.advertising_header.pdu_type", (packet) => of(packet, "advertising").map(({ opcode }) => opcode)],
  ["btle.control_opcode", (packet) => of(packet, "control").map(({ opcode }) => opcode)],
  ["btle.data_header.llid", (packet) => packet.layers.map(llid)],
];

/** Frames of a capture, and why tshark is wrong about them. docs/decoding.md says the same. */
interface Exception {
  readonly file: string;
  readonly frames: readonly number[];
  readonly why: string;
}

/** Where what is there differs from what tshark (4.0.17) says. An entry that no longer differs fails the test. */
const differing: readonly Exception[] = [
  {
    file: "ll-le-secure-connections.pcapng",
    frames: [167, 170],
    why: "LL control PDUs behind LL_START_ENC_REQ are encrypted: their first octet is no opcode",
  },
  {
    file: "ll-legacy-pairing.pcap",
    frames: [1287, 1290, 1367, 1589],
    why: "LL control PDUs behind LL_START_ENC_REQ are encrypted: their first octet is no opcode",
  },
  {
    file: "ll-legacy-pairing.pcap",
    frames: [1550],
    why: "an encrypted data PDU whose first octets look like an L2CAP header by chance",
  },
];

/** Frames that tshark (4.0.17) calls malformed and that are not. An entry it no longer calls so fails the test. */
const wellFormed: readonly Exception[] = [
  {
    file: "pixel6-init-extadv.btsnoop.log",
    frames: [125, 126, 145, 146, 197, 198],
    why: "Android's APCF Enable (0xfd57, 00) has one parameter; tshark's Broadcom dissector wants a filter index behind it",
  },
  {
    file: "pongbot-pixel8.btsnoop.log",
    frames: [65],
    why: "Android's APCF Read Extended Features (0xfd57, ff) has no parameter; tshark's Broadcom dissector wants two",
  },
  {
    file: "pongbot-pixel8.btsnoop.log",
    frames: [
      119, 120, 201, 202, 288, 289, 322, 323, 599, 600, 878, 879, 945, 946, 978, 979, 1032, 1033, 1065, 1066,
      1131, 1132, 1166, 1167, 1240, 1241, 1275, 1276, 1448, 1449, 1480, 1481, 1546, 1547, 1579, 1580, 1638,
      1639, 1683, 1684,
    ],
    why: "Android's APCF Enable, as above",
  },
  {
    file: "pongbot-pixel8.btsnoop.log",
    frames: [427],
    why: "the Appearance that frame 419 asked for; tshark takes it for the characteristic declaration that frame 426 asked for on another connection",
  },
];

/** Control PDUs have the LLID 3; of the other data channel PDUs it is what stands for an opcode. */
function llid({ kind, opcode }: Layer): number | undefined {
  if (kind === "control") return 3;
  return kind === "data" ? opcode : undefined;
}

function numberIn({ fields }: Layer, name: string): number | undefined {
  const value = fields[name];
  return typeof value === "number" ? value : undefined;
}

function of({ layers }: DecodedPacket, kind: Layer["kind"]): readonly Layer[] {
  return layers.filter((layer) => layer.kind === kind);
}

function on({ layers }: DecodedPacket, name: Layer["layer"]): readonly Layer[] {
  return layers.filter(({ layer }) => layer === name);
}

const path = (file: string): string => fileURLToPath(new URL(file, folder));

function decoded(file: string): DecodedPacket[] {
  const decoder = new CaptureDecoder();
  return Array.from(readCaptureFile(path(file)), (record) => decoder.decode(record));
}

/** Numbers in the order in which the frame has them; tshark joins them with commas. */
const joined = (numbers: Numbers): string => numbers.filter((number) => number !== undefined).join();

function ours(packet: DecodedPacket): Row {
  return Object.fromEntries(columns.map(([field, read]) => [field, joined(read(packet))]));
}

function tshark(file: string): { rows: Map<number, Row>; malformed: number[] } {
  const fields = ["frame.number", "_ws.malformed", ...columns.map(([field]) => field)];
  const args = ["-r", path(file), "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  const text = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const rows = new Map<number, Row>();
  const malformed: number[] = [];
  for (const line of text.split("\n").slice(0, -1)) {
    const [number, wrong, ...values] = line.split("\t");
    if (wrong) malformed.push(Number(number));
    rows.set(
      Number(number),
      Object.fromEntries(columns.map(([field], i) => [field, plain(values[i] ?? "")])),
    );
  }
  return { rows, malformed };
}

/** Whether numbers are hex or not, and claims are written 1 or True, differs among tshark's versions. */
function plain(values: string): string {
  if (values === "") return "";
  const claims: Readonly<Record<string, number>> = { True: 1, False: 0 };
  return values
    .split(",")
    .map((value) => String(claims[value] ?? Number(value)))
    .join();
}

const framesOf = (exceptions: readonly Exception[], file: string): number[] =>
  exceptions.filter((each) => each.file === file).flatMap(({ frames }) => frames);

const byNumber = (a: number, b: number): number => a - b;

const why = captures.length === 0 ? "../shared/captures is absent" : "tshark is not installed";

describe.skipIf(captures.length === 0 || !installed)(
  `captures from the field, packet by packet as tshark has them (skipped where ${why})`,
  () => {
    describe.each(captures)("$file", ({ file, summary }) => {
      let packets: DecodedPacket[];
      let theirs: ReturnType<typeof tshark>;

      beforeAll(() => {
        packets = decoded(file);
        theirs = tshark(file);
      });

      it("has as many packets", () => {
        expect(packets).toHaveLength(summary.frames);
        expect(packets.map(({ number }) => number)).toEqual([...theirs.rows.keys()]);
      });

      it("has the same commands, events, ACL packets, channels and PDUs in each of them", () => {
        const differ = packets.filter((packet) => {
          const row = theirs.rows.get(packet.number);
          return !row || columns.some(([field]) => ours(packet)[field] !== row[field]);
        });
        expect(differ.map(({ number }) => number)).toEqual(framesOf(differing, file).sort(byNumber));
        for (const { layers } of differ) expect(layers.map(({ note }) => note)).toEqual(["encrypted"]);
      });

      it("has nothing malformed, whatever tshark says", () => {
        const malformed = packets.filter(({ layers }) =>
          layers.some((layer) => layer.malformed !== undefined),
        );
        expect(malformed.map(({ number }) => number)).toEqual([]);
        expect(theirs.malformed).toEqual(framesOf(wellFormed, file).sort(byNumber));
      });
    });

    it("compares something: no column is empty in all captures", () => {
      const packets = captures.flatMap(({ file }) => decoded(file));
      const empty = columns.filter(([, read]) => packets.every((packet) => joined(read(packet)) === ""));
      expect(empty.map(([field]) => field)).toEqual([]);
    });
  },
);

describe.skipIf(captures.length === 0)(
  "jelling decode on captures from the field (skipped where ../shared/captures is absent)",
  () => {
    it.each(captures)("prints each packet of $file, and counts what it has", async ({ file, summary }) => {
      const text = await run(["decode", path(file)]);
      expect({ ...text, stdout: "" }).toEqual({ status: 0, stdout: "", stderr: "" });
      expect(text.stdout.split("\n").slice(0, -1)).toHaveLength(summary.frames);
      expect(text.stdout).not.toContain("MALFORMED");

      const json = await run(["decode", path(file), "--json"]);
      const objects = json.stdout.split("\n").slice(0, -1);
      expect(objects.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual(
        Array.from({ length: summary.frames }, (_, i) => i + 1),
      );

      const counted = await run(["decode", path(file), "--summary", "--json"]);
      const { packets, counts } = JSON.parse(counted.stdout) as {
        packets: number;
        counts: { layer: string; kind: string; count: number }[];
      };
      const sum = (key: "layer" | "kind", value: string): number =>
        counts.filter((count) => count[key] === value).reduce((total, { count }) => total + count, 0);
      const { h4 = {}, att = {} } = summary;
      expect({
        packets,
        command: sum("kind", "command"),
        event: sum("kind", "event"),
        acl: sum("kind", "acl"),
        att: sum("layer", "att"),
      }).toEqual({
        packets: summary.frames,
        command: 0,
        event: 0,
        acl: 0,
        ...h4,
        att: Object.values(att).reduce((total, count) => total + count, 0),
      });
    });
  },
);
