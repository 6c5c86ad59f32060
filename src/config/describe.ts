/** What people read of the configuration: the help text, the reference page and the example file. */
import { VARIABLES } from './schema.ts';
import { flagOf, type Section, type Variable } from './variable.ts';

const HELP_WIDTH = 100;

/** The text of `--help`. */
export function helpText(): string {
  const sections = bySection().map(([section, variables]) => `${section}:\n${variables.map(helpEntry).join('\n')}`);
  return [
    'usage: npm start -- [FLAGS]   (or: bun run start [FLAGS])',
    'Each flag is also a variable of the environment; a flag wins.',
    ...sections,
    '  --help\n      Print this and exit.',
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function helpEntry(variable: Variable<unknown>): string {
  const head = `  ${flagOf(variable)}, ${variable.name}  (default: ${variable.initialText})`;
  return [head, ...wrap(fullDescription(variable), HELP_WIDTH - 6).map((line) => `      ${line}`)].join('\n');
}

/** `docs/configuration.md`. */
export function configurationPage(): string {
  const sections = bySection().map(([section, variables]) => `## ${section}\n\n${table(variables)}`);
  return `# Configuration

This page is made from \`src/config/schema.ts\` by \`npm run generate\`.

Each variable of the environment has a flag of the same name, and a flag wins over its variable: \`MAILROOM_DATA_DIR=/srv/mail\`
and \`npm start -- --data-dir /srv/mail\` (or \`--data-dir=/srv/mail\`) are the same. An empty variable counts as unset.
A value that does not fit stops the start; all problems are printed together, one line each. A flag that is not known is
a problem, a \`MAILROOM_\` variable that is not known is a warning. Values marked *secret* are never printed.
Durations are a number and a unit: \`500ms\`, \`30s\`, \`15m\`, \`12h\`, \`30d\`.

${sections.join('\n\n')}
`;
}

function table(variables: readonly Variable<unknown>[]): string {
  const rows = variables.map((variable) => {
    const marks = [variable.unit, variable.secret === true ? '*secret*' : undefined].filter(
      (mark) => mark !== undefined,
    );
    const cells = [
      `\`${variable.name}\`<br>\`${flagOf(variable)}\``,
      variable.initialText,
      [variable.type.describe, ...marks].join(', '),
      fullDescription(variable),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| variable and flag | default | value | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** `docker/.env.example`: every variable, commented out. */
export function exampleEnvironment(): string {
  const sections = bySection().map(([section, variables]) => {
    const entries = variables.map((variable) => {
      const lines = wrap(`${fullDescription(variable)} Default: ${variable.initialText}.`, HELP_WIDTH - 2);
      return [...lines.map((line) => `# ${line}`), `#${variable.name}=`].join('\n');
    });
    return `# --- ${section} ---\n\n${entries.join('\n\n')}`;
  });
  return `# Made from src/config/schema.ts by \`npm run generate\`. An empty value counts as unset.\n\n${sections.join('\n\n')}\n`;
}

function fullDescription(variable: Variable<unknown>): string {
  return variable.notYet === undefined ? variable.description : `${variable.description} Not yet: ${variable.notYet}.`;
}

function bySection(): [Section, Variable<unknown>[]][] {
  return [...Map.groupBy(VARIABLES, (variable) => variable.section)];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
