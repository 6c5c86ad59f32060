/** What went wrong, over all rounds and both servers. A bench fails where one of these is not 0. */
export interface Losses {
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
}

export function sumLosses(results: readonly Partial<Losses>[]): Losses {
  const sum = (key: keyof Losses): number => results.reduce((total, result) => total + (result[key] ?? 0), 0);
  return { lost: sum('lost'), duplicated: sum('duplicated'), reordered: sum('reordered') };
}
