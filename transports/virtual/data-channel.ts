/** How many data channels there are. Vol 6, Part B, 1.4.1. */
const channels = 37;

/** All of them, as Vol 4, Part E, 7.8.19 writes them. */
export const allChannels: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f);

/** Whether channel `index` is in the map. */
function has(map: Uint8Array, index: number): boolean {
  return (((map[index >> 3] ?? 0) >> (index & 7)) & 1) === 1;
}

/** Whether a map names data channels only, and at least two of them. Vol 6, Part B, 4.5.8.1. */
export function isChannelMap(map: Uint8Array): boolean {
  return ((map[4] ?? 0) & 0xe0) === 0 && usedChannels(map).length >= 2;
}

/** The channels in a map, in rising order. */
export function usedChannels(map: Uint8Array): readonly number[] {
  const used: number[] = [];
  for (let index = 0; index < channels; index++) if (has(map, index)) used.push(index);
  return used;
}

/** The channel of a connection event by Channel Selection Algorithm #1. Vol 6, Part B, 4.5.8.2. */
export function dataChannel(event: number, hopIncrement: number, map: Uint8Array): number {
  const unmapped = (hopIncrement * (event + 1)) % channels;
  if (has(map, unmapped)) return unmapped;
  const used = usedChannels(map);
  return used[unmapped % used.length] ?? unmapped;
}

/** The channel of a connection event by Channel Selection Algorithm #2. Vol 6, Part B, 4.5.8.3. */
export function dataChannel2(event: number, accessAddress: number, map: Uint8Array): number {
  const identifier = (accessAddress >>> 16) ^ (accessAddress & 0xffff);
  let mixed = (event & 0xffff) ^ identifier;
  for (let round = 0; round < 3; round++) mixed = (17 * turned(mixed) + identifier) & 0xffff;
  const random = mixed ^ identifier;
  const unmapped = random % channels;
  if (has(map, unmapped)) return unmapped;
  const used = usedChannels(map);
  return used[Math.floor((used.length * random) / 0x1_0000)] ?? unmapped;
}

/** The bits of either octet in the opposite order. */
function turned(value: number): number {
  let result = 0;
  for (let bit = 0; bit < 16; bit++) if ((value >> bit) & 1) result |= 1 << ((bit & 8) | (7 - (bit & 7)));
  return result;
}
