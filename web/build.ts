/** Makes the web app: bundles it in memory, so that a server serves it without a build step or files of its own. */

/** One file of the web app. */
export interface WebAsset {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Whether the path changes with the content, so that a browser may keep it for ever. */
  readonly immutable: boolean;
  /** A worker's script that compiles WebAssembly; nothing else of the app may. */
  readonly runsWebAssembly?: boolean;
}

const here = (path: string) => Bun.fileURLToPath(new URL(path, import.meta.url));

/** The files of `public/` that are served as they are. */
const plainFiles: readonly (readonly [path: string, contentType: string])[] = [
  ['/favicon.svg', 'image/svg+xml'],
  ['/manifest.webmanifest', 'application/manifest+json'],
];

/**
 * All files of the web app by their path on the server; `/` is the page. Throws when the sources do not build.
 */
export async function buildWeb(): Promise<ReadonlyMap<string, WebAsset>> {
  const assets = new Map<string, WebAsset>();
  const app = await bundle(assets, './main.tsx', 'app');
  const worker = await bundle(assets, './workers/hash-worker.ts', 'hash-worker');
  for (const [path, contentType] of plainFiles) {
    assets.set(path, { bytes: await Bun.file(here(`./public${path}`)).bytes(), contentType, immutable: false });
  }
  const page = (await Bun.file(here('./public/index.html')).text())
    .replace('%SCRIPT%', app.script)
    .replace('%STYLE%', app.style)
    .replace('%HASH_WORKER%', worker.script);
  assets.set('/', { bytes: new TextEncoder().encode(page), contentType: 'text/html; charset=utf-8', immutable: false });
  return assets;
}

/** Adds what one entry becomes, and says under which paths. */
async function bundle(assets: Map<string, WebAsset>, entry: string, name: string) {
  const { outputs } = await Bun.build({
    entrypoints: [here(entry)],
    target: 'browser',
    minify: true,
    naming: `${name}-[hash].[ext]`,
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  const paths = { script: '', style: '' };
  for (const output of outputs) {
    const isStyle = output.path.endsWith('.css');
    const path = `/${output.path.replace(/^[./]+/, '')}`;
    paths[isStyle ? 'style' : 'script'] = path;
    assets.set(path, {
      bytes: new Uint8Array(await output.arrayBuffer()),
      contentType: isStyle ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
      immutable: true,
      ...(name === 'app' ? {} : { runsWebAssembly: true }),
    });
  }
  return paths;
}
