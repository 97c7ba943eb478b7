import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { Random } from "../common/random.ts";
import { reversed } from "../common/bytes.ts";
import type { SecurityRequirement } from "../common/security.ts";
import type { Uuid } from "../common/uuid.ts";
import type { GattPeer } from "../gatt/service-builder.ts";
import type { Hci } from "../hci/hci.ts";
import { EncryptionChange, EncryptionChangeV2, EncryptionKeyRefreshComplete } from "../hci/events/link.ts";
import { LeLongTermKeyRequest } from "../hci/events/le-security.ts";
import type { Event } from "../hci/event.ts";
import { LeLongTermKeyRequestNegativeReply } from "../hci/commands/le-encryption.ts";
import type { Channel } from "../l2cap/channel.ts";
import { RepeatedAttempts } from "../smp/repeated-attempts.ts";
import { SecurityManager } from "../smp/security-manager.ts";
import type { RegisteredAgent } from "./agents.ts";
import type { Connection } from "./connection.ts";
import { LinkEncryption } from "./link-encryption.ts";
import { leastKeySize } from "./pairing-options.ts";
import { LinkPairing, type PairingSetup } from "./link-pairing.ts";
import { ServiceAuthorization } from "./service-authorization.ts";

/** The events whose handlers {@link PairingService} puts in place. */
export const pairingEvents: readonly Event<unknown>[] = [
  EncryptionChange,
  EncryptionKeyRefreshComplete,
  LeLongTermKeyRequest,
];

/** What the Security Managers of a host are made of, beside what their users share. */
export interface PairingParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly random: Random;
}

/** A link that has come up, as pairing sees it. */
export interface PairedLink {
  readonly connection: Connection;
  readonly channel: Channel;
  /** The address of this side that the link was made with. */
  readonly localAddress: Address;
  /** The address of the peer that the link was made with. */
  readonly peerAddress: Address;
  /** Calls back when the peer's controller has what was sent so far, or the link has gone. */
  readonly delivered: (callback: () => void) => void;
}

/** Security mode 1 level 4: what a key must be worth in Secure Connections Only Mode. Vol 3, Part C, 10.2.4. */
const levelFour: SecurityRequirement = {
  encrypted: true,
  authenticated: true,
  secureConnections: true,
  keySize: 16,
};

/** Gives every link its Security Manager, and each the events of the controller that it needs. */
export class PairingService {
  readonly #parts: PairingParts;
  readonly #setup: PairingSetup;
  readonly #attempts: RepeatedAttempts;
  readonly #links = new Map<number, LinkPairing>();
  readonly #services = new Map<number, ServiceAuthorization>();

  constructor(parts: PairingParts, setup: PairingSetup) {
    this.#parts = parts;
    this.#setup = setup;
    this.#attempts = new RepeatedAttempts(parts.clock);
    const { hci } = parts;
    const changed = (event: EncryptionChanged): void => {
      const { status, connectionHandle, encryptionEnabled } = event;
      this.#links.get(connectionHandle)?.manager.encryptionChanged(status, encryptionEnabled !== 0);
    };
    hci.on(EncryptionChange, changed);
    hci.on(EncryptionChangeV2, changed);
    hci.on(EncryptionKeyRefreshComplete, ({ status, connectionHandle }) => {
      this.#links.get(connectionHandle)?.manager.keyRefreshed(status);
    });
    hci.on(LeLongTermKeyRequest, ({ connectionHandle, randomNumber, encryptedDiversifier }) => {
      const link = this.#links.get(connectionHandle);
      if (link) link.manager.keyRequested({ ediv: encryptedDiversifier, rand: reversed(randomNumber) });
      // A controller that gets no answer holds the link up. Vol 4, Part E, 7.7.65.5.
      else hci.send(LeLongTermKeyRequestNegativeReply, { connectionHandle }, () => undefined);
    });
  }

  /** The Security Manager of a link that has come up. */
  open({ connection, channel, localAddress, peerAddress, delivered }: PairedLink): LinkPairing {
    const { hci, clock, random } = this.#parts;
    const setup = this.#setup;
    const { keeper: keys } = setup;
    const { handle, role } = connection;
    const link = new LinkEncryption({
      hci,
      handle,
      role,
      localAddress,
      peerAddress,
      refused: (status) => {
        this.#links.get(handle)?.manager.encryptionChanged(status, false);
      },
    });
    const limits = {
      get least() {
        return setup.options.secureConnections === "only" ? levelFour : undefined;
      },
      get storedKeySize() {
        return setup.options.minKeySize ?? leastKeySize(setup.options);
      },
    };
    const attempts = this.#attempts;
    const pairing = new LinkPairing(
      this.#setup,
      connection,
      (user) =>
        new SecurityManager(Object.assign(limits, { channel, link, clock, random, user, keys, attempts })),
      delivered,
    );
    this.#links.set(handle, pairing);
    const { turn, agents, fault } = this.#setup;
    this.#services.set(handle, new ServiceAuthorization({ turn, clock, agents, fault }, connection));
    return pairing;
  }

  /** The link is gone. */
  close(handle: number): void {
    this.#links.delete(handle);
    this.#services.get(handle)?.close();
    this.#services.delete(handle);
  }

  /** Has the agent say whether the peer of a link may use a service; no, where the link is gone. */
  authorizeService(peer: GattPeer, service: Uuid): Promise<boolean> {
    for (const services of this.#services.values()) {
      if (services.connection === peer) return services.ask(service);
    }
    return Promise.resolve(false);
  }

  /** An agent is no longer registered. */
  released(agent: RegisteredAgent): void {
    for (const link of this.#links.values()) link.released(agent);
    for (const services of this.#services.values()) services.released(agent);
  }
}

interface EncryptionChanged {
  readonly status: number;
  readonly connectionHandle: number;
  readonly encryptionEnabled: number;
}
