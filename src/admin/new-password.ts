/** Where a new password comes from: made up here, piped in, or typed twice without being shown. */
import { randomBytes } from 'node:crypto';
import type { ReadStream } from 'node:tty';

/** The same bounds as for people who register. */
const MIN_LENGTH = 8;
const MAX_LENGTH = 1_024;
const GENERATED_BYTES = 18;

const ENTER = ['\r', '\n'];
const END_OF_INPUT = '\u0004';
const INTERRUPT = '\u0003';
const BACKSPACE = ['\u007f', '\b'];

export function generatePassword(): string {
  return randomBytes(GENERATED_BYTES).toString('base64url');
}

/** Reads it from `input`: asked for twice on a terminal, else its first line. Throws with a readable message. */
export async function readPassword(input: ReadStream, prompt: (text: string) => void): Promise<string> {
  if (!input.isTTY) return checked(await firstLine(input));
  const first = checked(await typed(input, prompt, 'New password: '));
  if ((await typed(input, prompt, 'Again: ')) !== first) throw new Error('the two are not the same');
  return first;
}

function checked(password: string): string {
  const { length } = [...password];
  if (length >= MIN_LENGTH && length <= MAX_LENGTH) return password;
  throw new Error(`a password has ${MIN_LENGTH} to ${MAX_LENGTH.toLocaleString('en')} characters`);
}

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.includes('\n')) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}

/** In raw mode the terminal shows nothing, and its special keys arrive as characters. */
async function typed(input: ReadStream, prompt: (text: string) => void, label: string): Promise<string> {
  input.setRawMode(true);
  try {
    // Only now: who answers the prompt at once must not be shown either.
    prompt(label);
    return await untilEnter(input);
  } finally {
    input.setRawMode(false);
    input.pause();
    prompt('\n');
  }
}

function untilEnter(input: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    const characters: string[] = [];
    const settle = (act: () => void): void => {
      input.off('data', onData);
      act();
    };
    const onData = (chunk: Buffer | string): void => {
      for (const character of chunk.toString()) {
        if (ENTER.includes(character)) return settle(() => resolve(characters.join('')));
        if (character === INTERRUPT || character === END_OF_INPUT) {
          return settle(() => reject(new Error('nothing was changed')));
        }
        if (BACKSPACE.includes(character)) characters.pop();
        else characters.push(character);
      }
    };
    input.on('data', onData);
    input.resume();
  });
}
