import { useState } from 'preact/hooks';
import { asMailroomError } from '../../src/client/errors.ts';
import { roomOfInput, route, tokenOfLink } from '../model/route.ts';
import { explainJoining } from '../model/text.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Field, Form, FormError } from './form.tsx';
import { PersonField } from './person-field.tsx';

type Way = 'room' | 'channel' | 'direct' | 'join';
const ways: readonly { readonly way: Way; readonly label: string }[] = [
  { way: 'room', label: 'New room' },
  { way: 'channel', label: 'Channel' },
  { way: 'direct', label: 'Direct' },
  { way: 'join', label: 'Join' },
];

/** Making a room, writing to someone, or joining a room. */
export function NewConversationDialog({ onClose }: { readonly onClose: () => void }) {
  const [way, setWay] = useState<Way>('room');
  const open = (room: string) => {
    onClose();
    route.open(room);
  };
  return (
    <Dialog title="New conversation" onClose={onClose}>
      <fieldset class="segments">
        <legend class="sr-only">Kind of conversation</legend>
        {ways.map((choice) => (
          <label key={choice.way} class="segment">
            <input type="radio" name="way" checked={way === choice.way} onChange={() => setWay(choice.way)} />
            <span>{choice.label}</span>
          </label>
        ))}
      </fieldset>
      {(way === 'room' || way === 'channel') && <CreateForm key={way} kind={way} open={open} />}
      {way === 'direct' && <DirectForm open={open} />}
      {way === 'join' && <JoinForm open={open} />}
    </Dialog>
  );
}

interface WayProps {
  readonly open: (room: string) => void;
}

function CreateForm({ kind, open }: WayProps & { readonly kind: 'room' | 'channel' }) {
  const { client } = useChat();
  const create = async (value: (name: string) => string) => {
    const title = value('title').trim();
    if (title === '') throw new FormError(`Please give the ${kind} a name.`);
    open((await client.createRoom(title, [], kind === 'room' ? 'group' : 'channel')).id);
  };
  return (
    <Form submit={`Create ${kind}`} onSubmit={create}>
      <Field
        label={`Name of the ${kind}`}
        name="title"
        maxLength={128}
        placeholder={kind === 'room' ? 'Weekend plans' : 'News of the club'}
        {...(kind === 'room' ? {} : { hint: 'In a channel only you and the admins that you choose write.' })}
        autofocus
      />
    </Form>
  );
}

function DirectForm({ open }: WayProps) {
  const { client, names, self } = useChat();
  const start = async (value: (name: string) => string) => {
    const user = await client.findUser(value('username').trim());
    if (user.id === self.id) throw new FormError('That is you. Whom would you like to write to?');
    names.learn([user]);
    open((await client.directRoom(user.id)).id);
  };
  return (
    <Form submit="Start conversation" onSubmit={start} words={{ not_found: 'Nobody here has this name.' }}>
      <PersonField hint="The conversation is between the two of you." />
    </Form>
  );
}

function JoinForm({ open }: WayProps) {
  const { client } = useChat();
  const join = async (value: (name: string) => string) => {
    const token = tokenOfLink(value('room'));
    const id = roomOfInput(value('room'));
    if (token === undefined && id === undefined)
      throw new FormError('That is neither a link to a room nor the id of one.');
    try {
      const room = token === undefined ? await client.joinRoom(id ?? '') : await client.joinByLink(token);
      open(room.id);
    } catch (error) {
      throw new FormError(explainJoining(asMailroomError(error)), { cause: error });
    }
  };
  return (
    <Form submit="Join room" onSubmit={join}>
      <Field label="Link or id of the room" name="room" hint="Members find it in the room’s menu." autofocus />
    </Form>
  );
}
