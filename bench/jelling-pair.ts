import { type Channel, type Connection, Host, type ServiceDefinition } from "../src/index.ts";
import type { CharacteristicDefinitions } from "../src/gatt/service-builder.ts";
import type { LocalService } from "../src/gatt/server.ts";
import { openControllers } from "./controllers.ts";

/** Two hosts of the stack over the virtual radio, opened and not yet connected. */
export interface HostPair {
  readonly central: Host;
  readonly peripheral: Host;
}

/** Two hosts, connected, and the one service that the peripheral offers. */
export interface ConnectedPair<C extends CharacteristicDefinitions> extends HostPair {
  /** The central's end. */
  readonly connection: Connection;
  readonly local: LocalService<C>;
}

/** Opens two hosts on controllers of one air. */
export async function openHosts(): Promise<HostPair> {
  const controllers = openControllers();
  const peripheral = await Host.open(controllers.peripheral);
  const central = await Host.open(controllers.central);
  return { central, peripheral };
}

/** Opens two hosts, connects them, and agrees on the largest MTU. */
export async function openPair<C extends CharacteristicDefinitions>(
  offered: ServiceDefinition<C>,
): Promise<ConnectedPair<C>> {
  const pair = await openHosts();
  const local = pair.peripheral.gatt.add(offered);
  await pair.peripheral.advertise({ resume: false });
  const connection = await pair.central.connect(pair.peripheral.address);
  return { ...pair, connection, local };
}

/** Two hosts, connected, and a channel between them. */
export interface ChannelPair extends HostPair {
  /** The end of the central, which opened it. */
  readonly from: Channel;
  /** The end of the peripheral. */
  readonly to: Channel;
}

/** Opens two hosts, connects them, and opens a channel that takes SDUs of up to `mtu` octets. */
export async function openChannelPair(mtu: number): Promise<ChannelPair> {
  const pair = await openHosts();
  const listener = pair.peripheral.listen({ mtu });
  await pair.peripheral.advertise({ resume: false });
  const connection = await pair.central.connect(pair.peripheral.address);
  const from = await connection.openChannel({ spsm: listener.spsm, mtu });
  const { value: to } = await listener[Symbol.asyncIterator]().next();
  if (!to) throw new Error("the channel has not come");
  return { ...pair, from, to };
}

/** Ends both hosts, and with them everything that would keep the process alive. */
export async function closeHosts({ central, peripheral }: HostPair): Promise<void> {
  await central[Symbol.asyncDispose]();
  await peripheral[Symbol.asyncDispose]();
}
