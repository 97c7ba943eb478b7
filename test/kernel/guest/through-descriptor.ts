import { once } from "node:events";
import { Host } from "../../../src/index.ts";
import { openFd } from "../../../transports/fd.ts";
import { offerServices } from "../scenarios/our-services.ts";

// Run by the launcher, which has opened our controller as descriptor 3: a peripheral until its input ends.
if (process.getuid?.() === 0) throw new Error("this is root");
const host = await Host.open(await openFd({ fd: 3 }), { name: "inherited" });
offerServices(host);
await host.advertise({ name: "inherited" });
console.log(host.address.toString());
process.stdin.resume();
await once(process.stdin, "end");
await host[Symbol.asyncDispose]();
