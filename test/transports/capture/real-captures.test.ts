import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { PacketType } from "../../../src/hci/packet.ts";
import { type CaptureRecord, readCaptureFile } from "../../../transports/capture/index.ts";
import { H4Framer } from "../../../transports/h4-framer.ts";

interface Capture {
  readonly file: string;
  readonly level: string;
  readonly summary: {
    readonly frames: number;
    readonly h4?: Readonly<Partial<Record<"command" | "event" | "acl", number>>>;
  };
}

const folder = new URL("../../../../shared/captures/", import.meta.url);
const manifest = new URL("manifest.json", folder);
const present = existsSync(manifest);
const captures = present ? (JSON.parse(readFileSync(manifest, "utf8")) as Capture[]) : [];

const records = (file: string): CaptureRecord[] => [...readCaptureFile(fileURLToPath(new URL(file, folder)))];

describe.skipIf(!present)(
  "captures from the field (../shared/captures; skipped where the folder is absent)",
  () => {
    it("are there", () => {
      expect(captures.length).toBeGreaterThan(0);
    });

    it.each(captures)("$file is read to its end", ({ file, level, summary }) => {
      const found = records(file);
      expect(found).toHaveLength(summary.frames);
      expect(found.at(-1)?.number).toBe(summary.frames);
      expect(new Set(found.map(({ kind }) => kind))).toEqual(
        new Set([level === "HCI" ? "hci" : "linkLayer"]),
      );
    });

    it.each(captures.filter(({ summary }) => summary.h4))(
      "$file has as many packets of each type",
      ({ file, summary }) => {
        const counts = { command: 0, event: 0, acl: 0, ...summary.h4 };
        const types = records(file).map(({ packet }) => packet[0]);
        const count = (type: PacketType): number => types.filter((each) => each === type).length;
        expect({
          command: count(PacketType.Command),
          event: count(PacketType.Event),
          acl: count(PacketType.AclData),
        }).toEqual(counts);
      },
    );

    it.each(captures.filter(({ level }) => level === "HCI"))(
      "$file: H4Framer finds every packet again",
      ({ file }) => {
        const whole = records(file)
          .filter(({ packet, originalLength }) => packet.length === originalLength)
          .map(({ packet }) => packet);
        const found: Uint8Array[] = [];
        const framer = new H4Framer();
        const stream = Buffer.concat(whole);
        for (let at = 0; at < stream.length; at += 61) {
          framer.push(stream.subarray(at, at + 61), { packet: (packet) => found.push(packet.slice()) });
        }
        expect(found).toEqual(whole);
      },
    );
  },
);
