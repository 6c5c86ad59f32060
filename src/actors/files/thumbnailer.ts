/**
 * The thumbnailer: asks for a small picture of a content come here from all threads.
 *
 * Owns nothing but its maker, which keeps thumbnails on this node's disk. Nothing has to survive: they can be made again.
 */
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';
import type { ContentRecord } from '../../storage/ports/file-records.ts';
import type { Thumbnail, ThumbnailMaker, Variant } from '../../storage/ports/thumbnails.ts';
import { storageReply } from '../storage/reply.ts';

/** Whoever asks has seen to it that the picture may be read. */
export interface MakeThumbnail extends Request<Thumbnail> {
  readonly type: 'make';
  readonly content: ContentRecord;
  readonly variant: Variant;
}

export const thumbnailerKind = defineKind<MakeThumbnail>({
  name: 'thumbnailer',
  placement: 'service',
  mailbox: { capacity: 1_024, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
});

export function thumbnailer(maker: ThumbnailMaker): Behaviour<MakeThumbnail> {
  return (context) => new Thumbnailer(context, maker);
}

class Thumbnailer implements Actor<MakeThumbnail> {
  readonly #context: Context<MakeThumbnail>;
  readonly #maker: ThumbnailMaker;

  constructor(context: Context<MakeThumbnail>, maker: ThumbnailMaker) {
    this.#context = context;
    this.#maker = maker;
  }

  receive({ content, variant }: MakeThumbnail): void {
    storageReply(this.#context, () => this.#maker.of(content, variant));
  }
}
