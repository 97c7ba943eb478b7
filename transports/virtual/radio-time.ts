/** Rounding of times, in ms. */
const hair = 1e-6;

/** One of several links that share a radio, and when it uses it. Times are in ms of the air's clock. */
export interface Contender {
  /** Different from that of every other link. */
  readonly rank: number;
  /** The connection event that goes on, as far as it is certain, or else the last one. */
  takenFrom: number;
  takenUntil: number;
  /** The first exchange of the event that is planned; both Infinity when none is. */
  plannedFrom: number;
  plannedUntil: number;
  /** How many events it has lost to others since it had one. */
  lost: number;
}

/** One that has had no event and plans none. */
export function newContender(rank: number): Contender {
  const never = Number.POSITIVE_INFINITY;
  return { rank, takenFrom: -1, takenUntil: -1, plannedFrom: never, plannedUntil: never, lost: 0 };
}

/**
 * The radio of one controller, which is in one connection event at a time. Vol 6, Part B, 4.5.
 *
 * Of two events that overlap, that of the link goes first that has lost more, or else the one that begins earlier. An
 * event that goes on makes room for the next one.
 */
export class RadioTime {
  readonly #contenders = new Set<Contender>();

  add(contender: Contender): void {
    this.#contenders.add(contender);
  }

  remove(contender: Contender): void {
    this.#contenders.delete(contender);
  }

  /** Whether the radio is free for the planned event of `self`. */
  isFree(self: Contender): boolean {
    for (const other of this.#contenders) {
      if (other === self) continue;
      if (overlap(self, other.takenFrom, other.takenUntil)) return false;
      if (overlap(self, other.plannedFrom, other.plannedUntil) && goesFirst(other, self)) return false;
    }
    return true;
  }

  /** When others want it next, but for those whose event the one of `self` has taken already. */
  wantedAt(self: Contender): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { plannedFrom } of this.#contenders) {
      if (plannedFrom >= self.takenUntil - hair && plannedFrom < next) next = plannedFrom;
    }
    return next;
  }
}

function overlap({ plannedFrom, plannedUntil }: Contender, from: number, until: number): boolean {
  return from < plannedUntil - hair && until > plannedFrom + hair;
}

function goesFirst(one: Contender, other: Contender): boolean {
  if (one.lost !== other.lost) return one.lost > other.lost;
  return one.plannedFrom === other.plannedFrom ? one.rank < other.rank : one.plannedFrom < other.plannedFrom;
}
