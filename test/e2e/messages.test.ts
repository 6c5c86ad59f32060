/** Messages in the web app, between two people in real browsers on a real server. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { Accounts } from '../../src/client/accounts.ts';
import { MailroomClient } from '../../src/client/client.ts';
import { startServer } from '../support/server.ts';

const executablePath = '/usr/bin/chromium';
const testTimeoutMs = 180_000;
const password = 'correct horse battery staple';

const isThere = existsSync(executablePath);
if (!isThere && process.env.CI === 'true') throw new Error(`the web tests need ${executablePath}`);
if (!isThere) console.warn(`skipped: the web tests need ${executablePath} (apt-get install chromium)`);

describe.skipIf(!isThere)('messages in the web app', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  }, testTimeoutMs);
  afterAll(() => browser.close());

  test(
    '[WEB45] reactions, edits, pins and recalls show to both at once, and after a reload',
    async () => {
      await using scene = await openScene(browser, ['ann', 'bob']);
      const [ann, bob] = scene.pages;
      await say(ann, 'Shall we meet at noon?');
      await act(bob, 'Shall we meet at noon?', 'React with 👍');
      await ann.getByRole('button', { name: '👍 1' }).click();
      await bob.getByRole('button', { name: '👍 2' }).click();
      await ann.getByRole('button', { name: '👍 1' }).waitFor();
      await act(ann, 'Shall we meet at noon?', 'Edit');
      await ann.getByRole('textbox', { name: 'Edit message' }).fill('Shall we meet at one?');
      await ann.keyboard.press('Enter');
      await bob.getByText('Edited').waitFor();
      await message(bob, 'Shall we meet at one?').waitFor();
      await act(ann, 'Shall we meet at one?', 'Pin');
      await bob.getByRole('button', { name: 'Pinned messages' }).click();
      await bob.getByRole('complementary').getByText('Shall we meet at one?').waitFor();
      await say(ann, 'a slip');
      await message(bob, 'a slip').waitFor();
      await act(ann, 'a slip', 'Recall for everyone');
      await ann.getByRole('button', { name: 'Recall', exact: true }).click();
      await message(bob, 'This message was recalled.').waitFor();
      await bob.reload();
      await message(bob, 'This message was recalled.').waitFor();
      await message(bob, 'Shall we meet at one?').waitFor();
      await bob.locator('.message .message-mark').getByText('Pinned').waitFor();
      await bob.getByRole('button', { name: '👍 1' }).waitFor();
      expect(scene.problems).toEqual([]);
    },
    testTimeoutMs,
  );

  test(
    '[WEB46] an answer shows what it answers, a completed name calls its owner, and a reader shows',
    async () => {
      await using scene = await openScene(browser, ['ann', 'bob']);
      const [ann, bob] = scene.pages;
      await say(bob, 'Who brings the map?');
      await message(ann, 'Who brings the map?').waitFor();
      await act(ann, 'Who brings the map?', 'Reply');
      const line = ann.getByRole('textbox', { name: /^Message/ });
      await line.pressSequentially('You, @b');
      await ann.getByRole('option', { name: 'bob' }).waitFor();
      await ann.keyboard.press('Enter');
      await ann.keyboard.press('Enter');
      await bob.locator('.message-speaks .mention-self').getByText('@bob').waitFor();
      await bob.getByRole('button', { name: 'Answer to You: show the message' }).waitFor();
      await ann.getByText('Read by bob').waitFor();
      expect(scene.problems).toEqual([]);
    },
    testTimeoutMs,
  );
});

/** People who are logged in, each in a window of their own, in one room that the first of them owns. */
async function openScene<const Names extends readonly string[]>(browser: Browser, names: Names) {
  const server = await startServer();
  const problems: string[] = [];
  const accounts = new Accounts(server.url);
  const logins = [];
  for (const name of names) {
    await accounts.register(name, password);
    logins.push(await accounts.login(name, password, `${name}-device`));
  }
  const owner = new MailroomClient({ url: server.url, token: logins[0]?.token ?? '' });
  owner.connect();
  const others = logins.slice(1).map(({ user }) => user.id);
  const room = await owner.createRoom('Weekend hike', others);
  const open = async (name: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warning') problems.push(line.text());
    });
    await page.goto(`${server.url}/#/room/${room.id}`);
    await page.getByLabel('Username').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('textbox', { name: /^Message/ }).waitFor();
    return page;
  };
  const pages = await Promise.all(names.map((name) => open(name)));
  return {
    server,
    owner,
    room: room.id,
    problems,
    open,
    pages: pages as { readonly [Index in keyof Names]: Page },
    [Symbol.asyncDispose]: async () => {
      owner.close();
      for (const page of pages) await page.context().close();
      await server.stop();
    },
  };
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: /^Message/ }).fill(text);
  await page.keyboard.press('Enter');
  await message(page, text).waitFor();
}

/** Opens the menu of a message and chooses something from it. */
async function act(page: Page, text: string, choice: string): Promise<void> {
  const line = page.locator('.message-line').filter({ hasText: text });
  await line.hover();
  await line.getByRole('button', { name: 'Message actions' }).click();
  const actions = page.getByRole('dialog', { name: 'Message actions' });
  const item = actions.getByRole('menuitem', { name: choice, exact: true });
  await item.or(actions.getByRole('button', { name: choice, exact: true })).click();
}

/** A message that the server has confirmed. */
function message(page: Page, text: string) {
  return page.locator('.message[data-seq] .bubble').filter({ hasText: text });
}
