import type { Clock } from "../common/clock.ts";
import { u16At } from "../common/bytes.ts";
import { BleError, MalformedPduError, TransportError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import type { Turn } from "../common/turn.ts";
import { AclQueue } from "./acl-queue.ts";
import { aclHeaderSize, AclView } from "./acl-view.ts";
import type { Command } from "./command.ts";
import { Reset } from "./commands/controller-baseband.ts";
import { CommandQueue } from "./command-queue.ts";
import { HardwareFailureError } from "./error.ts";
import { type Event, leMetaEventCode } from "./event.ts";
import { CommandComplete, CommandStatus, HardwareError, NumberOfCompletedPackets } from "./events/flow.ts";
import { PacketType } from "./packet.ts";
import type { HciReceiver, HciTransport } from "./transport.ts";

/** What the host does when HCI itself is in trouble. */
export interface HciUser {
  /** An event that nobody has asked for. `packet` is *borrowed*, packet-type octet first. */
  unasked(packet: Uint8Array): void;
  /** A packet from the controller that cannot be understood; it was dropped. */
  fault(error: MalformedPduError): void;
  /**
   * The controller has failed or does not answer: nothing it has said holds any more. Either {@link Hci.restart} it or
   * {@link Hci.end} all.
   */
  failed(error: BleError): void;
  /** The controller is gone or was given up: the last call. `error` is absent after our own closing. */
  ended(error?: BleError): void;
}

/** Takes the ACL data of one connection. */
export interface AclReceiver {
  /** @param packet - Its payload begins at `start`; *borrowed* until the turn ends. */
  receiveAcl(continues: boolean, packet: Uint8Array, start: number): void;
}

/** The events that {@link Hci} itself wants, and that a mask could keep from it. Vol 4, Part E, 7.3.1. */
export const hciEvents: readonly Event<unknown>[] = [HardwareError];

/** What matters while the controller is being reset. */
const heardAfterFailure: ReadonlySet<number> = new Set([
  CommandComplete.code,
  CommandStatus.code,
  HardwareError.code,
]);

function isHeardAfterFailure(packet: Uint8Array): boolean {
  return packet[0] === PacketType.Event && heardAfterFailure.has(packet[1] ?? 0);
}

/** The octet that tells an event, and in LE Meta events the subevent beside it. */
const keyOf = (code: number, subevent: number): number => (code << 8) | subevent;

/**
 * The host's end of HCI: commands with their answers, events to whoever asked for them, data to its connection.
 * Every packet that arrives is one turn.
 */
export class Hci implements HciReceiver {
  readonly acl: AclQueue;
  #commands: CommandQueue;
  readonly #clock: Clock;
  readonly #send: (packet: Uint8Array) => void;
  readonly #turn: Turn;
  readonly #user: HciUser;
  readonly #handlers = new Map<number, (packet: Uint8Array) => void>();
  readonly #receivers = new Map<number, AclReceiver>();
  #ended = false;
  /** From its failure to the end of its Reset the controller may say what it likes. */
  #failed = false;

  constructor(transport: HciTransport, clock: Clock, turn: Turn, user: HciUser) {
    const send = (packet: Uint8Array): void => {
      transport.send(packet);
    };
    this.acl = new AclQueue(send);
    this.#send = send;
    this.#clock = clock;
    this.#commands = this.#newCommands();
    this.#turn = turn;
    this.#user = user;
    this.on(CommandComplete, ({ commandOpcode, numHciCommandPackets, returnParameters }) => {
      this.#commands.complete(commandOpcode, numHciCommandPackets, returnParameters);
    });
    this.on(CommandStatus, ({ commandOpcode, numHciCommandPackets, status }) => {
      this.#commands.status(commandOpcode, numHciCommandPackets, status);
    });
    this.on(HardwareError, ({ hardwareCode }) => {
      this.#fail(new HardwareFailureError(hardwareCode));
    });
  }

  /**
   * Queues a command; `done` is called with its return parameters or the reason there are none.
   *
   * @throws {@link RangeError} A parameter does not fit its field; nothing was queued.
   */
  send<P, R>(command: Command<P, R>, parameters: P, done: Done<R>): void {
    this.#commands.send(command, parameters, done);
  }

  /**
   * Resets a controller that has failed. Every command that waits ends with `cause`; those sent from now on wait for the
   * reset. Data and events of before are dropped.
   *
   * @param done - Gets why the controller could not be reset, if so: end all then.
   */
  restart(cause: BleError, done: Done<undefined>): void {
    const commands = this.#commands;
    this.#commands = this.#newCommands();
    commands.end(cause);
    this.#failed = true;
    this.send(Reset, {}, (outcome) => {
      if (!(outcome instanceof BleError)) this.#failed = false;
      done(outcome instanceof BleError ? outcome : undefined);
    });
  }

  /** Calls `handler` for each such event; one handler an event. Octet strings in it are *borrowed*. */
  on<T>(event: Event<T>, handler: (parameters: T) => void): void {
    const start = event.subevent === undefined ? 3 : 4;
    this.#handlers.set(keyOf(event.code, event.subevent ?? 0), (packet) => {
      handler(event.parameters.decode(packet, start));
    });
  }

  /** Gives the data of a connection to `receiver`, or to nobody any more. */
  route(connectionHandle: number, receiver: AclReceiver | undefined): void {
    if (receiver) this.#receivers.set(connectionHandle, receiver);
    else this.#receivers.delete(connectionHandle);
  }

  packet(packet: Uint8Array): void {
    if (this.#ended || (this.#failed && !isHeardAfterFailure(packet))) return;
    this.#turn.enter();
    try {
      this.#dispatch(packet);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error; // a fault of ours: do not hide it
      this.#user.fault(error);
    } finally {
      this.#turn.leave();
    }
  }

  fault(error: MalformedPduError): void {
    if (this.#ended) return;
    this.#turn.run(() => {
      this.#user.fault(error);
    });
  }

  closed(error?: Error): void {
    if (error === undefined) {
      this.end();
      return;
    }
    const reason = error instanceof TransportError ? error.reason : "failed";
    this.end(new TransportError(`the transport failed: ${error.message}`, { cause: error, reason }));
  }

  #newCommands(): CommandQueue {
    return new CommandQueue(this.#send, this.#clock, (error) => {
      this.#fail(error);
    });
  }

  /** While it is being reset a second failure is the end of it. */
  #fail(error: BleError): void {
    if (this.#ended) return;
    if (this.#failed) {
      this.end(error);
      return;
    }
    this.#failed = true;
    this.#turn.run(() => {
      this.#user.failed(error);
    });
  }

  /** Ends everything that waits for the controller. */
  end(error?: BleError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#turn.run(() => {
      this.#commands.end(error ?? new TransportError("the transport was closed"));
      this.#user.ended(error);
    });
  }

  #dispatch(packet: Uint8Array): void {
    switch (packet[0]) {
      case PacketType.AclData: {
        const data = AclView.over(packet);
        this.#receivers.get(data.connectionHandle)?.receiveAcl(data.continues, packet, aclHeaderSize);
        return;
      }
      case PacketType.Event:
        this.#event(packet);
        return;
      case PacketType.SynchronousData:
      case PacketType.IsoData:
        return; // never asked for
      default:
        throw new MalformedPduError("HCI packet", "unknown packet type", packet);
    }
  }

  #event(packet: Uint8Array): void {
    if (packet.length < 3 || packet.length !== 3 + (packet[2] ?? 0)) {
      throw new MalformedPduError("HCI Event", "the length does not match", packet);
    }
    const code = packet[1] ?? 0;
    if (code === NumberOfCompletedPackets.code) {
      this.#completedPackets(packet);
      return;
    }
    if (code === leMetaEventCode && packet.length < 4) {
      throw new MalformedPduError("HCI LE Meta event", "the subevent code is missing", packet);
    }
    const handler = this.#handlers.get(keyOf(code, code === leMetaEventCode ? (packet[3] ?? 0) : 0));
    if (handler) handler(packet);
    else this.#user.unasked(packet);
  }

  /** By hand, since there is one for nearly every packet sent. Vol 4, Part E, 7.7.19. */
  #completedPackets(packet: Uint8Array): void {
    const handles = packet[3] ?? 0;
    if (packet.length < 4 + 4 * handles) {
      throw new MalformedPduError(NumberOfCompletedPackets.name, "fewer handles than it says", packet);
    }
    for (let at = 4; at < 4 + 4 * handles; at += 4) {
      this.acl.completed(u16At(packet, at) & 0x0fff, u16At(packet, at + 2));
    }
  }
}
