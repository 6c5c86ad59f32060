import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { gunzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { startServer } from '../support/server.ts';
import {
  isBrowserMissing,
  launchBrowser,
  openAs,
  openWindow,
  webPassword,
  webTimeoutMs,
} from '../support/web-window.ts';

// A picture of one pixel.
const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

describe.skipIf(isBrowserMissing())('people in the web app', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, webTimeoutMs);
  afterAll(() => browser.close());

  test(
    '[WEB70] somebody is found, asked and accepted, and then written to; the request shows as a number',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      const people = await openPeople(ann.page, 'Requests');
      await people.getByLabel('Username').pressSequentially('bo');
      await people.getByRole('list', { name: 'People found' }).getByText('bob').click();
      await people.getByText('You have asked bob.').waitFor();
      await bob.page.getByRole('button', { name: 'People, 1 asking' }).click();
      await bob.page.getByRole('button', { name: 'Accept' }).click();
      await bob.page.getByRole('button', { name: 'Close' }).click();
      await bob.page.getByRole('button', { name: 'People', exact: true }).waitFor();
      await people.getByText('Contacts', { exact: true }).click();
      await people.getByRole('button', { name: 'Write' }).click();
      await ann.page.getByRole('heading', { name: 'bob' }).waitFor();
      await openPeople(ann.page, 'Contacts');
      await choose(ann.page, 'bob', 'Remove from contacts');
      await ann.page.getByText('Nobody yet.').waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB71] a display name is shown instead of the username, to others too; a picture is set and removed',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      const profile = await openAccount(ann.page, 'Profile');
      await profile.getByLabel('Picture').setInputFiles({ name: 'me.png', mimeType: 'image/png', buffer: picture });
      await profile.getByRole('button', { name: 'Remove' }).waitFor();
      await profile.getByRole('button', { name: 'Remove' }).click();
      await profile.getByRole('button', { name: 'Remove' }).waitFor({ state: 'detached' });
      await profile.getByLabel('Display name').fill('Ann Archer');
      await profile.getByLabel('About you').fill('Grows pears.');
      await profile.getByRole('button', { name: 'Save' }).click();
      await ann.page.getByRole('button', { name: 'Account' }).getByText('Ann Archer').waitFor();
      await bob.page.getByRole('button', { name: 'New conversation' }).click();
      await bob.page.getByText('Direct', { exact: true }).click();
      await bob.page.getByLabel('Username').fill('ann');
      await bob.page.getByRole('button', { name: 'Start conversation' }).click();
      await bob.page.getByRole('heading', { name: 'Ann Archer' }).waitFor();
      await bob.page.getByRole('link', { name: /Ann Archer/ }).waitFor();
      await bob.page.getByRole('button', { name: 'Details and members' }).click();
      await bob.page.getByText('Grows pears.').waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB72] who is blocked is listed, and can be unblocked',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await ann.page.getByRole('button', { name: 'New conversation' }).click();
      await ann.page.getByText('Direct', { exact: true }).click();
      await ann.page.getByLabel('Username').fill('bob');
      await ann.page.getByRole('button', { name: 'Start conversation' }).click();
      await ann.page.getByRole('button', { name: 'Details and members' }).click();
      await ann.page.getByRole('button', { name: 'Block', exact: true }).click();
      await ann.page.getByRole('button', { name: 'Unblock' }).waitFor();
      const people = await openPeople(ann.page, 'Blocked');
      await people.getByText('bob').waitFor();
      await people.getByRole('button', { name: 'Unblock' }).click();
      await people.getByText('You have blocked nobody.').waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB73] what others may see is set, and holds',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      const privacy = await openAccount(ann.page, 'Privacy');
      await privacy.getByLabel('Who sees whether I am there').selectOption('Nobody');
      await privacy.getByLabel('Others see what I have read').uncheck();
      await privacy.getByLabel('People can find me by my name').uncheck();
      await privacy.getByRole('button', { name: 'Save' }).click();
      await privacy.waitFor({ state: 'detached' });
      await ann.page.reload();
      await openAccount(ann.page, 'Privacy');
      expect(await privacy.getByLabel('Who sees whether I am there').inputValue()).toBe('nobody');
      expect(await privacy.getByLabel('Others see what I have read').isChecked()).toBe(false);
      expect(await privacy.getByLabel('People can find me by my name').isChecked()).toBe(false);
      expect(ann.problems).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB74] another device is listed, and logged out from here',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using other = await openWindow(browser, server.url);
      await logIn(other.page);
      await other.page.getByText('No conversations yet').waitFor();
      const devices = await openAccount(ann.page, 'Devices');
      await devices.getByText('This device').waitFor();
      await devices.getByRole('button', { name: 'Log out' }).click();
      await other.page.getByText('Your session has ended.').waitFor();
      await devices.getByRole('button', { name: 'Log out' }).waitFor({ state: 'detached' });
      expect(ann.problems).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB75] the own data comes as a whole file; a deleted account is gone',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      const { page } = ann;
      await openAccount(page, 'Data and account');
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Download my data' }).click(),
      ]);
      const lines = gunzipSync(await Bun.file(await download.path()).bytes())
        .toString()
        .trim()
        .split('\n');
      expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ type: 'end', rooms: 0, messages: 0 });
      await page.getByRole('button', { name: 'Delete my account' }).click();
      await page.getByLabel('Your password').fill('not the password');
      await page.getByRole('button', { name: 'Delete for good' }).click();
      await page.getByText('The password is not right.').waitFor();
      await page.getByLabel('Your password').fill(webPassword);
      await page.getByRole('button', { name: 'Delete for good' }).click();
      await page.getByText('Your account is deleted.').waitFor();
      await logIn(page);
      await page.getByText('Name and password do not match.').waitFor();
    },
    webTimeoutMs,
  );

  test(
    '[WEB76] a file is shared with a contact, a room and by a link, and each share ends when its owner says so',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      const requests = await openPeople(ann.page, 'Requests');
      await requests.getByLabel('Username').fill('bob');
      await requests.getByRole('button', { name: 'Ask to be contacts' }).click();
      await bob.page.getByRole('button', { name: 'People, 1 asking' }).click();
      await bob.page.getByRole('button', { name: 'Accept' }).click();
      await requests.getByText('Contacts', { exact: true }).click();
      await requests.getByRole('button', { name: 'Write' }).click();
      await ann.page.getByRole('heading', { name: 'bob' }).waitFor();
      await ann.page.getByRole('link', { name: 'Files' }).click();
      const drive = ann.page.getByRole('main', { name: 'Files' });
      await drive
        .locator('input[type=file]')
        .setInputFiles({ name: 'pears.png', mimeType: 'image/png', buffer: picture });
      await drive.getByRole('button', { name: 'More about pears.png' }).click();
      await drive.getByRole('menuitem', { name: 'Share' }).click();
      const sharing = ann.page.getByRole('dialog', { name: 'Share pears.png' });
      const shares = sharing.getByRole('list', { name: 'Shares' }).getByRole('listitem');
      await sharing.getByRole('button', { name: 'Share', exact: true }).click();
      await shares.filter({ hasText: 'bob' }).waitFor();
      await bob.page.getByRole('button', { name: 'Close' }).click();
      await bob.page.getByRole('link', { name: 'Files' }).click();
      await bob.page.getByText('Shared with me', { exact: true }).click();
      await bob.page.getByRole('button', { name: 'pears.png', exact: true }).waitFor();
      await sharing.getByText('Room', { exact: true }).first().click();
      await sharing.getByRole('button', { name: 'Share', exact: true }).click();
      await bob.page.getByRole('link', { name: /ann.*pears\.png/ }).waitFor();
      await sharing.getByText('Link', { exact: true }).first().click();
      await sharing.getByLabel('Downloads').selectOption('One');
      await sharing.getByRole('button', { name: 'Make a link' }).click();
      const url = (await sharing.locator('.made-link code').textContent()) ?? '';
      expect((await fetch(url)).status).toBe(200);
      await shares.filter({ hasText: '0 of 1 downloads' }).getByRole('button', { name: 'End' }).click();
      await shares.filter({ hasText: 'downloads' }).waitFor({ state: 'detached' });
      expect((await fetch(url)).status).toBe(404);
      expect(await shares.count()).toBe(2);
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );
});

async function openPeople(page: Page, part: string) {
  await page.getByRole('button', { name: 'People', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'People' });
  await dialog.getByText(part, { exact: true }).click();
  return dialog;
}

async function openAccount(page: Page, item: string) {
  await page.getByRole('button', { name: 'Account' }).click();
  await page.getByRole('menuitem', { name: item }).click();
  return page.getByRole('dialog', { name: item });
}

async function choose(page: Page, name: string, what: string): Promise<void> {
  await page.getByRole('button', { name: `More about ${name}` }).click();
  await page.getByRole('menuitem', { name: what, exact: true }).click();
}

async function logIn(page: Page): Promise<void> {
  await page.getByLabel('Username').fill('ann');
  await page.getByLabel('Password').fill(webPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
}
