/** The page of a link, for people without an account: one file, one button, nothing that runs. */
import { createHash } from 'node:crypto';

/** What is shown; nothing of the file before its password was right. */
export type LinkPage =
  | { readonly shows: 'file'; readonly name: string; readonly size: number; readonly href: string }
  | { readonly shows: 'password'; readonly problem?: string }
  | { readonly shows: 'problem'; readonly title: string; readonly text: string };

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { box-sizing: border-box; width: min(26rem, 100vw - 2rem); padding: 2rem 1.5rem; text-align: center;
  border: 1px solid color-mix(in srgb, CanvasText 20%, transparent); border-radius: 0.75rem; }
h1 { margin: 0 0 0.25rem; font-size: 1.15rem; overflow-wrap: anywhere; }
p { margin: 0 0 1.25rem; opacity: 0.8; }
p[role='alert'] { color: #c62828; opacity: 1; }
label { display: block; margin-bottom: 0.25rem; text-align: left; }
input { box-sizing: border-box; width: 100%; margin-bottom: 1rem; padding: 0.6rem; font: inherit;
  border: 1px solid GrayText; border-radius: 0.5rem; }
a, button { display: block; box-sizing: border-box; width: 100%; padding: 0.7rem; font: inherit; font-weight: 600;
  border: 0; border-radius: 0.5rem; background: #1a5fb4; color: #fff; text-decoration: none; cursor: pointer; }
a:focus-visible, button:focus-visible, input:focus-visible { outline: 3px solid #62a0ea; outline-offset: 2px; }
@media (prefers-color-scheme: dark) { p[role='alert'] { color: #ff8a80; } }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex',
};

export function linkPage(status: number, page: LinkPage): Response {
  const title = page.shows === 'file' ? page.name : page.shows === 'password' ? 'A shared file' : page.title;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · Mailroom</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
${contentOf(page)}
</main>
</body>
</html>
`;
  return new Response(html, { status, headers: HEADERS });
}

function contentOf(page: LinkPage): string {
  switch (page.shows) {
    case 'file':
      return `<p>${sizeText(page.size)}</p>\n<a href="${escaped(page.href)}" download>Download</a>`;
    case 'problem':
      return `<p>${escaped(page.text)}</p>`;
    case 'password':
      return `${page.problem === undefined ? '<p>It is protected by a password.</p>' : `<p role="alert">${escaped(page.problem)}</p>`}
<form method="post">
<label for="password">Password</label>
<input id="password" name="password" type="password" required maxlength="1024" autocomplete="off" autofocus>
<button>Open</button>
</form>`;
  }
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB'] as const;

/** 1 536 is `1.5 KiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1_024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length);
  const amount = bytes / 2 ** (10 * power);
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${UNITS[power - 1]}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
