import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright-core';
import { Accounts } from '../../src/client/accounts.ts';
import { MailroomClient } from '../../src/client/client.ts';
import { startServer } from '../support/server.ts';
import { eventually } from '../support/wait.ts';
import {
  isBrowserMissing,
  launchBrowser,
  openWindow,
  registerIn,
  webPassword,
  webTimeoutMs,
} from '../support/web-window.ts';

describe.skipIf(isBrowserMissing())('the web app', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, webTimeoutMs);
  afterAll(() => browser.close());

  test(
    '[WEB1] two people register, meet in a room, talk both ways, and find it all after a reload',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url);
      await using bob = await openWindow(browser, server.url);
      await registerIn(ann.page, 'ann');
      await registerIn(bob.page, 'bob');
      await createRoom(ann.page, 'Weekend hike');
      await invite(ann.page, 'bob');
      await bob.page.getByRole('link', { name: /Weekend hike/ }).click();
      await say(ann.page, 'Shall we take the early train?');
      await message(bob.page, 'Shall we take the early train?').waitFor();
      await say(bob.page, 'The later one, please.');
      await message(ann.page, 'The later one, please.').waitFor();
      await ann.page.reload();
      await message(ann.page, 'Shall we take the early train?').waitFor();
      await message(ann.page, 'The later one, please.').waitFor();
      expect(await ann.page.locator('.bubble').allTextContents()).toEqual([
        'Shall we take the early train?',
        'The later one, please.',
      ]);
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB2] a direct conversation shows as unread to the other, and as read once it was opened',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url);
      await using bob = await openWindow(browser, server.url);
      await registerIn(ann.page, 'ann');
      await registerIn(bob.page, 'bob');
      await ann.page.getByRole('button', { name: 'New conversation' }).click();
      await ann.page.getByText('Direct', { exact: true }).click();
      await ann.page.getByLabel('Username').fill('bob');
      await ann.page.getByRole('button', { name: 'Start conversation' }).click();
      await say(ann.page, 'one');
      await say(ann.page, 'two');
      const entry = bob.page.getByRole('link', { name: /ann.*two.*2 unread/ });
      await entry.click();
      await message(bob.page, 'two').waitFor();
      await bob.page.getByRole('link', { name: /unread/ }).waitFor({ state: 'detached' });
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB3] a link to a room lets someone who has it join',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url);
      await using bob = await openWindow(browser, server.url);
      await registerIn(ann.page, 'ann');
      await registerIn(bob.page, 'bob');
      await createRoom(ann.page, 'Open house');
      await say(ann.page, 'Welcome!');
      await bob.page.goto(ann.page.url());
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await message(bob.page, 'Welcome!').waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB4] the errors of the login are told in words, and logging out leads back to it',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url);
      await registerIn(ann.page, 'ann');
      await ann.page.getByRole('button', { name: 'Account' }).click();
      await ann.page.getByRole('menuitem', { name: 'Log out' }).click();
      await logIn(ann.page, 'ann', 'not the password');
      await ann.page.getByText('Name and password do not match.').waitFor();
      await logIn(ann.page, 'ann', webPassword);
      await ann.page.getByText('No conversations yet').waitFor();
    },
    webTimeoutMs,
  );

  test(
    '[WEB6] scrolling up loads older messages and keeps the line that is read in its place',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url);
      await registerIn(ann.page, 'ann');
      const room = await fillRoom(server.url, 'ann', 130);
      await ann.page.goto(`${server.url}/#/room/${room}`);
      await message(ann.page, 'line 130.').waitFor();
      const oldest = ann.page.locator('.message[data-seq="81"]');
      await oldest.evaluate((element) => element.scrollIntoView());
      await ann.page.locator('.message[data-seq="31"]').waitFor({ state: 'attached' });
      await eventually(
        'the line that is read to be back in its place',
        () => oldest.boundingBox(),
        (box) => box !== null && box.y >= 0 && box.y < 400,
      );
      await ann.page.locator('.message[data-seq="31"]').evaluate((element) => element.scrollIntoView());
      await ann.page.getByText('This is the beginning').waitFor();
      expect(await ann.page.locator('.message[data-seq]').count()).toBe(130);
      expect(ann.problems).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB7] what is written without a connection is marked as unsent, and goes out by itself',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url);
      await registerIn(ann.page, 'ann');
      await createRoom(ann.page, 'Tunnel');
      const page = ann.page;
      // A second window of the same user, in which the first one's message must turn up.
      await using other = await openWindow(browser, server.url);
      await logIn(other.page, 'ann', webPassword);
      await other.page.getByRole('link', { name: /Tunnel/ }).click();
      await ann.context.setOffline(true);
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await page.getByText(/No connection|Reconnecting/).waitFor();
      await page.getByRole('textbox', { name: /^Message/ }).fill('sent from the tunnel');
      await page.keyboard.press('Enter');
      await page.getByText('Sending').waitFor();
      await ann.context.setOffline(false);
      await page.evaluate(() => dispatchEvent(new Event('online')));
      await message(page, 'sent from the tunnel').waitFor();
      await message(other.page, 'sent from the tunnel').waitFor();
      expect(await other.page.locator('.bubble').count()).toBe(1);
    },
    webTimeoutMs,
  );

  test(
    '[WEB5] on a phone the list and the conversation take turns',
    async () => {
      await using server = await startServer();
      await using ann = await openWindow(browser, server.url, {
        viewport: { width: 390, height: 780 },
        hasTouch: true,
      });
      await registerIn(ann.page, 'ann');
      await createRoom(ann.page, 'Pocket room');
      await say(ann.page, 'small screen');
      await ann.page.getByRole('navigation').waitFor({ state: 'hidden' });
      await ann.page.getByRole('link', { name: 'Back to the conversations' }).click();
      await ann.page.getByRole('link', { name: /Pocket room/ }).waitFor();
      expect(await ann.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      expect(ann.problems).toEqual([]);
    },
    webTimeoutMs,
  );
});

/** A room of the user's with so many messages in it; answers with its id. */
async function fillRoom(url: string, username: string, messages: number): Promise<string> {
  const { token } = await new Accounts(url).login(username, webPassword, 'filler');
  const client = new MailroomClient({ url, token });
  client.connect();
  const room = await client.createRoom('Long room');
  for (let line = 1; line <= messages; line++) await client.postText(room.id, `line ${line}.`).done;
  client.close();
  return room.id;
}

async function logIn(page: Page, username: string, secret: string): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Log in' }).click();
}

async function createRoom(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByLabel('Name of the room').fill(title);
  await page.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { name: title }).waitFor();
}

async function invite(page: Page, username: string): Promise<void> {
  await page.getByRole('button', { name: 'Details and members' }).click();
  await page.getByRole('button', { name: 'Invite someone' }).click();
  await page.getByLabel('Username').fill(username);
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('listitem').filter({ hasText: username }).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByRole('textbox', { name: /^Message/ }).fill(text);
  await page.keyboard.press('Enter');
  await message(page, text).waitFor();
}

/** A message that the server has confirmed. */
function message(page: Page, text: string) {
  return page.locator('.message[data-seq] .bubble').filter({ hasText: text });
}
