/** Why a download cannot be done. What the other side said is not repeated: it would tell its asker about foreign networks. */

export type DownloadProblem =
  /** No http or https address, or one with a name or port that is never fetched from. */
  | 'bad-url'
  /** It leads into a network that is not public. */
  | 'forbidden-address'
  | 'too-many-redirects'
  | 'unreachable'
  /** An answer that is no content: another status than 200 or 206, or content that was packed unasked. */
  | 'bad-answer'
  | 'too-large'
  | 'too-slow'
  | 'too-long'
  /** It does not fit into what its user may have. */
  | 'quota'
  /** It could not be kept here, however often it was tried. */
  | 'storage'
  /** Its user has stopped it, or the process is ending. */
  | 'stopped';

/** Whether the same download may succeed later. */
const PASSING: ReadonlySet<DownloadProblem> = new Set(['unreachable', 'bad-answer', 'too-slow']);

export class DownloadFault extends Error {
  readonly problem: DownloadProblem;

  constructor(problem: DownloadProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DownloadFault';
    this.problem = problem;
  }

  get mayPass(): boolean {
    return PASSING.has(this.problem);
  }
}
