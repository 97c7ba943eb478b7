import type { Clock } from "../common/clock.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { AgentSession } from "./agent-session.ts";
import type { Agents, RegisteredAgent } from "./agents.ts";
import type { Connection } from "./connection.ts";

/** What the questions of all links share. */
export interface AuthorizationSetup {
  readonly turn: Turn;
  readonly clock: Clock;
  readonly agents: Agents;
  /** Told of mistakes of agents. */
  readonly fault: (error: unknown) => void;
}

/** How long an agent may think, in ms: less than the 30 s after which a client gives up. Vol 3, Part F, 3.3.3. */
const patienceMs = 25_000;

interface Question {
  readonly session: AgentSession;
  readonly answers: ((granted: boolean) => void)[];
  readonly timer: Disposable;
}

/**
 * Whether the peer of one link may use services that ask for authorization: the default agent is asked once for each, and
 * its answer holds as long as the link. Vol 3, Part C, 10.5.
 */
export class ServiceAuthorization {
  readonly connection: Connection;
  readonly #setup: AuthorizationSetup;
  /** By the UUID of the service, as text. */
  readonly #decided = new Map<string, boolean>();
  readonly #open = new Map<string, Question>();
  #closed = false;

  constructor(setup: AuthorizationSetup, connection: Connection) {
    this.#setup = setup;
    this.connection = connection;
  }

  /** Resolves with the agent's answer: no, where there is none or it cannot be asked. */
  ask(service: Uuid): Promise<boolean> {
    const uuid = service.toString();
    const decided = this.#decided.get(uuid);
    if (decided !== undefined || this.#closed) return Promise.resolve(decided ?? false);
    const registered = this.#setup.agents.find();
    if (!registered?.agent.authorizeService) return Promise.resolve(false); // nobody was asked: nothing is decided
    const question = this.#open.get(uuid) ?? this.#question(uuid, registered);
    return new Promise((resolve) => {
      question.answers.push(resolve);
    });
  }

  /** An agent is no longer registered: what it was asked is refused, and another may be asked. */
  released(agent: RegisteredAgent): void {
    for (const [uuid, { session }] of [...this.#open]) {
      if (session.registered === agent) this.#end(uuid, false);
    }
  }

  /** The link is gone. */
  close(): void {
    this.#closed = true;
    for (const uuid of [...this.#open.keys()]) this.#end(uuid, false);
  }

  #question(uuid: string, registered: RegisteredAgent): Question {
    const { turn, clock, fault } = this.#setup;
    const session = new AgentSession(registered, this.connection, turn, fault);
    // Who was not there has not refused: the next time it is asked again.
    const timer = clock.after(patienceMs, () => {
      this.#end(uuid, false);
    });
    const question: Question = { session, answers: [], timer };
    this.#open.set(uuid, question);
    turn.run(() => {
      session.authorizeService(uuid, (granted) => {
        this.#decided.set(uuid, granted);
        this.#end(uuid, granted);
      });
    });
    return question;
  }

  #end(uuid: string, granted: boolean): void {
    const question = this.#open.get(uuid);
    if (!question) return;
    this.#open.delete(uuid);
    question.timer[Symbol.dispose]();
    this.#setup.turn.run(() => {
      question.session.end();
    });
    for (const answer of question.answers) answer(granted);
  }
}
