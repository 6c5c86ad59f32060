/** The part of a cell that knows others: its parent, its children, whom it watches and who watches it. */
import type { Cell } from './cell.ts';
import { CellContext } from './cell-context.ts';
import { type Kin, newKin } from './kin.ts';
import type { Behaviour, Kind } from './kind.ts';
import type { Ref } from './ref.ts';

export abstract class CellFamily extends CellContext {
  protected kin: Kin | null = null;

  abstract get address(): string;
  /** False once a stop was asked for: no child may be started any more. */
  protected abstract get open(): boolean;
  /** The last child went. */
  protected abstract childless(): void;
  /** A watched actor ended. */
  protected abstract terminated(address: string): void;

  onEnd(watcher: (address: string) => void): void {
    this.family().watchers.add(watcher);
  }

  offEnd(watcher: (address: string) => void): void {
    this.kin?.watchers.delete(watcher);
  }

  adopt(parent: Cell<never>): void {
    this.family().parent = parent;
  }

  /** A child failed and passed it on. */
  escalated(address: string, error: unknown): void {
    throw new Error(`a child failed: ${address}`, { cause: error });
  }

  get hasChildren(): boolean {
    return this.kin !== null && this.kin.children.size > 0;
  }

  spawn<T>(kind: Kind<T>, name: string, behaviour: Behaviour<T>): Ref<T> {
    if (!this.open) throw new Error(`${this.address} is stopping and starts no more children`);
    const { children } = this.family();
    if (children.has(name)) throw new Error(`${this.address} has a child named ${name} already`);
    const child = this.shard.spawn(kind, `${this.address}/${name}`, behaviour, this as unknown as Cell<never>);
    children.set(name, child as unknown as Cell<never>);
    child.onEnd(() => {
      children.delete(name);
      if (children.size === 0) this.childless();
    });
    return child.self;
  }

  watch<T>(ref: Ref<T>): void {
    const kin = this.family();
    kin.onTerminated ??= this.#ear(kin);
    kin.watching.set(ref.address, ref as unknown as Ref<never>);
    this.shard.watch(ref, kin.onTerminated);
  }

  unwatch<T>(ref: Ref<T>): void {
    const { kin } = this;
    if (kin === null || kin.onTerminated === null || !kin.watching.delete(ref.address)) return;
    this.shard.unwatch(ref, kin.onTerminated);
  }

  protected family(): Kin {
    this.kin ??= newKin();
    return this.kin;
  }

  protected stopChildren(): void {
    if (this.kin !== null) for (const child of this.kin.children.values()) child.requestStop();
  }

  /** Watches belong to an incarnation: they go with it, so that nobody keeps the ears of the dead. */
  protected unwatchAll(): void {
    const { kin } = this;
    if (kin === null || kin.onTerminated === null) return;
    for (const ref of kin.watching.values()) this.shard.unwatch(ref, kin.onTerminated);
    kin.watching.clear();
    kin.onTerminated = null;
  }

  protected tellWatchers(): void {
    if (this.kin !== null) for (const watcher of this.kin.watchers) watcher(this.address);
  }

  #ear(kin: Kin): (address: string) => void {
    const { incarnation } = this;
    return (address) =>
      this.signal({
        deliver: () => {
          if (this.incarnation === incarnation && kin.watching.delete(address)) this.terminated(address);
        },
      });
  }
}
