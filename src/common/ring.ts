/** A first-in-first-out queue that grows as needed and moves nothing when its head is taken. */
export class Ring<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(16);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = value;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const value = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length--;
    return value;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  /** The one that `index` others stand in front of. */
  at(index: number): T | undefined {
    return index < this.#length ? this.#slots[(this.#head + index) & (this.#slots.length - 1)] : undefined;
  }

  clear(): void {
    while (this.#length > 0) this.shift();
  }

  #grow(): void {
    const slots = this.#slots;
    const grown = new Array<T | undefined>(slots.length * 2); // a power of two, so that an index wraps with a mask
    for (let i = 0; i < this.#length; i++) grown[i] = slots[(this.#head + i) & (slots.length - 1)];
    this.#slots = grown;
    this.#head = 0;
  }
}
