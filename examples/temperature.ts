// A temperature sensor, and somebody who reads it: examples/micropython-temperature.ts in the native API.
import { Host, service } from "jelling";
import { ServiceUuid, temperature } from "jelling/profiles";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// The sensor.
await using sensor = await Host.open(air.controller().transport());
const { current } = sensor.gatt.add(
  service(ServiceUuid.EnvironmentalSensing, {
    current: temperature.characteristic({ value: 20, notify: true, indicate: true }),
  }),
);
current.value = 24.5;
await sensor.advertise({ intervalMs: 500, services: [ServiceUuid.EnvironmentalSensing] });

// Who reads it.
await using reader = await Host.open(air.controller().transport());
await using connection = await reader.connect(sensor.address);
const remote = await temperature.find(connection.gatt, ServiceUuid.EnvironmentalSensing);
console.log(await remote.read(), "°C");
