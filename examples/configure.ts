import { Host } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir(); // a radio inside this process
await using lamp = await Host.open(air.controller().transport(), {
  name: "lamp",
  gap: { writableName: "encrypted" }, // a phone may give it another name, once it has paired
});
await using advertising = await lamp.advertise({ name: lamp.configuration.name });
lamp.on("nameChanged", (name, connection) => {
  console.log(`${connection.peerAddress.toString()} calls it "${name}"`);
  void advertising.update({ name }); // the GAP service has it already
});

await using phone = await Host.open(air.controller().transport());
{
  await using connection = await phone.connect(lamp.address);
  const name = await connection.gatt.characteristic("1800", "2a00");
  await name.write(new TextEncoder().encode("lamp in the hall")); // pairs first, since that is asked for
}

// While it is open: strangers cannot follow the lamp any more, and nothing but good keys will do.
await lamp.configure({ privacy: "resolvable", pairing: { secureConnections: "required" } });
console.log(`its address is ${lamp.address.kind} now`);
for await (const { name, address } of phone.scan()) {
  console.log(`the phone hears "${name ?? "?"}", ${address.kind}`);
  break;
}
