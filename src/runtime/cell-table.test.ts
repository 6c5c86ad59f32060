import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Cell } from './cell.ts';
import { CellTable } from './cell-table.ts';
import { hashOf } from './hash.ts';
import { defineKind } from './kind.ts';
import { Ref } from './ref.ts';

const kind = defineKind<never>({ name: 'any' });

/** A cell as far as the table looks at it. Hashes are few, so that many collide. */
function cellOf(number: number): Cell<never> {
  return { self: new Ref(kind, `actor-${number}`, 0, (number % 7) * 0x1000_0001) } as unknown as Cell<never>;
}

test('[ACT8] an active actor is found by its id, whoever comes and goes, also where hashes collide', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 300 }), (numbers) => {
      const table = new CellTable();
      const model = new Map<string, Cell<never>>();
      for (const number of numbers) {
        const { id, hash } = cellOf(number).self;
        const known = model.get(id);
        expect(table.get(id, hash)).toBe(known as Cell<never>);
        if (known === undefined) {
          const cell = cellOf(number);
          table.add(cell);
          model.set(id, cell);
        } else {
          table.delete(known);
          model.delete(id);
        }
        expect(table.size).toBe(model.size);
      }
      expect(new Set(table.list())).toEqual(new Set(model.values()));
      for (const [id, cell] of model) expect(table.get(id, cell.self.hash)).toBe(cell);
    }),
  );
});

test('[ACT8] who walks from the last place to the first meets all that stay, while others come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 39 }), { maxLength: 40 }), (leaving) => {
      const table = new CellTable();
      const cells = Array.from({ length: 40 }, (_, number) => cellOf(number));
      for (const cell of cells) table.add(cell);
      const staying = new Set(cells);
      const met = new Set<Cell<never>>();
      for (let place = table.size - 1; place >= 0; place--) {
        const cell = table.at(place);
        if (cell !== undefined) met.add(cell);
        const goes = cells[leaving.pop() ?? -1];
        if (goes !== undefined && staying.delete(goes)) table.delete(goes);
        table.add(cellOf(1_000 + place));
      }
      for (const cell of staying) expect(met.has(cell)).toBe(true);
    }),
  );
});

test('[ACT8] hashes of like ids are spread over all low bits', () => {
  const slots = new Set(Array.from({ length: 1_024 }, (_, number) => hashOf(`room-${number}`) & 1_023));
  expect(slots.size).toBeGreaterThan(550);
});
