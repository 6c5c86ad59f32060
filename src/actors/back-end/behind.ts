/** A driver behind its back end's circuit: every call of its port goes through, `close` excepted. */
import type { BackEnd } from './back-end.ts';

export function behind<Port extends object>(backEnd: BackEnd, driver: Port): Port {
  const guarded = new Map<PropertyKey, unknown>();
  return new Proxy(driver, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const known = guarded.get(name);
      if (known !== undefined) return known;
      const call = (...args: readonly unknown[]): unknown =>
        name === 'close' ? member.apply(target, args) : backEnd.call(async () => await member.apply(target, args));
      guarded.set(name, call);
      return call;
    },
  });
}
