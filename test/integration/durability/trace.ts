/** The system calls of a running engine, as strace sees them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeReplies, type RpcReply } from '../../../src/protocol/envelope.ts';
import { tempDir } from '../../contract/temp-dir.ts';
import { within } from '../../support/wait.ts';

const STRACE = Bun.which('strace');
const TRACED = 'trace=fdatasync,fsync,pwrite64,pread64,write,writev,sendto,sendmsg,ftruncate,unlink,unlinkat';
const YAMA = '/proc/sys/kernel/yama/ptrace_scope';

/** Why nothing can be traced here; undefined if it can. */
export function cannotTrace(): string | undefined {
  if (STRACE === null) return 'strace is not installed (apt-get install strace)';
  const confined = existsSync(YAMA) && readFileSync(YAMA, 'utf8').trim() !== '0';
  return confined && process.getuid?.() !== 0 ? `only root may trace a running process (${YAMA})` : undefined;
}

export interface Call {
  readonly thread: number;
  readonly name: string;
  /** What the file descriptor stands for. */
  readonly path: string;
  /** What a write wrote. */
  readonly data: Buffer;
  /** Lines of the trace at which it was entered and left: a total order over all threads. */
  readonly entered: number;
  left: number;
}

/** Traces a process while `work` goes on; its calls on descriptors, with at most `dataBytes` of each write, in order. */
export async function traced(
  pid: number,
  work: () => Promise<void>,
  { dataBytes = 262_144 }: { readonly dataBytes?: number } = {},
): Promise<Call[]> {
  using dir = tempDir();
  const out = join(dir.path, 'trace');
  const command = [
    STRACE ?? 'strace',
    '-f',
    '-y',
    '-xx',
    '-s',
    String(dataBytes),
    '-e',
    TRACED,
    '-o',
    out,
    '-p',
    String(pid),
  ];
  const strace = Bun.spawn(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  try {
    await within('strace to attach', attached(strace.stderr));
    await work();
  } finally {
    strace.kill('SIGINT');
    await within('strace to let go', strace.exited);
  }
  return parse(readFileSync(out, 'latin1').split('\n'));
}

/** Resolves once strace says that it has all threads; what it says later is read and dropped. */
function attached(stream: ReadableStream<Uint8Array>): Promise<void> {
  return new Promise((resolve, reject) => {
    const read = async (): Promise<void> => {
      let text = '';
      for await (const chunk of stream) {
        text += new TextDecoder().decode(chunk);
        if (text.includes('attached')) resolve();
      }
      reject(new Error(`strace did not attach: ${text}`));
    };
    read().catch(reject);
  });
}

function parse(lines: readonly string[]): Call[] {
  const calls: Call[] = [];
  const open = new Map<number, Call>();
  for (const [index, line] of lines.entries()) {
    const resumed = /^(\d+) +<\.\.\. \w+ resumed>/.exec(line);
    if (resumed !== null) {
      const call = open.get(Number(resumed[1]));
      if (call !== undefined) call.left = index;
      continue;
    }
    const entered = /^(\d+) +(\w+)\(\d+<([^>]*)>(?:, "([^"]*)")?/.exec(line);
    if (entered === null) continue;
    const [, thread, name = '', path = '', data = ''] = entered;
    const unfinished = line.endsWith('<unfinished ...>');
    const call: Call = {
      thread: Number(thread),
      name,
      path: bytes(path).toString(),
      data: bytes(data),
      entered: index,
      left: unfinished ? Number.POSITIVE_INFINITY : index,
    };
    calls.push(call);
    if (unfinished) open.set(call.thread, call);
  }
  return calls;
}

/** `\x6c\x6f\x67` → the bytes of `log`. */
function bytes(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll('\\x', ''), 'hex');
}

/** What one send to a WebSocket carried: whole frames, as small ones are sent. */
export function repliesIn(data: Buffer): RpcReply[] {
  const replies: RpcReply[] = [];
  let offset = 0;
  while (offset + 2 <= data.length) {
    const short = data.readUInt8(offset + 1);
    const header = short === 127 ? 10 : short === 126 ? 4 : 2;
    const length =
      short === 127 ? data.readUInt32BE(offset + 6) : short === 126 ? data.readUInt16BE(offset + 2) : short;
    const isBinary = data.readUInt8(offset) === 0x82;
    offset += header + length;
    if (isBinary) replies.push(...decodeReplies(data.subarray(offset - length, offset)));
  }
  return replies;
}
