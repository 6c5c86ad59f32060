/** Groups whose content follows from their position, so that whoever reads one back can tell whether it is right. */

export function groupAt(position: number): Uint8Array[] {
  const records = 1 + (position % 3);
  return Array.from({ length: records }, (_, index) =>
    new Uint8Array(100 + ((position * 7_919 + index) % 4_000)).fill((position + index) % 256),
  );
}
