/** Sabotage: makes actors of one kind throw, before or after they handled a message. */
import type { Actor, Behaviour } from '../../../src/runtime/kind.ts';

export const SABOTAGED = 'sabotaged by the simulation';

export class Sabotage {
  readonly #plans: { readonly kind: string; readonly after: boolean; skip: number }[] = [];

  /** The `skip`-th message from now to an actor of the kind makes it fail. */
  plan(kind: string, skip: number, after: boolean): void {
    this.#plans.push({ kind, skip, after });
  }

  heal(): void {
    this.#plans.length = 0;
  }

  behaviour<M>(kind: string, behaviour: Behaviour<M>): Behaviour<M> {
    return (context) => this.#actor(kind, behaviour(context));
  }

  #actor<M>(kind: string, actor: Actor<M>): Actor<M> {
    const receive = actor.receive.bind(actor);
    actor.receive = (message) => {
      const index = this.#plans.findIndex((plan) => plan.kind === kind && plan.skip-- <= 0);
      const plan = this.#plans[index];
      if (plan === undefined) return receive(message);
      this.#plans.splice(index, 1);
      if (plan.after) receive(message);
      throw new Error(SABOTAGED);
    };
    return actor;
  }
}
