import type { VirtualAir } from "../virtual/air.ts";
import type { VirtualController } from "../virtual/controller.ts";
import type { VirtualControllerOptions } from "../virtual/controller-options.ts";
import type { DoorLocation, DoorPlace } from "./place.ts";
import { PtyDoor } from "./pty-door.ts";
import { SocketDoor } from "./socket-door.ts";

/** A controller that a host in another process can use, in whatever language, over H4 (Vol 4, Part A). */
export interface Door {
  /** Where it is. The name of a pseudo-terminal may change when a client leaves. */
  readonly location: DoorLocation;
  readonly controller: VirtualController;
}

/** How doors are opened. */
export interface DoorsOptions {
  /** What their controllers are like. */
  readonly controller?: VirtualControllerOptions;
  /** Told when a client was refused, or sent away for what it did; and when a door is out of order. */
  readonly onTrouble?: (error: Error, door: Door) => void;
}

/** Doors that are open. Disposing closes them and sends their clients away; the air is not theirs. */
export interface Doors extends AsyncDisposable {
  readonly doors: readonly Door[];
}

/**
 * Opens doors to an air, each with a controller of its own.
 *
 * A door serves one client at a time, and refuses another one by closing its connection. Every client finds the
 * controller as after power-on. One that sends what is no H4, or leaves 4 MiB unread, is sent away.
 *
 * @throws {@link TransportError} One of them cannot be opened; then none is.
 * @throws {@link RangeError} A port or an option of the controllers is out of its range.
 */
export async function openDoors(
  air: VirtualAir,
  places: readonly DoorPlace[],
  { controller: options = {}, onTrouble }: DoorsOptions = {},
): Promise<Doors> {
  const doors: (Door & AsyncDisposable)[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(doors.map((door) => door[Symbol.asyncDispose]()));
  };
  try {
    for (const place of places) {
      const door: Door & AsyncDisposable = await openDoor(place, air.controller(options), (error) =>
        onTrouble?.(error, door),
      );
      doors.push(door);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { doors, [Symbol.asyncDispose]: close };
}

function openDoor(
  place: DoorPlace,
  controller: VirtualController,
  onTrouble: (error: Error) => void,
): Promise<Door & AsyncDisposable> {
  return place.kind === "pty"
    ? PtyDoor.open(controller, onTrouble)
    : SocketDoor.open(place, controller, onTrouble);
}
