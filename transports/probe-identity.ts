import type { Clock } from "../src/common/clock.ts";
import { Address } from "../src/common/address.ts";
import { companyName } from "../src/common/assigned-names.ts";
import { noOctets, u16At } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { type Command, encodeCommand, rawCommand } from "../src/hci/command.ts";
import { Reset } from "../src/hci/commands/controller-baseband.ts";
import {
  ReadBdAddr,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "../src/hci/commands/informational.ts";
import { LeReadLocalSupportedFeatures } from "../src/hci/commands/le-controller.ts";
import { CommandComplete, CommandStatus } from "../src/hci/events/flow.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import type { ControllerIdentity } from "./probe-result.ts";

/** How long an answer may take, in ms. */
const patience = 1000;

/** HCI_Read_Local_Name. Vol 4, Part E, 7.3.12. */
const readLocalName = rawCommand(0x0c14);

/** By HCI_Version. Assigned Numbers, 2.1. */
const versions = [
  "1.0b",
  "1.1",
  "1.2",
  "2.0",
  "2.1",
  "3.0",
  "4.0",
  "4.1",
  "4.2",
  "5.0",
  "5.1",
  "5.2",
  "5.3",
  "5.4",
  "6.0",
  "6.1",
];

/** Bits of the LE feature mask that programs may care for. Vol 6, Part B, 4.6. */
const leFeatures: readonly (readonly [bit: number, name: string])[] = [
  [0, "LE Encryption"],
  [5, "LE Data Packet Length Extension"],
  [6, "LL Privacy"],
  [8, "LE 2M PHY"],
  [11, "LE Coded PHY"],
  [12, "LE Extended Advertising"],
  [13, "LE Periodic Advertising"],
  [24, "Periodic Advertising Sync Transfer - Sender"],
  [28, "Connected Isochronous Stream - Central"],
  [33, "LE Power Control Request"],
  [37, "Connection Subrating"],
];

/** LE Supported (Controller), in page 0 of the LMP feature mask. Vol 2, Part C, 3.3. */
const leSupported = 38;

/**
 * Resets a controller and asks it what it is. The transport stays open, and belongs to whoever had it.
 *
 * @returns `undefined` when nobody answers.
 * @throws {@link TransportError} The transport has ended instead of an answer to HCI_Reset.
 */
export async function identify(
  transport: HciTransport,
  clock: Clock,
): Promise<ControllerIdentity | undefined> {
  const conversation = new Conversation(transport, clock);
  if (!(await conversation.ask(Reset, {}))) {
    if (conversation.failure) throw conversation.failure;
    return undefined;
  }
  const lmp = await conversation.ask(ReadLocalSupportedFeatures, {});
  const le = await conversation.ask(LeReadLocalSupportedFeatures, {});
  return {
    ...(await origin(conversation)),
    address: await addressOf(conversation),
    name: await nameOf(conversation),
    supportsLe: lmp ? hasBit(lmp.lmpFeatures, leSupported) : le !== undefined,
    features: le ? leFeatures.filter(([bit]) => hasBit(le.features, bit)).map(([, each]) => each) : [],
  };
}

async function origin(
  conversation: Conversation,
): Promise<Pick<ControllerIdentity, "version" | "manufacturer"> | undefined> {
  const read = await conversation.ask(ReadLocalVersionInformation, {});
  if (!read) return undefined;
  return {
    version: versions[read.hciVersion] ?? `number ${read.hciVersion}`,
    manufacturer: companyName(read.companyIdentifier) ?? `company ${read.companyIdentifier}`,
  };
}

async function addressOf(conversation: Conversation): Promise<string | undefined> {
  const { bdAddr } = (await conversation.ask(ReadBdAddr, {})) ?? { bdAddr: 0 };
  return bdAddr === 0 ? undefined : new Address("public", bdAddr).digits;
}

/** UTF-8, ended by 0 where it is shorter than its field. */
async function nameOf(conversation: Conversation): Promise<string | undefined> {
  const read = await conversation.ask(readLocalName, { octets: noOctets });
  if (!read) return undefined;
  const end = read.octets.indexOf(0);
  const name = new TextDecoder().decode(read.octets.subarray(0, end < 0 ? read.octets.length : end));
  return name === "" ? undefined : name;
}

function hasBit(mask: Uint8Array, bit: number): boolean {
  return (((mask[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

/** One question after the other, each with its answer or none. */
class Conversation {
  readonly #transport: HciTransport;
  readonly #clock: Clock;
  #onPacket: ((packet: Uint8Array | undefined) => void) | undefined;
  #isOver = false;
  #failure: Error | undefined;

  /** Why the transport has ended, if so. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  constructor(transport: HciTransport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
    transport.start({
      packet: (packet) => this.#onPacket?.(packet),
      closed: (error) => {
        this.#isOver = true;
        this.#failure = error;
        this.#onPacket?.(undefined);
      },
    });
  }

  /** The return parameters, or `undefined` where the controller does not answer or refuses. */
  async ask<P, R>(command: Command<P, R>, parameters: P): Promise<R | undefined> {
    if (this.#isOver) return undefined;
    const answer = await new Promise<Uint8Array | undefined>((resolve) => {
      const timer = this.#clock.after(patience, () => this.#onPacket?.(undefined));
      this.#onPacket = (packet) => {
        if (packet && !isAnswer(packet, command.opcode)) return;
        this.#onPacket = undefined;
        timer[Symbol.dispose]();
        resolve(packet?.slice());
      };
      this.#transport.send(encodeCommand(command, parameters));
    });
    return answer && returnsOf(command, answer);
  }
}

function isAnswer(packet: Uint8Array, opcode: number): boolean {
  if (packet[0] !== PacketType.Event) return false;
  if (packet[1] === CommandComplete.code) return u16At(packet, 4) === opcode;
  return packet[1] === CommandStatus.code && u16At(packet, 5) === opcode;
}

function returnsOf<R>({ returns }: Pick<Command<unknown, R>, "returns">, packet: Uint8Array): R | undefined {
  if (packet[1] !== CommandComplete.code || packet[6] !== 0) return undefined;
  try {
    return returns?.decode(packet, 7);
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error; // a fault of ours: do not hide it
    return undefined;
  }
}
