import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concat } from "../../src/common/bytes.ts";
import { service } from "../../src/gatt/service-builder.ts";
import {
  batteryLevel,
  bodySensorLocation,
  type CharacteristicType,
  cscFeatures,
  cscMeasurement,
  currentTime,
  cyclingPowerFeatures,
  cyclingPowerMeasurement,
  heartRateMeasurement,
  hidInformation,
  humidity,
  localTimeInformation,
  pnpId,
  pressure,
  referenceTimeInformation,
  sensorLocation,
  systemId,
  temperatureMeasurement,
  type TypedCharacteristicDefinition,
} from "../../src/profiles/index.ts";
import { btsnoopFormat, type HciPacket } from "../../transports/capture/index.ts";
import { twoHosts } from "../support/two-hosts.ts";

const installed = spawnSync("tshark", ["--version"]).status === 0;

/** A value of ours, and what Wireshark's dissector says of its octets: field by field, hex without leading zeros. */
type Judged = readonly [TypedCharacteristicDefinition<unknown>, Readonly<Record<string, string>>];

function judged<T>(type: CharacteristicType<T>, value: T, fields: Readonly<Record<string, string>>): Judged {
  return [type.characteristic({ value }), fields];
}

const cases: readonly Judged[] = [
  judged(
    heartRateMeasurement,
    { beatsPerMinute: 300, contact: false, energyExpended: 12, rrIntervals: [1000, 500] },
    {
      "heart_rate_measurement.value.16": "300",
      "heart_rate_measurement.flags.sensor_contact_status.support": "1",
      "heart_rate_measurement.flags.sensor_contact_status.contact": "0",
      "heart_rate_measurement.energy_expended": "12",
      "heart_rate_measurement.rr_interval": "1024,512",
    },
  ),
  judged(bodySensorLocation, 5, { body_sensor_location: "0x5" }),
  judged(batteryLevel, 93, { battery_level: "93" }),
  judged(
    systemId,
    { manufacturerIdentifier: 0xfffe9abcde, organizationallyUniqueIdentifier: 0x123456 },
    { "system_id.manufacturer_identifier": "0xfffe9abcde" },
  ),
  judged(
    pnpId,
    { vendorIdSource: 2, vendorId: 0x046d, productId: 0xc51b, productVersion: 0x0111 },
    {
      "pnp_id.vendor_id_source": "0x2",
      "pnp_id.vendor_id": "0x46d",
      "pnp_id.product_id": "0xc51b",
      "pnp_id.product_version": "0x111",
    },
  ),
  judged(
    currentTime,
    {
      ...{ year: 2024, month: 2, day: 29, hours: 12, minutes: 1, seconds: 30 },
      ...{ dayOfWeek: 4, milliseconds: 500, adjustReasons: ["manual", "daylightSavingTime"] },
    },
    {
      year: "2024",
      month: "2",
      day: "29",
      hours: "12",
      minutes: "1",
      seconds: "30",
      day_of_week: "4",
      fractions256: "128",
      "adjust_reason.manual_time_update": "1",
      "adjust_reason.external_reference_time_update": "0",
      "adjust_reason.change_of_timezone": "0",
      "adjust_reason.change_of_dst": "1",
    },
  ),
  judged(
    localTimeInformation,
    { timeZoneMinutes: -210, daylightSavingMinutes: 60 },
    { timezone: "-14", dst_offset: "0x4" },
  ),
  judged(
    referenceTimeInformation,
    { source: 2, accuracy: 500, daysSinceUpdate: 3, hoursSinceUpdate: 23 },
    { time_source: "2", time_accuracy: "4", days_since_update: "3", hours_since_update: "23" },
  ),
  judged(humidity, 62.33, { humidity: "0x1859" }),
  judged(pressure, 101_319.7, { pressure: "0xf75cd" }),
  judged(
    temperatureMeasurement,
    { temperature: 36.4, type: 3 },
    {
      // Of the number itself tshark 4.0 shows nothing but 0 as a field.
      "temperature_measurement.flags.timestamp": "0",
      temperature_type: "0x3",
    },
  ),
  judged(
    cscMeasurement,
    { wheel: { count: 65_537, lastEventTime: 1000 }, crank: { count: 2, lastEventTime: 500 } },
    {
      "csc_measurement.cumulative_wheel_revolutions": "65537",
      "csc_measurement.last_event_time": "1024,512", // one field for both
      "csc_measurement.cumulative_crank_revolutions": "2",
    },
  ),
  judged(cscFeatures, ["crankRevolutions"], {
    "csc.feature.wheel_revolution_data": "0",
    "csc.feature.crank_revolution_data": "1",
  }),
  judged(sensorLocation, 12, { sensor_location: "0xc" }),
  judged(
    cyclingPowerMeasurement,
    {
      power: -10,
      pedalPowerBalance: 50.5,
      balanceOfLeft: true,
      accumulatedTorque: 2,
      wheel: { count: 5, lastEventTime: 1000 },
      crank: { count: 6, lastEventTime: 1000 },
      extremeAngles: { maximum: 0xabc, minimum: 0x123 },
      topDeadSpotAngle: 90,
      bottomDeadSpotAngle: 270,
      accumulatedEnergy: 7,
      offsetCompensated: true,
    },
    {
      "cycling_power_measurement.flags": "0x1f37",
      "cycling_power_measurement.instantaneous_power": "-10",
      "cycling_power_measurement.pedal_power_balance": "101",
      "cycling_power_measurement.accumulated_torque": "64",
      "cycling_power_measurement.wheel_revolution_data_cumulative_wheel_revolutions": "5",
      "cycling_power_measurement.wheel_revolution_data_last_wheel_event_time": "2048",
      "cycling_power_measurement.crank_revolution_data_cumulative_crank_revolutions": "6",
      "cycling_power_measurement.crank_revolution_data_last_crank_event_time": "1024",
      "cycling_power_measurement.top_dead_spot_angle": "90",
      "cycling_power_measurement.bottom_dead_spot_angle": "270",
      "cycling_power_measurement.accumulated_energy": "7",
    },
  ),
  judged(cyclingPowerFeatures, ["pedalPowerBalance", "torqueBased", "factoryCalibrationDate"], {
    cycling_power_feature: "0x50001",
  }),
  judged(
    hidInformation,
    { version: 0x0111, country: 33, flags: ["remoteWake"] },
    { "hogp.bcd_hid": "0x111", "hogp.b_country_code": "0x21" },
  ),
];

describe.skipIf(!installed)("values as tshark reads them (skipped where tshark is not installed)", () => {
  it("say there what they say here", async () => {
    const { air, central, peripheral } = await twoHosts();
    peripheral.host.gatt.add(
      service("180d", Object.fromEntries(cases.map(([definition], i) => [`${i}`, definition]))),
    );
    const packets: HciPacket[] = [];
    central.transport.onPacket = (packet, toHost) => {
      const direction = toHost ? "controllerToHost" : "hostToController";
      packets.push({ timestampMicroseconds: packets.length, direction, packet: new Uint8Array(packet) });
      return packet;
    };
    const { central: connection } = await air.connect(central, peripheral);
    const { characteristics } = await air.until(connection.gatt.service("180d"));
    const before = packets.length;
    for (const each of characteristics) await air.until(each.read());
    await air.expectNothingLeft();

    const wanted = [...new Set(cases.flatMap(([, fields]) => Object.keys(fields)))];
    const rows = dissected(packets, before, wanted);
    expect(rows.length).toBe(cases.length);
    for (const [i, [{ uuid }, fields]] of cases.entries()) {
      const said = Object.fromEntries(
        Object.keys(fields).map((name) => [name, rows[i]![wanted.indexOf(name)]]),
      );
      expect.soft(said, uuid.toString()).toEqual(fields);
    }
  });
});

/** A row of fields of `btatt` for each ATT_READ_RSP behind the first packets, the values alone. */
function dissected(packets: readonly HciPacket[], before: number, fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "jelling-"));
  try {
    const path = join(folder, "profiles.btsnoop");
    writeFileSync(
      path,
      concat(btsnoopFormat.header(), ...packets.map((packet) => btsnoopFormat.record(packet))),
    );
    const filter = `btatt.opcode == 0x0b && frame.number > ${before}`;
    const args = [
      "-r",
      path,
      "-Y",
      filter,
      "-T",
      "fields",
      ...fields.flatMap((name) => ["-e", `btatt.${name}`]),
    ];
    const text = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t").map(plain));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** How wide hex is, and whether claims are written 1 or True, differs among tshark's versions. */
function plain(value: string): string {
  if (/^0x[0-9a-f]+$/.test(value)) return `0x${Number(value).toString(16)}`;
  return { True: "1", False: "0" }[value] ?? value;
}
