import { characteristicRecordOf, recordOf } from "./database-cache.ts";
import type { HandleRange } from "./discovery.ts";
import { StaleAttributeError } from "./error.ts";
import { RemoteCharacteristic } from "./remote-characteristic.ts";
import type { CharacteristicData, ServiceData } from "./remote-database.ts";
import { RemoteService } from "./remote-service.ts";
import type { RemoteLink } from "./remote-value.ts";

/** The services of a server that are known, as objects. One attribute is one object as long as it stays what it is. */
export class KnownServices {
  readonly #link: RemoteLink;
  readonly #services = new Map<number, RemoteService>();
  /** All of them in the order of their handles, once somebody has asked. */
  #sorted: readonly RemoteService[] | undefined;

  constructor(link: RemoteLink) {
    this.#link = link;
  }

  get all(): readonly RemoteService[] {
    this.#sorted ??= [...this.#services.values()].sort((a, b) => a.handle - b.handle);
    return this.#sorted;
  }

  /** The service that begins at that handle. */
  at(handle: number): RemoteService | undefined {
    return this.#services.get(handle);
  }

  /** What lies in the range may have changed. */
  doubt(range: HandleRange): void {
    for (const service of this.all) if (overlap(extentOf(service), range)) stand(service, "doubtful");
  }

  /** Whether the program waits for values of something in doubt. */
  get awaited(): boolean {
    return this.all.some(
      ({ standing, characteristics }) =>
        standing === "doubtful" && characteristics.some(({ watched }) => watched),
    );
  }

  /** From the first to the last handle of the services in doubt; `undefined` where there is none. */
  get doubtful(): HandleRange | undefined {
    const [first, ...others] = this.all.filter((service) => service.standing === "doubtful");
    if (!first) return undefined;
    return {
      start: first.handle,
      end: others.reduce((most, { endHandle }) => Math.max(most, endHandle), first.endHandle),
    };
  }

  /** The range with the whole of every known service that it touches. */
  around(range: HandleRange): HandleRange {
    let { start, end } = range;
    for (const service of this.all) {
      if (!overlap(extentOf(service), range)) continue;
      start = Math.min(start, service.handle);
      end = Math.max(end, service.endHandle);
    }
    return { start, end };
  }

  /**
   * Takes in what was found.
   *
   * @param range - Everything in it was searched: what begins in it and was not found is gone.
   */
  merge(found: readonly ServiceData[], range?: HandleRange): void {
    const starts = new Set(found.map(({ start }) => start));
    const before = this.all.filter(
      ({ handle }) => starts.has(handle) || (range && handle >= range.start && handle <= range.end),
    );
    const old = new Map(before.map((service) => [service.handle, service]));
    const characteristics = new Map<string, RemoteCharacteristic>();
    const doubtful = before.flatMap(({ standing, characteristics: each }) =>
      standing === "doubtful" ? each : [],
    );
    for (const service of before) {
      this.#services.delete(service.handle);
      stand(service, "gone");
      for (const each of service.characteristics) characteristics.set(keyOf(each.data), each);
    }
    for (const data of found) this.#take(data, old.get(data.start), characteristics);
    this.#sorted = undefined;
    for (const each of characteristics.values()) this.#partWith(each);
    for (const each of doubtful) if (each.standing === "known") each.renew();
  }

  #take(
    data: ServiceData,
    old: RemoteService | undefined,
    characteristics: ReadonlyMap<string, RemoteCharacteristic>,
  ): void {
    const same = old && JSON.stringify(recordOf(old.data)) === JSON.stringify(recordOf(data));
    const service = same
      ? old
      : new RemoteService(
          data,
          data.characteristics.map((each) => {
            return characteristics.get(keyOf(each)) ?? new RemoteCharacteristic(each, this.#link);
          }),
          this.#link,
        );
    stand(service, "known");
    this.#services.set(data.start, service);
  }

  #partWith(characteristic: RemoteCharacteristic): void {
    if (characteristic.standing !== "gone") return;
    this.#link.sinks.end(
      characteristic.handle,
      new StaleAttributeError(characteristic.label, characteristic.handle),
    );
  }
}

/** What two equal characteristics have in common, and two different ones have not. */
function keyOf(data: CharacteristicData): string {
  return JSON.stringify(characteristicRecordOf(data));
}

function extentOf({ handle, endHandle }: RemoteService): HandleRange {
  return { start: handle, end: endHandle };
}

function overlap(a: HandleRange, b: HandleRange): boolean {
  return a.start <= b.end && b.start <= a.end;
}

function stand(service: RemoteService, standing: RemoteService["standing"]): void {
  service.standing = standing;
  for (const characteristic of service.characteristics) characteristic.stand(standing);
}
