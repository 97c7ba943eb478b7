import { Host } from "jelling";
import {
  batteryService,
  deviceInformationService,
  hidService,
  keyboardReport,
  keyboardReportMap,
  reportMap,
  reportsIn,
  ServiceUuid,
  valuesOf,
} from "jelling/profiles";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// A keyboard. A real one asks for an encrypted link, which is the default; here nobody is paired.
await using host = await Host.open(air.controller().transport(), { name: "keyboard" });
const keyboard = host.gatt.add(
  hidService({
    reportMap: keyboardReportMap,
    reports: { keys: { id: 0, kind: "input", value: new Uint8Array(8) } },
    permissions: {},
  }),
);
host.gatt.add(batteryService({ level: 80 }));
host.gatt.add(deviceInformationService({ manufacturerName: "jelling" }));
await host.advertise({ name: "keyboard", services: [ServiceUuid.HumanInterfaceDevice], appearance: 0x03c1 });

// Somebody it types to: what the reports look like stands in the report map.
await using computer = await Host.open(air.controller().transport());
await using connection = await computer.connect(host.address);
const hid = await connection.gatt.service(ServiceUuid.HumanInterfaceDevice);
const [input] = reportsIn(await reportMap.of(hid.characteristic(reportMap.uuid)).read());
const keys = input?.fields.at(-1);
await using reports = await hid.characteristic("2a4d").subscribe();

for (const letter of "hi") {
  const usage = letter.charCodeAt(0) - 97 + 4; // the usages of letters begin with 0x04: A
  await keyboard.keys.notify(keyboardReport.encode({ modifiers: [], keys: [usage] }));
}
let typed = "";
for await (const report of reports) {
  const [usage = 0] = keys ? valuesOf(keys, report) : [];
  typed += String.fromCharCode(usage + 97 - 4);
  if (typed.length === 2) break;
}
console.log("the keyboard has typed", typed);
