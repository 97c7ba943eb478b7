import { BleError } from "../common/errors.ts";
import { type BondDocument } from "./bond-document.ts";

/**
 * Where the bonds of a host outlive it. Two methods on one document, so that a program can keep it wherever it likes.
 *
 * The host loads once when it opens and saves after changes, never twice at a time; what `save` is given is the whole
 * state, and stays as it is. A store that holds something, such as a lock, is disposed of by the host when it closes,
 * and may be loaded from again later.
 */
export interface BondStore extends Partial<AsyncDisposable> {
  /** What was saved last; `undefined` when nothing ever was. A rejection keeps the host from opening. */
  load(): Promise<BondDocument | undefined>;
  /** Resolves when the document would survive a loss of power. */
  save(document: BondDocument): Promise<void>;
}

/** Bonds could not be loaded or saved; `cause` has what went wrong below. */
export class BondStoreError extends BleError {
  readonly code = "BOND_STORE";
}

/** A {@link BondStore} that lasts as long as the program. */
export interface MemoryBondStore extends BondStore {
  /** What was saved last; a copy. */
  readonly document: BondDocument | undefined;
}

/**
 * Keeps bonds in memory: for tests, and for handing them to a second host in the same program.
 *
 * @param document - What it holds at first.
 */
export function memoryBondStore(document?: BondDocument): MemoryBondStore {
  let saved = structuredClone(document);
  return {
    get document() {
      return structuredClone(saved);
    },
    load: () => Promise.resolve(structuredClone(saved)),
    save(next) {
      saved = structuredClone(next);
      return Promise.resolve();
    },
  };
}
