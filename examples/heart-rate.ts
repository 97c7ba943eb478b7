import { Host } from "jelling";
import { BodySensorLocation, heartRateMeasurement, heartRateService, ServiceUuid } from "jelling/profiles";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// The belt: values in place of octets, checked by the compiler.
await using host = await Host.open(air.controller().transport(), { name: "belt" });
const belt = host.gatt.add(
  heartRateService({
    location: BodySensorLocation.Chest,
    onResetEnergyExpended: () => console.log("belt: the energy is 0 kJ again"),
  }),
);
const timer = setInterval(() => {
  belt.measurement.tryNotify({ beatsPerMinute: 72, contact: true, rrIntervals: [812.5, 828.125] });
}, 100);
await host.advertise({ name: "belt", services: [ServiceUuid.HeartRate] });

// The watch: the same definition gives the same values.
await using watch = await Host.open(air.controller().transport());
await using connection = await watch.connect(host.address);
const measurement = await heartRateMeasurement.find(connection.gatt, ServiceUuid.HeartRate);
for await (const { beatsPerMinute, contact, rrIntervals = [] } of measurement.notifications()) {
  console.log(
    "watch:",
    beatsPerMinute,
    "beats a minute,",
    contact ? "on the skin," : "",
    ...rrIntervals,
    "ms",
  );
  break;
}
clearInterval(timer);
