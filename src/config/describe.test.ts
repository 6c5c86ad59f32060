import { expect, test } from 'bun:test';
import { configurationPage, exampleEnvironment, helpText } from './describe.ts';
import { VARIABLES } from './schema.ts';
import { flagOf } from './variable.ts';

test('[CFG10] help, page and example name every variable with its default', () => {
  for (const variable of VARIABLES) {
    expect(helpText()).toContain(`${flagOf(variable)}, ${variable.name}  (default: ${variable.initialText})`);
    expect(configurationPage()).toContain(
      `| \`${variable.name}\`<br>\`${flagOf(variable)}\` | ${variable.initialText} |`,
    );
    expect(exampleEnvironment()).toContain(`\n#${variable.name}=\n`);
  }
});

test('[CFG10] the texts of fixed defaults are the defaults', () => {
  const fixed = VARIABLES.filter((variable) => ['string', 'boolean'].includes(typeof variable.initial({ cores: 1 })));
  for (const { name, type, initialText, initial } of fixed) {
    expect([name, type.parse(initialText)]).toEqual([name, initial({ cores: 1 })]);
  }
  expect(fixed.length).toBeGreaterThan(4);
});
