import { TransportError } from "../../src/common/errors.ts";
import { toHex } from "../../src/common/bytes.ts";
import { openFd } from "../../transports/fd.ts";

/** Sends back every packet that comes through descriptor 3, until that is lost. */
const transport = await openFd({ fd: 3 });
transport.start({
  packet: (packet) => {
    console.log(`echoed ${toHex(packet, " ")}`);
    transport.send(packet.slice());
  },
  closed: (error) => {
    console.log(`closed: ${error instanceof TransportError ? error.reason : String(error)}`);
  },
});
