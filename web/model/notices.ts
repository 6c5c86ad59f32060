import { asMailroomError } from '../../src/client/errors.ts';
import { Observable } from './observable.ts';
import { explain } from './text.ts';

const shownMs = 6_000;

/** One line that tells what became of something, and goes away by itself. */
export class Notices extends Observable {
  text: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  say(text: string): void {
    clearTimeout(this.#timer);
    this.text = text;
    this.#timer = setTimeout(() => this.clear(), shownMs);
    this.changed();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.text = undefined;
    this.changed();
  }

  /** Says why something did not work; answers whether it did. */
  async trying(action: Promise<unknown>, words: Readonly<Record<string, string>> = {}): Promise<boolean> {
    try {
      await action;
      return true;
    } catch (error) {
      this.say(explain(asMailroomError(error), words));
      return false;
    }
  }
}
