import { EventEmitter } from "node:events";
import { Address } from "../common/address.ts";
import type { Turn } from "../common/turn.ts";
import { type BondDocument, bondContents, bondDocument } from "./bond-document.ts";
import type { BondKeeper } from "./bond-keeper.ts";
import { BondedPeer } from "./bonded-peer.ts";
import { checkImported, type ImportedBonds } from "./imported-bonds.ts";

/** What the program can observe of the bonds. */
export interface BondsEvents {
  /** A peer has bonded that there was no bond with. */
  added: [peer: BondedPeer];
  /** A peer has bonded anew. */
  replaced: [peer: BondedPeer];
  /** A bond was removed. */
  removed: [peer: BondedPeer];
}

/** The peers that a host has bonds with: up to 256. Vol 3, Part C, 9.4. */
export class Bonds extends EventEmitter<BondsEvents> {
  readonly #keeper: BondKeeper;

  /** @internal Made by the host. */
  constructor(keeper: BondKeeper, turn: Turn) {
    super();
    this.#keeper = keeper;
    keeper.onChange((change, bond) => {
      const peer = new BondedPeer(bond);
      turn.defer(() => this.emit(change, peer));
    });
  }

  /** Every bond, without its keys. */
  get all(): readonly BondedPeer[] {
    return this.#keeper.contents.records.map(({ bond }) => new BondedPeer(bond));
  }

  /**
   * The bond with a peer, `undefined` when there is none.
   *
   * @param peer - Its identity address, or a resolvable private address that it uses.
   * @throws {@link SyntaxError} The address is none.
   */
  get(peer: Address | string): BondedPeer | undefined {
    const bond = this.#keeper.find(Address.from(peer));
    return bond && new BondedPeer(bond);
  }

  /**
   * Removes a bond. The peer keeps its side of it, and will find that this host knows it no more. A link that is up
   * stays as it is.
   *
   * @returns Whether there was one; resolves when that is saved.
   * @throws {@link BondStoreError} It could not be saved; here it is removed all the same.
   * @throws {@link SyntaxError} The address is none.
   */
  async remove(peer: Address | string | BondedPeer): Promise<boolean> {
    const known = peer instanceof BondedPeer ? peer : this.get(peer);
    if (!known || !this.#keeper.remove(known.identity)) return false;
    await this.#keeper.saved();
    return true;
  }

  /** Removes every bond. @throws {@link BondStoreError} It could not be saved. */
  async clear(): Promise<void> {
    await Promise.all(this.all.map((peer) => this.remove(peer)));
  }

  /** Everything there is, keys and all, as plain data: for a copy, or for another host in the place of this one. */
  export(): BondDocument {
    return bondDocument(this.#keeper.contents);
  }

  /**
   * Takes bonds over, from another stack or another host; they replace those of the same peers.
   *
   * They are of use only to a host with the address that the peers know: see `addressType` and `randomAddress` of
   * `Host.open`. The identity resolving key is taken along where this host has no bonds of its own yet.
   *
   * @throws {@link SyntaxError} A bond is none; nothing was taken.
   * @throws {@link TypeError} It is no object with bonds.
   * @throws {@link RangeError} They are more than the host can keep; nothing was taken.
   * @throws {@link BondStoreError} They could not be saved.
   */
  async import(imported: ImportedBonds): Promise<void> {
    checkImported("import", imported);
    const { irk, bonds } = imported;
    const document = this.export();
    const local = irk === undefined ? document.local : { ...document.local, irk };
    const contents = bondContents({ ...document, local, bonds });
    this.#keeper.take(contents.records, irk === undefined ? undefined : contents.local.irk);
    await this.#keeper.saved();
  }
}
