import { useLayoutEffect, useReducer } from 'preact/hooks';

/** Something that components show and that tells them when to look again. */
export class Observable {
  readonly #listeners = new Set<() => void>();

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  protected changed(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Renders the component again whenever `source` has changed. */
export function useObservable(source: Observable): void {
  const [, renderAgain] = useReducer((count: number, _: undefined) => count + 1, 0);
  // Subscribes before the browser paints, so that no change falls between the first rendering and the subscription.
  useLayoutEffect(() => source.subscribe(() => renderAgain(undefined)), [source]);
}
