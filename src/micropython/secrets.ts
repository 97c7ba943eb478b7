import {
  type BondDocument,
  type BondStore,
  bondsFromSecrets,
  type ImportedBonds,
  type Secret,
  secretsFromBonds,
  SecretType,
} from "../index.ts";
import { _IRQ_GET_SECRET, _IRQ_SET_SECRET } from "./constants.ts";
import type { Irq } from "./irq.ts";
import { octetsOf, type BufferLike } from "./octets.ts";

/** What NimBLE finds a host's own identity resolving key by. */
const irkName = "irk";
/** Octets of a value that say whose it is: an address and its type. */
const ownerSize = 7;
/** More bonds than a host keeps: a program that always has one more comes to an end here. */
const mostBonds = 256;

/**
 * The bonds of the host, as the secrets that the program keeps: it is asked for them with `_IRQ_GET_SECRET`, and given
 * what has changed with `_IRQ_SET_SECRET`.
 */
export class Secrets implements BondStore {
  readonly #irq: Irq;
  /** What the program has, by type and key, as hex. */
  readonly #kept = new Map<string, { readonly secret: Secret; readonly text: string }>();

  constructor(irq: Irq) {
    this.#irq = irq;
  }

  /** Nothing: they are taken over by `host.bonds.import`, whenever there is a handler to ask. */
  load(): Promise<BondDocument | undefined> {
    return Promise.resolve(undefined);
  }

  /** Gives the program what it has not, and takes from it what is no more. */
  save(document: BondDocument): Promise<void> {
    const { bonds, local } = document;
    // Without a bond nobody knows the host by its key.
    const secrets = bonds.length === 0 ? [] : secretsFromBonds({ irk: local.irk, bonds });
    const left = new Set(this.#kept.keys());
    for (const secret of secrets) {
      left.delete(nameOf(secret));
      this.#keep(secret);
    }
    for (const name of left) this.#forget(name);
    return Promise.resolve();
  }

  /**
   * What the program has kept.
   *
   * @throws {@link SyntaxError} A secret is none.
   */
  ask(): ImportedBonds {
    const secrets: Secret[] = [];
    const add = (type: number, key: Uint8Array, value: Uint8Array | undefined): void => {
      if (value) secrets.push([type, key, value]);
    };
    const irk = octetsOf("irk", irkName);
    add(SecretType.OurIrk, irk, this.#get(SecretType.OurIrk, 0, irk));
    for (let index = 0; index < mostBonds; index++) {
      const theirs = this.#get(SecretType.PeerKeys, index, null);
      if (!theirs) break;
      const owner = theirs.slice(0, ownerSize);
      add(SecretType.PeerKeys, owner, theirs);
      add(SecretType.OurKeys, owner, this.#get(SecretType.OurKeys, 0, owner));
    }
    const imported = bondsFromSecrets(secrets);
    for (const secret of secrets) this.#kept.set(nameOf(secret), { secret, text: textOf(secret[2]) });
    return imported;
  }

  #get(type: number, index: number, key: Uint8Array | null): Uint8Array | undefined {
    const answer = this.#irq.askAlways(_IRQ_GET_SECRET, [type, index, key]);
    if (answer === undefined || answer === null || answer === false) return undefined;
    return new Uint8Array(octetsOf("secret", answer as BufferLike));
  }

  #keep(secret: Secret): void {
    const text = textOf(secret[2]);
    if (this.#kept.get(nameOf(secret))?.text === text) return;
    // What the program does not keep it is offered again.
    if (this.#irq.askAlways(_IRQ_SET_SECRET, secret)) this.#kept.set(nameOf(secret), { secret, text });
  }

  #forget(name: string): void {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    if (kept) this.#irq.askAlways(_IRQ_SET_SECRET, [kept.secret[0], kept.secret[1], null]);
  }
}

function nameOf([type, key]: Secret): string {
  return `${type} ${textOf(key)}`;
}

function textOf(octets: Uint8Array): string {
  return octets.join();
}
