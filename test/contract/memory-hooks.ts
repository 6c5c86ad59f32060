/** The reference model of hooks, over the model of moderation. */
import type { Hook, Hooks } from '../../src/storage/ports/hooks.ts';
import type { NewAudit } from '../../src/storage/ports/moderation.ts';
import type { MemoryModeration } from './memory-moderation.ts';

export class MemoryHooks implements Hooks {
  readonly #moderation: MemoryModeration;
  readonly #hooks = new Map<string, Hook>();

  constructor(moderation: MemoryModeration) {
    this.#moderation = moderation;
  }

  addHook(hook: Hook, most: number, audit: NewAudit): boolean {
    if (this.#hooks.size >= most) return false;
    this.#hooks.set(hook.id, hook);
    this.#moderation.log(audit);
    return true;
  }

  hooks(): readonly Hook[] {
    return [...this.#hooks.values()];
  }

  removeHook(id: string, audit: NewAudit): boolean {
    if (!this.#hooks.delete(id)) return false;
    this.#moderation.log(audit);
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
