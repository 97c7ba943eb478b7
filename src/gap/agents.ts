import { HostClosedError } from "../common/errors.ts";
import { IoCapability } from "../smp/pdu.ts";
import { AlreadyExistsError, DoesNotExistError, InvalidArgumentsError } from "./agent-error.ts";
import { type AgentCapability, type AgentCapabilityLike, methodsNeeded, type PairingAgent } from "./agent.ts";

/** An agent with what it can show and ask. */
export interface RegisteredAgent {
  readonly agent: PairingAgent;
  readonly capability: AgentCapability;
}

/**
 * The agents of a host: who is asked when a pairing needs a person.
 *
 * What is started through one (`connection.pair({ agent })`) asks that one; everything else the default. Without any,
 * the host pairs as a device that can neither show nor ask (NoInputNoOutput).
 */
export class Agents {
  /** The default first. */
  #registered: RegisteredAgent[] = [];
  readonly #io: () => AgentCapabilityLike;
  #ended = false;
  readonly #released: (agent: RegisteredAgent) => void;

  /**
   * @internal Made by the host.
   *
   * @param io - The capability of agents that neither say it themselves nor are registered with one, at that time.
   * @param released - Told of agents that are no longer registered.
   */
  constructor(io: () => AgentCapabilityLike, released: (agent: RegisteredAgent) => void) {
    this.#io = io;
    this.#released = released;
  }

  /**
   * Registers an agent. The first becomes the default.
   *
   * @param capability - What it can show and ask; `""` is KeyboardDisplay. Default: the agent's own `capability`, else
   *   `io` of `Host.open` or `host.configure`, as it is then.
   * @returns Unregisters the agent when it is disposed of, if that has not happened.
   * @throws {@link InvalidArgumentsError} There is no such capability, or the agent lacks a method that it needs.
   * @throws {@link AlreadyExistsError} It is registered already.
   * @throws {@link HostClosedError} The host is closed: nobody will ever be asked.
   */
  register(agent: PairingAgent, capability?: AgentCapabilityLike): Disposable {
    if (this.#ended) throw new HostClosedError();
    const registered = { agent, capability: checked(agent, capability, this.#io()) };
    if (this.find(agent)) throw new AlreadyExistsError("the agent is registered already");
    this.#registered.push(registered);
    return {
      [Symbol.dispose]: () => {
        if (this.#registered.includes(registered)) this.unregister(agent);
      },
    };
  }

  /**
   * Forgets an agent: what it was asked is called off, then its `release` is called. The default is now the one that
   * was before it, or was registered first.
   *
   * @throws {@link DoesNotExistError} It is not registered.
   */
  unregister(agent: PairingAgent): void {
    const registered = this.#require(agent);
    this.#registered = this.#registered.filter((other) => other !== registered);
    this.#released(registered);
  }

  /**
   * Makes a registered agent the default.
   *
   * @throws {@link DoesNotExistError} It is not registered.
   */
  requestDefault(agent: PairingAgent): void {
    const registered = this.#require(agent);
    this.#registered = [registered, ...this.#registered.filter((other) => other !== registered)];
  }

  /** The agent that is asked where none is named. */
  get default(): PairingAgent | undefined {
    return this.#registered[0]?.agent;
  }

  /** @internal The registration of an agent, or of the default. */
  find(agent: PairingAgent | undefined = this.default): RegisteredAgent | undefined {
    return this.#registered.find((registered) => registered.agent === agent);
  }

  /** @internal The host is closed. */
  end(): void {
    this.#ended = true;
    for (const { agent } of [...this.#registered]) this.unregister(agent);
  }

  #require(agent: PairingAgent): RegisteredAgent {
    const registered = this.#registered.find((each) => each.agent === agent);
    if (!registered) throw new DoesNotExistError("the agent is not registered");
    return registered;
  }
}

function checked(agent: unknown, capability: unknown, io: AgentCapabilityLike): AgentCapability {
  if (typeof agent !== "object" || agent === null) {
    throw new InvalidArgumentsError("agent: it is no object with the methods of an agent");
  }
  const methods = agent as PairingAgent;
  const named = capability ?? methods.capability ?? io;
  const name = named === "" ? "KeyboardDisplay" : named;
  if (!isCapability(name)) {
    const names = Object.keys(IoCapability).join(", ");
    throw new InvalidArgumentsError(`capability: it is none of ${names}, ""`);
  }
  const lacking = methodsNeeded[name].filter((method) => typeof methods[method] !== "function");
  if (lacking.length > 0) {
    throw new InvalidArgumentsError(`agent: a ${name} agent needs ${lacking.join(" and ")}`);
  }
  return name;
}

/** Whether it is one of the five names; `""` is none. */
export function isCapability(name: unknown): name is AgentCapability {
  return typeof name === "string" && Object.hasOwn(IoCapability, name);
}
