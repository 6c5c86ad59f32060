/** One's own profile over HTTP: the same fields and rules as `users.update` on the socket. */
import { type Elysia, t } from 'elysia';
import { mayFile } from '../actors/files/permissions.ts';
import { userShape } from '../actors/person/shapes.ts';
import { fault } from '../protocol/faults.ts';
import { LIMITS } from '../protocol/limits.ts';
import type { ProfileChange } from '../storage/ports/people.ts';
import { json } from './answers.ts';
import { Bearers, type BearersOptions } from './bearers.ts';
import { fileRecordsDoor } from './file-records.ts';
import { peopleDoor } from './people-door.ts';
import { problem } from './problem.ts';

const NO_SUCH_FILE = fault('not_found', 'there is no such file');
const NO_SUCH_USER = fault('not_found', 'there is no such user');

const Profile = t.Object({
  id: t.String(),
  username: t.String(),
  displayName: t.Optional(t.String()),
  avatar: t.Optional(t.String()),
  about: t.Optional(t.String()),
});

export function profileRoutes<App extends Elysia>(app: App, options: BearersOptions): App {
  const { shard } = options;
  const bearers = new Bearers(options);
  const people = peopleDoor(shard);
  const files = fileRecordsDoor(shard);

  const update = async (user: string, change: ProfileChange): Promise<Response> => {
    const { avatar = '' } = change;
    if (avatar !== '') {
      const access = await files('access', user, [avatar], shard.host.wallMs());
      if (!access.ok) return problem(access.fault);
      if (!access.value.some((one) => mayFile('share', one))) return problem(NO_SUCH_FILE);
    }
    const reply = await people('updateProfile', user, change);
    if (!reply.ok) return problem(reply.fault);
    return reply.value === null ? problem(NO_SUCH_USER) : json(200, { user: userShape(reply.value) });
  };

  app.patch(
    '/v1/me',
    ({ request, body: { displayName, about, avatar } }) =>
      bearers.withToken(request, ({ identity }) =>
        update(identity.user.id, {
          ...(displayName === undefined ? {} : { displayName: displayName.normalize('NFC') }),
          ...(about === undefined ? {} : { about }),
          ...(avatar === undefined ? {} : { avatar }),
        }),
      ),
    {
      body: t.Object({
        displayName: t.Optional(t.String({ maxLength: LIMITS.maxDisplayNameLength })),
        about: t.Optional(t.String({ maxLength: LIMITS.maxAboutLength })),
        avatar: t.Optional(
          t.String({
            pattern: `^[A-Za-z0-9_~-]{1,${LIMITS.maxIdLength}}$|^$`,
            description: 'A file of the user’s own.',
          }),
        ),
      }),
      response: { 200: t.Object({ user: Profile }) },
      detail: {
        summary: 'Changes the own profile: what is absent stays, what is empty is removed.',
        tags: ['accounts'],
        security: [{ bearer: [] }],
      },
    },
  );
  return app;
}
