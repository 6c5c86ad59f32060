/** Handlers by event name: the smallest typed emitter that browsers, Bun and Node share. */
export class Emitter<Events extends object> {
  readonly #handlers = new Map<keyof Events, Set<(event: never) => void>>();
  readonly #onError: (error: unknown) => void;

  /** `onError` receives what a handler throws, so that one bad handler cannot stop the delivery to the others. */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Calls `handler` on every `name` event, in the order of registration; the answer takes it off again. */
  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): () => void {
    const handlers = this.#handlers.get(name) ?? new Set();
    handlers.add(handler);
    this.#handlers.set(name, handlers);
    return () => handlers.delete(handler);
  }

  /** Hands `event` to every handler before it returns. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const handlers = this.#handlers.get(name) as Set<(event: Events[Name]) => void> | undefined;
    if (handlers === undefined) return;
    for (const handler of [...handlers]) {
      try {
        handler(event);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
