// The temperature sensor of MicroPython's examples, and somebody who reads it. The same in the native API is
// examples/temperature.ts.
import * as bluetooth from "jelling/micropython";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();
const ENV_SENSE_UUID = new bluetooth.UUID(0x181a);
const TEMP_UUID = new bluetooth.UUID(0x2a6e);
const TEMP_CHAR = [TEMP_UUID, bluetooth.FLAG_READ | bluetooth.FLAG_NOTIFY | bluetooth.FLAG_INDICATE] as const;

// The sensor: sint16 in 0.01 °C.
const sensor = new bluetooth.BLE({ transport: air.controller().transport() });
await sensor.active(true);
const [[handle = 0] = []] = sensor.gatts_register_services([[ENV_SENSE_UUID, [TEMP_CHAR]]]);
function set_temperature(degrees: number): void {
  const value = new DataView(new ArrayBuffer(2));
  value.setInt16(0, Math.round(degrees * 100), true);
  sensor.gatts_write(handle, value, true);
}
set_temperature(24.5);
sensor.irq((event) => {
  if (event === bluetooth._IRQ_CENTRAL_DISCONNECT) sensor.gap_advertise(500_000);
});
sensor.gap_advertise(500_000, [2, 0x01, 6, 3, 0x03, ...ENV_SENSE_UUID]);

// Who reads it.
const reader = new bluetooth.BLE({ transport: air.controller().transport() });
await reader.active(true);
const degrees = await new Promise<number>((resolve) => {
  let temperature = 0;
  reader.irq((event, data) => {
    switch (event) {
      case bluetooth._IRQ_PERIPHERAL_CONNECT:
        reader.gattc_discover_services(data[0], ENV_SENSE_UUID);
        break;
      case bluetooth._IRQ_GATTC_SERVICE_RESULT:
        reader.gattc_discover_characteristics(data[0], data[1], data[2], TEMP_UUID);
        break;
      case bluetooth._IRQ_GATTC_CHARACTERISTIC_RESULT:
        temperature = data[2];
        break;
      case bluetooth._IRQ_GATTC_CHARACTERISTIC_DONE:
        reader.gattc_read(data[0], temperature);
        break;
      case bluetooth._IRQ_GATTC_READ_RESULT: {
        const [, , char_data] = data;
        resolve(new DataView(char_data.buffer, char_data.byteOffset).getInt16(0, true) / 100);
        break;
      }
      default:
    }
  });
  reader.gap_connect(...sensor.config("mac"));
});
console.log(degrees, "°C");
for (const ble of [reader, sensor]) await ble.active(false);
