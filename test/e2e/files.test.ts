/** Files in the web app, in a real browser against a real server. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { startServer } from '../support/server.ts';
import { WebServer } from '../support/web-content.ts';
import { isBrowserMissing, launchBrowser, openAs, webTimeoutMs } from '../support/web-window.ts';

describe.skipIf(isBrowserMissing())('files in the web app', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  }, webTimeoutMs);
  afterAll(async () => await browser.close());

  test(
    '[WEB32] files that are attached become messages, once each; a second copy is instant; the drive has one of each',
    async () => {
      await using server = await startServer();
      const page = await inRoom(browser, server.url);
      const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
        .png()
        .toBuffer();
      const large = Buffer.alloc(3_000_000, 'some bytes ');
      const attach = page.locator('.composer input[type=file]');
      await attach.setInputFiles([
        { name: 'teal.png', mimeType: 'image/png', buffer: picture },
        { name: 'large.bin', mimeType: 'application/octet-stream', buffer: large },
      ]);
      await page.getByRole('button', { name: 'Open teal.png' }).locator('img').waitFor();
      await page.getByRole('button', { name: 'Open large.bin' }).waitFor();
      await attach.setInputFiles([{ name: 'copy.bin', mimeType: 'application/octet-stream', buffer: large }]);
      await page.getByText('instantly: the server had it').waitFor();
      await page.getByRole('button', { name: 'Open copy.bin' }).waitFor();
      expect(await page.locator('.message').count()).toBe(3);
      await page.getByRole('link', { name: 'Files' }).click();
      await page.getByText('2 files').waitFor();
      expect(await page.locator('.drive-row').count()).toBe(2);
      await page.context().close();
    },
    webTimeoutMs,
  );

  test(
    '[WEB33] an upload that is paused goes on after the page was loaded anew',
    async () => {
      await using server = await startServer();
      const page = await inRoom(browser, server.url);
      const bytes = Buffer.alloc(20_000_000, 'more bytes ');
      // The network is slow, so that there is something left to send.
      const network = await page.context().newCDPSession(page);
      const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 4_000_000 };
      await network.send('Network.emulateNetworkConditions', slow);
      await page
        .locator('.composer input[type=file]')
        .setInputFiles([{ name: 'slow.bin', mimeType: 'application/octet-stream', buffer: bytes }]);
      await page.getByText(/ of 20.0 MB · /).waitFor();
      await page.getByRole('button', { name: 'Pause slow.bin' }).click();
      await page.getByText(/Paused at/).waitFor();
      await page.reload();
      await page.getByRole('button', { name: 'Open slow.bin' }).waitFor({ timeout: webTimeoutMs });
      expect(await page.locator('.message').count()).toBe(1);
      await page.context().close();
    },
    webTimeoutMs,
  );

  test(
    '[WEB34] a file is renamed, found, thrown away, taken back and deleted for good',
    async () => {
      await using server = await startServer();
      const page = await inRoom(browser, server.url);
      await page.getByRole('link', { name: 'Files' }).click();
      await page
        .locator('.drive input[type=file]')
        .setInputFiles([{ name: 'draft.txt', mimeType: 'text/plain', buffer: Buffer.from('hello') }]);
      await page.locator('.drive-row', { hasText: 'draft.txt' }).waitFor();
      await choose(page, 'draft.txt', 'Rename');
      await page.getByLabel('Name', { exact: true }).fill('final.txt');
      await page.getByRole('button', { name: 'Rename', exact: true }).click();
      await page.locator('.drive-row', { hasText: 'final.txt' }).waitFor();
      // Until it has closed, nothing outside the dialog can be written into.
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
      await page.getByLabel('Search by name').fill('FINAL');
      await page.locator('.drive-row', { hasText: 'final.txt' }).waitFor();
      await choose(page, 'final.txt', 'Move to the trash');
      await page.getByText('No file is called “FINAL”.').waitFor();
      await page.getByText('Trash', { exact: true }).click();
      await choose(page, 'final.txt', 'Restore');
      await page.getByText('My files').click();
      await choose(page, 'final.txt', 'Move to the trash');
      await page.getByText('Trash', { exact: true }).click();
      await choose(page, 'final.txt', 'Delete for good');
      await page.getByRole('button', { name: 'Delete for good', exact: true }).click();
      await page.getByText('No file is called “FINAL”.').waitFor();
      await page.getByText('0 files').waitFor();
      await page.context().close();
    },
    webTimeoutMs,
  );

  test(
    '[WEB35] a file is added by its address: it shows how far it is, is paused, goes on and lands in the drive',
    async () => {
      await using web = await WebServer.start();
      const env = { MAILROOM_DOWNLOAD_ALLOW: '127.0.0.1', MAILROOM_DOWNLOAD_PORTS: String(web.port) };
      await using server = await startServer({ env });
      const content = web.put('/films/tea.bin', Buffer.alloc(4_000_000, 'leaf '), { released: 3_000_000 });
      const page = await inRoom(browser, server.url);
      await page.getByRole('link', { name: 'Files' }).click();
      await page.getByRole('button', { name: 'Add by address' }).click();
      await page.getByLabel('Address', { exact: true }).fill('http://192.168.0.1/router');
      await page.getByRole('button', { name: 'Download', exact: true }).click();
      await page.getByText('Only public addresses are fetched.').waitFor();
      await page.getByLabel('Address', { exact: true }).fill(web.url('/films/tea.bin'));
      await page.getByRole('button', { name: 'Download', exact: true }).click();
      await page.getByRole('button', { name: 'Pause tea.bin' }).click();
      await page.getByText(/^Paused at/).waitFor();
      web.release(content);
      await page.getByRole('button', { name: 'Go on with tea.bin' }).click();
      await page.locator('.drive-row', { hasText: 'tea.bin' }).waitFor();
      await page.getByText('4.0 MB, in your files').waitFor();
      web.on('/gone', (response) => void response.writeHead(302, { location: 'http://10.0.0.1/' }).end());
      await page.getByRole('button', { name: 'Add by address' }).click();
      await page.getByLabel('Address', { exact: true }).fill(web.url('/gone'));
      await page.getByRole('button', { name: 'Download', exact: true }).click();
      await page.getByText('The address leads to something that is not public.').waitFor();
      const held = web.put('/held.bin', Buffer.alloc(900_000, 'x'), { released: 500_000 });
      await page.getByRole('button', { name: 'Add by address' }).click();
      await page.getByLabel('Address', { exact: true }).fill(web.url('/held.bin'));
      await page.getByRole('button', { name: 'Download', exact: true }).click();
      await page.getByRole('button', { name: 'Cancel held.bin' }).click();
      await page.getByRole('button', { name: 'Cancel held.bin' }).waitFor({ state: 'detached' });
      web.release(held);
      expect(await page.locator('.drive-row').count()).toBe(1);
      await page.context().close();
    },
    webTimeoutMs,
  );
});

/** Somebody new, in a room of their own. */
async function inRoom(browser: Browser, url: string): Promise<Page> {
  const { page } = await openAs(browser, url, 'ann');
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.getByLabel('Name of the room').fill('Hike');
  await page.keyboard.press('Enter');
  await page.getByLabel('Message Hike').waitFor();
  return page;
}

async function choose(page: Page, file: string, what: string): Promise<void> {
  await page.getByRole('button', { name: `More about ${file}` }).click();
  await page.getByRole('menuitem', { name: what }).click();
}
