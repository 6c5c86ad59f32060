import { useState } from 'preact/hooks';
import type { Message } from '../../src/client/wire.ts';
import type { Conversation } from '../model/chat.ts';
import { silenceOf } from '../model/rights.ts';
import { Avatar } from './avatar.tsx';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Form } from './form.tsx';
import type { ActionDialog } from './message-actions.tsx';

interface MessageDialogProps {
  readonly dialog: ActionDialog;
  readonly message: Message;
  readonly onClose: () => void;
}

/** What is asked before something is done with a message. */
export function MessageDialog({ dialog, message, onClose }: MessageDialogProps) {
  if (dialog === 'forward') return <ForwardDialog message={message} onClose={onClose} />;
  return dialog === 'recall' ? (
    <RecallDialog message={message} onClose={onClose} />
  ) : (
    <HideDialog message={message} onClose={onClose} />
  );
}

type ConfirmProps = Omit<MessageDialogProps, 'dialog'>;

function RecallDialog({ message, onClose }: ConfirmProps) {
  const { client } = useChat();
  const recall = async () => {
    await client.recall(message.room, message.seq);
    onClose();
  };
  const words = { forbidden: 'It is too late to recall this message.', conflict: 'It was recalled already.' };
  return (
    <Dialog title="Recall this message?" onClose={onClose}>
      <Form submit="Recall" danger words={words} onSubmit={recall}>
        <p>Nobody will be able to read it any more. All will see that there was a message.</p>
      </Form>
    </Dialog>
  );
}

function HideDialog({ message, onClose }: ConfirmProps) {
  const { client } = useChat();
  const hide = async () => {
    await client.hide(message.room, [message.seq]);
    onClose();
  };
  return (
    <Dialog title="Delete this message for you?" onClose={onClose}>
      <Form submit="Delete for me" danger onSubmit={hide}>
        <p>It goes from all your devices, for good. Everybody else keeps it.</p>
      </Form>
    </Dialog>
  );
}

function ForwardDialog({ message, onClose }: ConfirmProps) {
  const chat = useChat();
  const [wanted, setWanted] = useState('');
  const matches = ({ room, title }: Conversation) =>
    silenceOf(room, Date.now()) === undefined && title.toLowerCase().includes(wanted.trim().toLowerCase());
  const forward = async (conversation: Conversation) => {
    onClose();
    const { room, seq } = message;
    const done = await chat.notices.trying(chat.client.forward({ room, seq }, conversation.room.id));
    if (done) chat.notices.say(`Forwarded to ${conversation.title}.`);
  };
  const targets = chat.conversations().filter(matches);
  return (
    <Dialog title="Forward to" onClose={onClose}>
      <input
        class="filter"
        type="search"
        aria-label="Find a conversation"
        placeholder="Find a conversation"
        value={wanted}
        onInput={(event) => setWanted(event.currentTarget.value)}
      />
      <ul class="forward-targets">
        {targets.map((conversation) => (
          <li key={conversation.room.id}>
            <button type="button" class="row-button" onClick={() => void forward(conversation)}>
              <Avatar
                name={conversation.title}
                id={conversation.room.peer?.id ?? conversation.room.id}
                size="small"
                group={conversation.room.kind !== 'direct'}
              />
              {conversation.title}
            </button>
          </li>
        ))}
      </ul>
      {targets.length === 0 && <p class="panel-note">There is no such conversation.</p>}
    </Dialog>
  );
}
