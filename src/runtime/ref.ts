/** References: typed, serializable names of actors, wherever they are and whether they are active or not. */
import type { Cell } from './cell.ts';
import { hashOf } from './hash.ts';
import type { Kind } from './kind.ts';

/**
 * A name to send to. Telling it activates the actor; holding it keeps nothing alive.
 *
 * *Details.* `cell` and `laneId` are caches of the shard that holds the ref and mean nothing to anybody else.
 */
export class Ref<M> {
  readonly kind: Kind<M>;
  readonly id: string;
  /** The thread that owns the actor. */
  readonly thread: number;
  /** The `hashOf` of the id. */
  readonly hash: number;
  cell: Cell<M> | null = null;
  laneId = -1;

  constructor(kind: Kind<M>, id: string, thread: number, hash: number = hashOf(id)) {
    this.kind = kind;
    this.id = id;
    this.thread = thread;
    this.hash = hash;
  }

  /** `kind/id`, as logs and the inspector show it. */
  get address(): string {
    return `${this.kind.name}/${this.id}`;
  }
}
