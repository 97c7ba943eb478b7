import { AttBearer, type AttUser } from "../att/att.ts";
import { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { LinkSecurity } from "../common/security.ts";
import type { Turn } from "../common/turn.ts";
import { GattClient } from "../gatt/client.ts";
import type { DatabaseCache } from "../gatt/database-cache.ts";
import type { ServedClient } from "../gatt/served-client.ts";
import type { GattServer } from "../gatt/server.ts";
import type { ControllerCapabilities } from "../hci/controller-capabilities.ts";
import type { DisconnectedError } from "../hci/error.ts";
import type {
  LeConnectionCompleteParameters,
  LeEnhancedConnectionCompleteParameters,
} from "../hci/events/le-connection.ts";
import type { Hci } from "../hci/hci.ts";
import { FixedCid } from "../l2cap/channel.ts";
import { L2capLink } from "../l2cap/l2cap.ts";
import type { SpsmRegistry } from "../l2cap/spsm-registry.ts";
import type { BondKeeper } from "./bond-keeper.ts";
import { Connection, type ConnectionParameters } from "./connection.ts";
import type { ParametersPolicy } from "./connection-updates.ts";
import { addressFrom } from "./device-address.ts";
import { clientMemory, serverMemory } from "./gatt-memory.ts";
import { LinkControl } from "./link-control.ts";
import type { LinkPairing } from "./link-pairing.ts";
import type { LinkQuestions } from "./link-questions.ts";
import type { PairingService } from "./pairing-service.ts";
import { intervalMs, timeoutMs } from "./units.ts";

/** How the ATT bearers of every link are. */
export interface AttSetup {
  readonly server: GattServer;
  /** The most octets of an ATT PDU that this host receives. */
  readonly mtu: number;
  /** How many values of a subscription may wait, where the program has said it. */
  readonly capacity: () => number | undefined;
  /** Databases that were found before; `undefined` where nothing is to be remembered of servers. */
  readonly cache: DatabaseCache | undefined;
  /** Whether the client raises a link's security where a server asks for it. */
  readonly raiseSecurity: "auto" | "off";
  /** How many Enhanced ATT bearers a link may have beside the fixed one, 0 to 5. */
  readonly enhancedBearers: number;
}

/** What every link of a host shares. */
export interface LinkSetup {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly turn: Turn;
  readonly att: AttSetup;
  readonly questions: LinkQuestions;
  readonly capabilities: () => ControllerCapabilities;
  readonly pairing: PairingService;
  readonly keeper: BondKeeper;
  /** The address of this side, of links that say nothing else. */
  readonly ownAddress: () => Address;
  /** Who takes the channels that peers open. */
  readonly listeners: SpsmRegistry;
  readonly policy: ParametersPolicy;
}

/** Either event: the older one does not tell private addresses. Vol 4, Part E, 7.7.65.1 and 7.7.65.10. */
export type ConnectionCompleteParameters = LeConnectionCompleteParameters &
  Partial<LeEnhancedConnectionCompleteParameters>;

/** A link with everything that was put together for it. */
export interface AssembledLink {
  readonly connection: Connection;
  readonly l2cap: L2capLink;
  readonly pairing: LinkPairing;
  /** The peer as a client of the local server. */
  readonly served: ServedClient;
}

/** Role in connection events: 0 central, 1 peripheral. Vol 4, Part E, 7.7.65.1. */
const centralRole = 0;

/**
 * Puts the layers of a link that has come up together.
 *
 * @param lost - Called when the link is gone although the controller does not say so.
 */
export function assembleLink(
  setup: LinkSetup,
  event: ConnectionCompleteParameters,
  lost: (connection: Connection, reason: DisconnectedError) => void,
): AssembledLink {
  const { hci, clock, turn, questions, capabilities, policy, listeners } = setup;
  const { connectionHandle: handle } = event;
  const role = event.role === centralRole ? "central" : "peripheral";
  const connection: Connection = new Connection({
    hci,
    clock,
    turn,
    handle,
    role,
    peerAddress: peerAddressOf(event),
    parameters: inMs(event),
    policy,
    asksByController: () => capabilities().supportsParameterRequests,
    link: new LinkControl({ hci, turn, questions, capabilities, handle }),
    lost: (reason) => {
      lost(connection, reason);
    },
  });
  const l2cap: L2capLink = new L2capLink({
    acl: hci.acl,
    connectionHandle: handle,
    role,
    clock,
    security: late(() => pairing.manager),
    listeners,
    parametersRequested: (request, answer) => {
      connection.parametersRequested(request, answer);
    },
  });
  const pairing = attachPairing(setup, connection, l2cap, event);
  const { served, client } = attachAtt(setup, connection, l2cap, pairing);
  connection.complete(client, l2cap, pairing);
  return { connection, l2cap, pairing, served };
}

/** Connection parameters of an event. */
export function inMs(event: {
  readonly connectionInterval: number;
  readonly peripheralLatency: number;
  readonly supervisionTimeout: number;
}): ConnectionParameters {
  return {
    intervalMs: intervalMs(event.connectionInterval),
    latency: event.peripheralLatency,
    supervisionTimeoutMs: timeoutMs(event.supervisionTimeout),
  };
}

/** The one on the air, also where the controller has resolved it; pairing is done with that. Vol 3, Part H, 2.2.6. */
function peerAddressOf(event: ConnectionCompleteParameters): Address {
  const { peerResolvablePrivateAddress: peerPrivate = 0 } = event;
  return peerPrivate === 0
    ? addressFrom(event.peerAddressType, event.peerAddress)
    : new Address("random", peerPrivate);
}

function attachPairing(
  { pairing, ownAddress }: LinkSetup,
  connection: Connection,
  l2cap: L2capLink,
  event: ConnectionCompleteParameters,
): LinkPairing {
  const { localResolvablePrivateAddress: localPrivate = 0 } = event;
  return l2cap.attach(FixedCid.SecurityManager, (channel) =>
    pairing.open({
      connection,
      channel,
      localAddress: localPrivate === 0 ? ownAddress() : new Address("random", localPrivate),
      peerAddress: connection.peerAddress,
      delivered: (callback) => {
        l2cap.whenDelivered(callback);
      },
    }),
  );
}

function attachAtt(
  { turn, clock, att, keeper }: LinkSetup,
  connection: Connection,
  l2cap: L2capLink,
  { manager }: LinkPairing,
): { readonly served: ServedClient; readonly client: GattClient } {
  const { server, cache, raiseSecurity, enhancedBearers, capacity } = att;
  const peer = (): Address => manager.peer;
  const served = server.serve(connection, { security: manager });
  const user: AttUser = {
    value: (valueHandle, value, indicated) => {
      client.value(valueHandle, value, indicated);
    },
    mtuChanged: (changed) => {
      connection.mtuChanged(changed);
    },
    closed: (reason) => {
      served.detach(bearer);
      client.closed(reason);
    },
  };
  const bearer: AttBearer<ServedClient> = l2cap.attach(
    FixedCid.Attribute,
    (channel) =>
      new AttBearer<ServedClient>(channel, clock, server.table, served, user, () => att.mtu, {
        session: served,
        signing: manager.signing,
      }),
  );
  rememberWithBond(served, keeper, manager, peer);
  served.attach(bearer);
  const client: GattClient = new GattClient(bearer, turn, {
    security: manager,
    raiseSecurity,
    cache,
    memory: cache && serverMemory(keeper, peer),
    enhanced: enhancedBearers > 0,
    capacity,
  });
  return { served, client };
}

/** A client with a bond is known again at once, one that bonds now from then on. Vol 3, Part G, 2.5.2. */
function rememberWithBond(
  served: ServedClient,
  keeper: BondKeeper,
  security: LinkSecurity,
  peer: () => Address,
): void {
  let remembered: string | undefined;
  const remember = (): void => {
    const bond = keeper.find(peer());
    // A bond that was replaced begins anew: what is remembered of the client went with the old one.
    const identity = bond?.identity.toString();
    if (identity === undefined || identity === remembered) return;
    remembered = identity;
    served.remember(clientMemory(keeper, peer));
  };
  remember();
  security.onChange(({ bonded }) => {
    if (bonded) remember();
  });
}

/** The security of a link by a name that is there before it is: L2CAP, which needs it, carries its channel. */
function late(security: () => LinkSecurity): LinkSecurity {
  return {
    get state() {
      return security().state;
    },
    get hasKey() {
      return security().hasKey;
    },
    raise: (requirement, done) => {
      security().raise(requirement, done);
    },
    onChange: (changed) => {
      security().onChange(changed);
    },
  };
}
