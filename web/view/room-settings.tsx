import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form, FormError } from './form.tsx';
import { Choice, TextArea, Toggle } from './form-fields.tsx';
import type { PanelProps } from './member-panel.tsx';

const SLOWNESS = [
  ['0', 'Off'],
  ['5', '5 seconds'],
  ['30', '30 seconds'],
  ['60', 'A minute'],
  ['300', '5 minutes'],
  ['3600', 'An hour'],
] as const;
const POLICIES = [
  ['open', 'Anybody with the link'],
  ['approval', 'Anybody whom an admin approves'],
  ['invite', 'Only who is invited'],
] as const;
const PASTS = [
  ['all', 'Everything'],
  ['joined', 'What is written after they joined'],
] as const;

/** What owner and admins set of a room. */
export function RoomSettingsDialog({ room, onClose }: PanelProps) {
  const { client } = useChat();
  const save = async (value: (name: string) => string) => {
    const title = value('title').trim();
    if (title === '') throw new FormError('Please give the room a name.');
    await client.governing.update(room.id, {
      title,
      topic: value('topic').trim(),
      slowMode: Number(value('slowMode')),
      joinPolicy: chosen(POLICIES, value('joinPolicy')),
      past: chosen(PASTS, value('past')),
      ...(room.kind === 'channel' ? {} : { announcement: value('announcement') === 'on' }),
    });
    onClose();
  };
  const slowMode = String(room.slowMode);
  // Another client may have set any number of seconds.
  const slowness = SLOWNESS.some(([seconds]) => seconds === slowMode)
    ? SLOWNESS
    : [...SLOWNESS, [slowMode, `${slowMode} seconds`] as const];
  return (
    <Dialog title="Room settings" onClose={onClose}>
      <Form submit="Save" onSubmit={save}>
        <Field label="Name" name="title" maxLength={128} defaultValue={room.title} />
        <TextArea
          label="Topic"
          name="topic"
          maxLength={512}
          defaultValue={room.topic}
          placeholder="What the room is about"
        />
        <Choice label="Who may join" name="joinPolicy" value={room.joinPolicy} options={POLICIES} />
        <Choice label="New members see" name="past" value={room.past} options={PASTS} />
        <Choice
          label="Slow mode"
          name="slowMode"
          value={slowMode}
          options={slowness}
          hint="Time between two messages of one member."
        />
        {room.kind !== 'channel' && (
          <Toggle
            label="Announcements only"
            name="announcement"
            checked={room.announcement}
            hint="Only owner and admins write."
          />
        )}
      </Form>
    </Dialog>
  );
}

/** A form gives strings; that it is one of those on offer the list itself says. */
function chosen<T extends string>(options: readonly (readonly [T, string])[], value: string): T {
  const found = options.find(([option]) => option === value);
  if (found === undefined) throw new FormError('Please choose one of the list.');
  return found[0];
}
