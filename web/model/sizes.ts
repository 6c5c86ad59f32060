/** Sizes and times as people say them. */

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** As file managers say it: 1,000 bytes are 1 kB. */
export function sizeOf(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits)} ${unit === 0 && bytes === 1 ? 'byte' : UNITS[unit]}`;
}

/** How long that is, roughly. */
export function lengthOf(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3_600);
  return `${hours} h ${Math.round((seconds % 3_600) / 60)} min`;
}
