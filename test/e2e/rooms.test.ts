import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright-core';
import { startServer } from '../support/server.ts';
import { isBrowserMissing, launchBrowser, openAs, webTimeoutMs } from '../support/web-window.ts';

describe.skipIf(isBrowserMissing())('rooms in the web app', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, webTimeoutMs);
  afterAll(() => browser.close());

  test(
    '[WEB63] the settings of a room are shown to everybody, and hold',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await create(ann.page, 'Allotments');
      await bob.page.goto(ann.page.url());
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await openPanel(ann.page);
      await ann.page.getByRole('button', { name: 'Room settings' }).click();
      const dialog = ann.page.getByRole('dialog', { name: 'Room settings' });
      await dialog.getByLabel('Name').fill('Garden club');
      await dialog.getByLabel('Topic').fill('Seeds and weeds');
      await dialog.getByLabel('Slow mode').selectOption('30 seconds');
      await dialog.getByLabel('Who may join').selectOption('Only who is invited');
      await dialog.getByLabel('New members see').selectOption('What is written after they joined');
      await dialog.getByLabel('Announcements only').check();
      await dialog.getByRole('button', { name: 'Save' }).click();
      await dialog.waitFor({ state: 'detached' });
      await bob.page.getByRole('heading', { name: 'Garden club' }).waitFor();
      await bob.page.getByText('Seeds and weeds').first().waitFor();
      // Members may neither change the room nor let others in.
      await openPanel(bob.page);
      await member(bob.page, 'ann').waitFor();
      expect(await bob.page.getByRole('button', { name: 'Room settings' }).count()).toBe(0);
      expect(await bob.page.getByRole('button', { name: 'Invite someone' }).count()).toBe(0);
      await ann.page.getByRole('button', { name: 'Room settings' }).click();
      expect(await dialog.getByLabel('Slow mode').inputValue()).toBe('30');
      expect(await dialog.getByLabel('Who may join').inputValue()).toBe('invite');
      expect(await dialog.getByLabel('New members see').inputValue()).toBe('joined');
      expect(await dialog.getByLabel('Announcements only').isChecked()).toBe(true);
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB64] members get and lose roles, are muted and removed, and the room is handed over',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await create(ann.page, 'Crew');
      await bob.page.goto(ann.page.url());
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await openPanel(ann.page);
      await choose(ann.page, 'bob', 'Make admin');
      await member(ann.page, 'bob').getByText('admin').waitFor();
      await openPanel(bob.page);
      await bob.page.getByRole('button', { name: 'Room settings' }).waitFor();
      await choose(ann.page, 'bob', 'Take admin role away');
      await bob.page.getByRole('button', { name: 'Room settings' }).waitFor({ state: 'detached' });
      await choose(ann.page, 'bob', 'Mute');
      await ann.page.getByRole('button', { name: 'Set', exact: true }).click();
      await ann.page.getByRole('dialog').waitFor({ state: 'detached' });
      await choose(ann.page, 'bob', 'Make owner');
      await ann.page.getByRole('button', { name: 'Hand the room over' }).click();
      await member(bob.page, 'bob').getByText('owner').waitFor();
      await choose(bob.page, 'ann', 'Remove from room');
      await bob.page.getByRole('button', { name: 'Remove', exact: true }).click();
      await ann.page.getByText('You are not in this room').waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB65] who is banned stays out until the ban is lifted',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await create(ann.page, 'Quiet place');
      await bob.page.goto(ann.page.url());
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await openPanel(ann.page);
      await choose(ann.page, 'bob', 'Ban');
      await ann.page.getByLabel('Reason').fill('too loud');
      await ann.page.getByRole('button', { name: 'Ban', exact: true }).click();
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await bob.page.getByText('Banned from this room.').waitFor();
      await ann.page.getByRole('button', { name: 'Banned people' }).click();
      await ann.page.getByText('too loud · for ever').waitFor();
      await ann.page.getByRole('button', { name: 'Lift ban' }).click();
      await ann.page.getByText('Nobody is banned').waitFor();
      await bob.page.getByRole('button', { name: 'Try again' }).click();
      await bob.page.getByRole('heading', { name: 'Quiet place' }).waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB66] a link of invitation lets in, once revoked no more',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await using cid = await openAs(browser, server.url, 'cid');
      await create(ann.page, 'Salon');
      await openPanel(ann.page);
      await ann.page.getByRole('button', { name: 'Invitation links' }).click();
      await ann.page.getByRole('button', { name: 'Make a link' }).click();
      const link = await ann.page.locator('.made-link code').textContent();
      await bob.page.goto(link ?? '');
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await bob.page.getByRole('heading', { name: 'Salon' }).waitFor();
      await ann.page.getByRole('button', { name: 'Revoke' }).click();
      await ann.page.getByRole('button', { name: 'Revoke' }).waitFor({ state: 'detached' });
      await cid.page.getByRole('button', { name: 'New conversation' }).click();
      await cid.page.getByText('Join', { exact: true }).click();
      await cid.page.getByLabel('Link or id of the room').fill(link ?? '');
      await cid.page.getByRole('button', { name: 'Join room' }).click();
      await cid.page.getByText('There is no such room, or the link is over or used up.').waitFor();
      expect([...ann.problems, ...bob.problems, ...cid.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB67] where joining takes approval, owner and admins see who asks, and decide',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await create(ann.page, 'Jury');
      await openPanel(ann.page);
      await ann.page.getByRole('button', { name: 'Room settings' }).click();
      await ann.page.getByLabel('Who may join').selectOption('Anybody whom an admin approves');
      await ann.page.getByRole('button', { name: 'Save' }).click();
      await ann.page.getByRole('dialog').waitFor({ state: 'detached' });
      await bob.page.goto(ann.page.url());
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await bob.page.getByText('Owner and admins of this room were asked; they decide.').waitFor();
      const requests = ann.page.getByRole('region', { name: 'Requests to join' });
      await requests.getByText('bob').waitFor();
      await requests.getByRole('button', { name: 'Let in' }).click();
      await bob.page.getByRole('heading', { name: 'Jury' }).waitFor();
      await requests.waitFor({ state: 'detached' });
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );

  test(
    '[WEB68] a channel is made, and a deleted room is gone for everybody',
    async () => {
      await using server = await startServer();
      await using ann = await openAs(browser, server.url, 'ann');
      await using bob = await openAs(browser, server.url, 'bob');
      await ann.page.getByRole('button', { name: 'New conversation' }).click();
      await ann.page.getByText('Channel', { exact: true }).click();
      await ann.page.getByLabel('Name of the channel').fill('Bulletin');
      await ann.page.getByRole('button', { name: 'Create channel' }).click();
      await ann.page.getByRole('heading', { name: 'Bulletin' }).waitFor();
      await bob.page.goto(ann.page.url());
      await bob.page.getByRole('button', { name: 'Join room' }).click();
      await bob.page.getByRole('heading', { name: 'Bulletin' }).waitFor();
      await openPanel(ann.page);
      await ann.page.getByRole('button', { name: 'Delete room' }).click();
      await ann.page.getByRole('button', { name: 'Delete for everybody' }).click();
      await ann.page.getByText('No conversations yet').waitFor();
      await bob.page.getByText('No conversations yet').waitFor();
      expect([...ann.problems, ...bob.problems]).toEqual([]);
    },
    webTimeoutMs,
  );
});

async function create(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByLabel('Name of the room').fill(title);
  await page.getByRole('button', { name: 'Create room' }).click();
  await page.getByRole('heading', { name: title }).waitFor();
}

async function openPanel(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Details and members' }).click();
  await page.getByRole('list', { name: 'Members' }).waitFor();
}

function member(page: Page, name: string) {
  return page.getByRole('list', { name: 'Members' }).getByRole('listitem').filter({ hasText: name });
}

async function choose(page: Page, name: string, what: string): Promise<void> {
  await page.getByRole('button', { name: `More about ${name}` }).click();
  await page.getByRole('menuitem', { name: what, exact: true }).click();
}
