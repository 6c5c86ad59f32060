/** A real browser's windows on a server, and what people do in them first. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
const browserArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const webPassword = 'correct horse battery staple';
export const webTimeoutMs = 300_000;

/** Whether these tests cannot run here; in CI they must. */
export function isBrowserMissing(): boolean {
  const isMissing = !existsSync(executablePath) && process.env.CI === undefined;
  if (isMissing) console.warn(`skipped: the web tests need ${executablePath} (apt-get install chromium)`);
  return isMissing;
}

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath, args: browserArguments });
}

/** A window of its own, with its own storage, that notes whatever the page complains of. */
export async function openWindow(browser: Browser, url: string, options: Parameters<Browser['newContext']>[0] = {}) {
  const context: BrowserContext = await browser.newContext({ locale: 'en-GB', ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (line) => {
    if (line.type() === 'error' || line.type() === 'warning') problems.push(line.text());
  });
  await page.goto(url);
  return { context, page, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** A window in which a new user is logged in. */
export async function openAs(browser: Browser, url: string, username: string) {
  const window = await openWindow(browser, url);
  await registerIn(window.page, username);
  return window;
}

export async function registerIn(page: Page, username: string): Promise<void> {
  await page.getByRole('button', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(webPassword);
  await page.getByLabel('Password again').fill(webPassword);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('No conversations yet').waitFor();
}
