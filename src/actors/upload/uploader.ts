/**
 * The uploader: how many uploads a user has under way.
 *
 * Owns that set. Upload actors enter and leave; it asks nobody. After a restart it is empty, and every upload that is woken
 * enters again.
 */
import { fault } from '../../protocol/faults.ts';
import type { Context } from '../../runtime/context.ts';
import { type Actor, type Behaviour, defineKind } from '../../runtime/kind.ts';
import type { Request } from '../../runtime/reply.ts';

/** May the user have one more? It is counted from then on. */
export interface AdmitUpload extends Request<Record<string, never>> {
  readonly type: 'admit';
  readonly upload: string;
}
/** It is there already, whatever the bound says. */
export interface HasUpload {
  readonly type: 'has';
  readonly upload: string;
}
export interface LeftUpload {
  readonly type: 'left';
  readonly upload: string;
}
export type UploaderMessage = AdmitUpload | HasUpload | LeftUpload;

export const uploaderKind = defineKind<UploaderMessage>({
  name: 'uploader',
  mailbox: { capacity: 4_096, overflow: 'refuse' },
  supervision: { onFailure: 'resume' },
  passivateAfterMs: 60_000,
});

const RETRY_AFTER_MS = 60_000;

export function uploader(maxUploads: number): Behaviour<UploaderMessage> {
  return (context) => new Uploader(context, maxUploads);
}

class Uploader implements Actor<UploaderMessage> {
  readonly #context: Context<UploaderMessage>;
  readonly #maxUploads: number;
  readonly #uploads = new Set<string>();

  constructor(context: Context<UploaderMessage>, maxUploads: number) {
    this.#context = context;
    this.#maxUploads = maxUploads;
  }

  receive(message: UploaderMessage): void {
    switch (message.type) {
      case 'admit':
        return this.#admit(message);
      case 'has':
        this.#uploads.add(message.upload);
        return;
      case 'left':
        this.#uploads.delete(message.upload);
        return;
    }
  }

  mayPassivate(): boolean {
    return this.#uploads.size === 0;
  }

  summary(): Readonly<Record<string, unknown>> {
    return { uploads: this.#uploads.size };
  }

  #admit({ upload }: AdmitUpload): void {
    if (this.#uploads.size >= this.#maxUploads) {
      const text = `at most ${this.#maxUploads} uploads may be under way; finish or delete one`;
      return this.#context.fail(fault('rate_limited', text, RETRY_AFTER_MS));
    }
    this.#uploads.add(upload);
    this.#context.reply({});
  }
}
