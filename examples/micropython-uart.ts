// The Nordic UART of MicroPython's examples, peripheral and central, as it is written there. The same in the native API
// is examples/nordic-uart.ts.
import * as bluetooth from "jelling/micropython";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();
const UART_UUID = new bluetooth.UUID("6E400001-B5A3-F393-E0A9-E50E24DCCA9E");
const UART_TX_UUID = new bluetooth.UUID("6E400003-B5A3-F393-E0A9-E50E24DCCA9E");
const UART_RX_UUID = new bluetooth.UUID("6E400002-B5A3-F393-E0A9-E50E24DCCA9E");
const UART_TX = [UART_TX_UUID, bluetooth.FLAG_READ | bluetooth.FLAG_NOTIFY] as const;
const UART_RX = [UART_RX_UUID, bluetooth.FLAG_WRITE | bluetooth.FLAG_WRITE_NO_RESPONSE] as const;

// A device with a serial port, which says everything back in capitals.
const device = new bluetooth.BLE({ transport: air.controller().transport() });
await device.active(true);
const [[tx = 0, rx = 0] = []] = device.gatts_register_services([[UART_UUID, [UART_TX, UART_RX]]]);
device.gatts_set_buffer(rx, 100, true);
device.irq((event, data) => {
  if (event !== bluetooth._IRQ_GATTS_WRITE || data[1] !== rx) return;
  const said = new TextDecoder().decode(device.gatts_read(rx));
  device.gatts_notify(data[0], tx, said.toUpperCase());
});
device.gap_advertise(100_000, [2, 0x01, 6, 17, 0x07, ...UART_UUID]);

// Somebody who talks to it: scan, connect, discover, write, and be notified, each from the event before.
const central = new bluetooth.BLE({ transport: air.controller().transport() });
await central.active(true);
const said = await new Promise<string>((resolve) => {
  let txHandle = 0;
  let rxHandle = 0;
  central.irq((event, data) => {
    switch (event) {
      case bluetooth._IRQ_SCAN_RESULT: {
        const [addr_type, addr, adv_type] = data;
        if (adv_type === 0) central.gap_connect(addr_type, addr);
        break;
      }
      case bluetooth._IRQ_PERIPHERAL_CONNECT:
        central.gattc_discover_characteristics(data[0], 1, 0xffff);
        break;
      case bluetooth._IRQ_GATTC_CHARACTERISTIC_RESULT:
        if (data[4] === UART_TX_UUID) txHandle = data[2];
        if (data[4] === UART_RX_UUID) rxHandle = data[2];
        break;
      case bluetooth._IRQ_GATTC_CHARACTERISTIC_DONE:
        central.gattc_write(data[0], rxHandle, "hello");
        break;
      case bluetooth._IRQ_GATTC_NOTIFY:
        if (data[1] === txHandle) resolve(new TextDecoder().decode(data[2]));
        break;
      default:
    }
  });
  central.gap_scan(2000, 30_000, 30_000);
});
console.log("it says", said);
for (const ble of [central, device]) await ble.active(false);
