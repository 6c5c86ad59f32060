import { useRef, useState } from 'preact/hooks';
import type { Message } from '../../src/client/wire.ts';
import { silenceOf } from '../model/rights.ts';
import { Icon } from './icon.tsx';
import { type ActionDialog, type ActionsPlace, MessageActions } from './message-actions.tsx';
import { MessageDialog } from './message-dialogs.tsx';
import { useTalk } from './talk.ts';

/** So long a finger rests on a message until its actions come up. */
const longPressMs = 450;
/** A finger that moves farther than this scrolls, in pixels. */
const slackPx = 10;

/** What brings up the actions of a message, and what they bring up. */
export function useMessageTools(message: Message) {
  const [place, setPlace] = useState<ActionsPlace>();
  const [dialog, setDialog] = useState<ActionDialog>();
  const press = useLongPress(setPlace);
  const tools = (
    <>
      <Tools message={message} onMore={setPlace} />
      {place !== undefined && (
        <MessageActions message={message} place={place} onClose={() => setPlace(undefined)} onDialog={setDialog} />
      )}
      {dialog !== undefined && <MessageDialog dialog={dialog} message={message} onClose={() => setDialog(undefined)} />}
    </>
  );
  return { press, tools };
}

interface ToolsProps {
  readonly message: Message;
  readonly onMore: (place: ActionsPlace) => void;
}

/** The buttons that stand beside the message under the mouse, or with the focus. */
function Tools({ message, onMore }: ToolsProps) {
  const { room, aim } = useTalk();
  const mayReply = message.recalled !== true && silenceOf(room, Date.now()) === undefined;
  return (
    <div class="message-tools">
      {mayReply && (
        <button
          type="button"
          class="icon-button"
          aria-label="Reply"
          title="Reply"
          onClick={() => aim({ kind: 'reply', message })}
        >
          <Icon name="reply" />
        </button>
      )}
      <button
        type="button"
        class="icon-button"
        aria-label="Message actions"
        title="React and more"
        aria-haspopup="dialog"
        onClick={(event) => {
          const { left, bottom } = event.currentTarget.getBoundingClientRect();
          onMore({ x: left, y: bottom + 4 });
        }}
      >
        <Icon name="more" />
      </button>
    </div>
  );
}

function useLongPress(onPress: (place: ActionsPlace) => void) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const start = useRef<ActionsPlace>({ x: 0, y: 0 });
  const cancel = () => clearTimeout(timer.current);
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return;
      start.current = { x: event.clientX, y: event.clientY };
      cancel();
      timer.current = setTimeout(() => onPress(start.current), longPressMs);
    },
    onPointerMove: (event: PointerEvent) => {
      const { x, y } = start.current;
      if (Math.hypot(event.clientX - x, event.clientY - y) > slackPx) cancel();
    },
    onPointerUp: cancel,
    onPointerCancel: cancel,
    // A long press would bring up the browser's own menu as well.
    onContextMenu: (event: MouseEvent) => {
      if (matchMedia('(pointer: coarse)').matches) event.preventDefault();
    },
  };
}
