import { Host, oobDataFromText, oobDataToText } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// A lamp without display and keys: it prints a sticker, or shows its QR code on a screen beside it.
await using lamp = await Host.open(air.controller().transport(), { name: "lamp" });
const text = oobDataToText(lamp.oobData()); // for one pairing; with any QR library: qrcode.toString(text)
console.log(text);
await lamp.advertise({ name: "lamp" });

// A phone, whose camera has read the text. It knows now whom it talks to, which Just Works does not tell.
await using phone = await Host.open(air.controller().transport());
const oob = oobDataFromText(text);
if (!oob.address) throw new Error("the code does not tell whose it is");
await using connection = await phone.connect(oob.address);
console.log("authenticated:", (await connection.pair({ oob, mitm: true })).authenticated);
