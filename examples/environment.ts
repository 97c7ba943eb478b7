import { Host, service } from "jelling";
import {
  defineCharacteristic,
  environmentalSensingService,
  field,
  humidity,
  ServiceUuid,
  scaled,
  temperature,
  u16,
} from "jelling/profiles";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// A characteristic of your own: the brightness in lux, in steps of a tenth.
const lightService = "3a0f0101-7d4c-4e0b-9d39-2f6b1c8e5a10";
const brightness = defineCharacteristic(
  "3a0f0102-7d4c-4e0b-9d39-2f6b1c8e5a10",
  field("Brightness", scaled(u16, 1, 10)),
);

// A weather station.
await using host = await Host.open(air.controller().transport(), { name: "weather" });
const weather = host.gatt.add(environmentalSensingService({ temperature: 21.5, humidity: 48.25 }));
const light = host.gatt.add(
  service(lightService, { brightness: brightness.characteristic({ value: 320.4 }) }),
);
await host.advertise({ name: "weather", services: [ServiceUuid.EnvironmentalSensing] });
weather.temperature.value = 21.62;
light.brightness.value = 318.9;

// Somebody who reads it.
await using visitor = await Host.open(air.controller().transport());
await using connection = await visitor.connect(host.address);
const { gatt } = connection;
const degrees = await temperature.find(gatt, ServiceUuid.EnvironmentalSensing);
const percent = await humidity.find(gatt, ServiceUuid.EnvironmentalSensing);
const lux = await brightness.find(gatt, lightService);
console.log(await degrees.read(), "°C,", await percent.read(), "% humidity,", await lux.read(), "lux");
