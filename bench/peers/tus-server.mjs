// The reference server of tus on its file store, for comparison, on Node as its users run it: prints its port.
// Usage: node tus-server.mjs DIRECTORY
import { createServer } from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const [directory = ''] = process.argv.slice(2);
const tus = new Server({ path: '/files', datastore: new FileStore({ directory }) });
const http = createServer((request, response) => void tus.handle(request, response));
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  process.stdout.write(typeof address === 'object' && address !== null ? `${address.port}\n` : '');
});
