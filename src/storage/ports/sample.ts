/** One figure that storage reports to operators: a counter where its name ends in `_total`, else a gauge. */
export interface Sample {
  /** As Prometheus wants it, `mailroom_` included. */
  readonly name: string;
  /** One sentence; the same for all samples of a name. */
  readonly help: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
