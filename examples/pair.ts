import { Host, memoryBondStore, YesNoAgent } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// A lock with a display and a button for yes; on a real radio that is another device.
await using lock = await Host.open(air.controller().transport(), { name: "lock" });
lock.agents.register(
  new YesNoAgent((_device, digits) => {
    console.log("lock: shows", digits, "and somebody presses yes");
    return true;
  }),
);
await lock.advertise({ name: "lock" });

// A phone, whose bonds outlive the program with fileBondStore("bonds.json").
await using phone = await Host.open(air.controller().transport(), { bonds: memoryBondStore() });
phone.agents.register(
  new YesNoAgent((device, digits) => {
    console.log("phone: does", device.peerAddress.toString(), "show", digits, "too? yes");
    return true;
  }),
);
const connection = await phone.connect(lock.address);
const { authenticated, secureConnections, keySize } = await connection.pair({ mitm: true });
console.log(
  "phone: authenticated",
  authenticated,
  "secure connections",
  secureConnections,
  "key of",
  keySize,
);
await connection.disconnect();

// The next time nobody is asked.
await using again = await phone.connect(lock.address);
console.log("phone: encrypted at once", (await again.encrypt()).encrypted);
for (const peer of phone.bonds.all) console.log("phone: knows", String(peer));
