#!/usr/bin/env python3
"""A Mailroom client in one file, written from docs/protocol.md. It loses nothing and prints nothing twice."""
import argparse, asyncio, json, random, secrets, sys, urllib.error, urllib.request
import msgpack, websockets

PASSING_CODES = {'rate_limited', 'overloaded', 'unavailable'}
PASSING_CLOSES = {4408}  # of the range 4400 to 4419, which is final otherwise
PAGE, DEADLINE_S, MAX_BACKOFF_S = 200, 10, 30


class Refused(Exception):
    """An answer, or a close code, that asking again does not mend."""


class Busy(Exception):
    """An answer that may differ the next time."""

    def __init__(self, error):
        super().__init__(error['message'])
        self.wait = error.get('retryAfter', 500) / 1000


class Lost(Exception):
    """The connection went before the answer came."""


def http(url, path, body, token=None):
    headers = {'Content-Type': 'application/json', **({'Authorization': f'Bearer {token}'} if token else {})}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers, method='POST')
    with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
        return json.loads(answer.read() or 'null')


def log_in(url, user, password):
    """A token. The user is registered first where the name is free. Each process logs in as a device of its own."""
    try:
        http(url, '/v1/register', {'username': user, 'password': password})
    except urllib.error.HTTPError as error:
        if error.code != 409:
            raise
    return http(url, '/v1/login', {'username': user, 'password': password})['token']


class Client:
    def __init__(self, url, token):
        self.url, self.token = url.replace('http', 'ws', 1) + '/v1/ws', token
        self.rooms = {}    # room -> [seq of the last message delivered, 0, log]: what `resume` takes
        self.ahead = {}    # room -> {seq: message that waits for the ones before it}
        self.outbox = []   # (params, future of the answer): posts in order, until they are answered
        self.open = {}     # id -> future of the answer on this connection
        self.on_message = lambda message: None
        self.next_id, self.attempt, self.wait = 0, 0, None
        self.ready, self.posted, self.gaps = asyncio.Event(), asyncio.Event(), asyncio.Queue()

    async def run(self):
        """Connects again and again, until something final happens: `Refused`."""
        while True:
            try:
                async with websockets.connect(self.url, subprotocols=['mailroom.v1'], max_size=None) as self.socket:
                    await self.session()
            except websockets.ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                if 4400 <= code <= 4419 and code not in PASSING_CLOSES:
                    raise Refused(f'the server closed the connection: {code}')
            except Busy as busy:
                self.wait = busy.wait
            except (OSError, asyncio.TimeoutError, websockets.InvalidHandshake) as error:
                print(f'connection: {error!r}', file=sys.stderr)
            pause = random.random() * min(MAX_BACKOFF_S, 0.5 * 2 ** self.attempt) if self.wait is None else self.wait
            self.attempt, self.wait = min(self.attempt + 1, 10), None
            await asyncio.sleep(pause)

    async def session(self):
        """One connection; ends with the first of its tasks, and with that one's exception."""
        tasks = {asyncio.ensure_future(self.read()), asyncio.ensure_future(self.talk())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.ready.clear()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for future in self.open.values():
                if not future.done():
                    future.set_exception(Lost())
            self.open.clear()

    async def talk(self):
        params = {'token': self.token, 'client': 'python-client/1', 'resume': dict(self.rooms)}
        self.hello = await self.request('hello', params)
        for summary in self.hello['rooms']:
            if summary['id'] in self.rooms and self.rooms[summary['id']][2] != summary['log']:
                self.follow(summary['id'], 0, summary['seq'], summary['log'])
        self.attempt = 0
        self.ready.set()
        parts = self.beat(self.hello['heartbeatMs'] / 1000), self.send_outbox(), self.fill_gaps()
        tasks = [asyncio.ensure_future(part) for part in parts]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def read(self):
        async for data in self.socket:
            frames = msgpack.Unpacker()
            frames.feed(data)
            for frame in frames:
                if frame[0] == 1:
                    self.settle(*frame[1:])
                elif frame[:2] == [2, 'message']:
                    self.arrived(frame[2][0])
                elif frame[:2] == [2, 'gap'] and frame[2][0]['stream'] == 'messages':
                    self.gaps.put_nowait((frame[2][0]['room'], frame[2][0]['to']))
                elif frame[:2] == [2, 'goaway']:
                    self.wait = frame[2][0]['retryAfter'] / 1000
        raise ConnectionError('the server closed the connection')

    def settle(self, id, error, result):
        future = self.open.pop(id, None)
        if future is None or future.done():
            return
        if error is None:
            future.set_result(result)
        elif error['code'] in PASSING_CODES:
            future.set_exception(Busy(error))
        else:
            future.set_exception(Refused(f"{error['code']}: {error['message']}"))

    def follow(self, room, after, seq, log):
        """Delivers what the room has after `after`: up to `seq` out of its history, then as it comes."""
        self.rooms[room], self.ahead[room] = [after, 0, log], {}
        if after < seq:
            self.gaps.put_nowait((room, seq))

    def arrived(self, message):
        """Delivers in order and once. What is ahead of a hole waits until the hole is filled."""
        room = message['room']
        if room not in self.rooms or message['seq'] <= self.rooms[room][0]:
            return
        position, ahead = self.rooms[room], self.ahead[room]
        ahead[message['seq']] = message
        while position[0] + 1 in ahead:
            position[0] += 1
            self.on_message(ahead.pop(position[0]))
        if ahead:
            self.gaps.put_nowait((room, min(ahead) - 1))

    async def fill_gaps(self):
        while True:
            room, to = await self.gaps.get()
            while room in self.rooms and self.rooms[room][0] < to:
                after = self.rooms[room][0]
                try:
                    page = await self.request('messages.history', {'room': room, 'after': after, 'limit': PAGE})
                except Busy as busy:
                    await asyncio.sleep(busy.wait)
                    continue
                except BaseException:
                    self.gaps.put_nowait((room, to))  # The next connection goes on here.
                    raise
                for message in page['messages']:
                    self.arrived(message)
                if not page['messages']:
                    break

    async def send_outbox(self):
        """Sends the oldest post until it is answered, on as many connections as it takes, always with its nonce."""
        while True:
            while self.outbox:
                params, answer = self.outbox[0]
                try:
                    answer.set_result(await self.request('messages.post', params))
                except Busy as busy:
                    await asyncio.sleep(busy.wait)
                    continue
                except Refused as refused:
                    answer.set_exception(refused)
                self.outbox.pop(0)
            self.posted.clear()
            await self.posted.wait()

    async def beat(self, seconds):
        while True:
            await asyncio.sleep(seconds * 0.8)
            await self.request('ping', {})

    async def request(self, method, params):
        """Asks once, on this connection."""
        id, self.next_id = self.next_id, (self.next_id + 1) % 2**32
        self.open[id] = asyncio.get_running_loop().create_future()
        answer = self.open[id]
        try:
            await self.socket.send(msgpack.packb([0, id, method, [params]]))
            return await asyncio.wait_for(answer, DEADLINE_S)
        finally:
            self.open.pop(id, None)

    async def call(self, method, params):
        """Asks until there is an answer: for what only reads, or may be done twice."""
        while True:
            await self.ready.wait()
            try:
                return await self.request(method, params)
            except Busy as busy:
                await asyncio.sleep(busy.wait)
            except (Lost, asyncio.TimeoutError, websockets.ConnectionClosed):
                await asyncio.sleep(0.1)

    async def post(self, room, body):
        """Answers once the message is durable."""
        answer = asyncio.get_running_loop().create_future()
        self.outbox.append(({'room': room, 'nonce': secrets.token_urlsafe(15), 'body': msgpack.packb(body)}, answer))
        self.posted.set()
        return await answer

    async def enter(self, room):
        """How the user stands in the room, which is joined where need be."""
        await self.ready.wait()
        page = self.hello
        while True:
            for summary in page['rooms']:
                if summary['id'] == room:
                    return summary
            if 'cursor' not in page:
                return await self.call('rooms.join', {'room': room})
            page = await self.call('rooms.list', {'cursor': page['cursor']})


def show(message):
    try:
        body = msgpack.unpackb(message['body'])
    except ValueError:
        body = None
    print(json.dumps({**message, 'at': int(message['at']), 'body': body}, default=repr), flush=True)


async def create(client, args):
    print(json.dumps(await client.call('rooms.create', {'title': args.title})))


async def post(client, args):
    await client.enter(args.room)
    result = await client.post(args.room, {'type': 'text', 'text': args.text})
    print(json.dumps({**result, 'at': int(result['at'])}))


async def history(client, args):
    await client.enter(args.room)
    after, more = 0, True
    while more:
        page = await client.call('messages.history', {'room': args.room, 'after': after, 'limit': PAGE})
        for message in page['messages']:
            show(message)
            after = message['seq']
        more = page['more'] and page['messages']


async def listen(client, args):
    """Prints messages as they come, or those after `--after` first."""
    left, done = args.count, asyncio.get_running_loop().create_future()

    def deliver(message):
        nonlocal left
        if left > 0:
            show(message)
            left -= 1
        if left == 0 and not done.done():
            done.set_result(None)

    entry = await client.enter(args.room)
    client.on_message = deliver
    client.follow(args.room, entry['seq'] if args.after is None else args.after, entry['seq'], entry['log'])
    print(f"listening in {args.room} after {client.rooms[args.room][0]}", file=sys.stderr, flush=True)
    await done


async def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ('--url', '--user', '--password'):
        parser.add_argument(name, required=True)
    commands = parser.add_subparsers(required=True, metavar='COMMAND')
    for command, names in ((create, ['title']), (post, ['room', 'text']), (listen, ['room']), (history, ['room'])):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(command=command)
        for name in names:
            sub.add_argument(name)
        if command is listen:
            sub.add_argument('--count', type=int, required=True)
            sub.add_argument('--after', type=int)
    args = parser.parse_args()
    client = Client(args.url, log_in(args.url, args.user, args.password))
    tasks = {asyncio.ensure_future(client.run()), asyncio.ensure_future(args.command(client, args))}
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    for task in done:
        task.result()
    http(args.url, '/v1/logout', {}, client.token)


if __name__ == '__main__':
    try:
        asyncio.run(main())
    except (Refused, urllib.error.URLError) as error:
        sys.exit(f'mailroom: {error}')
