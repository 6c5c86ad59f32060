import { useObservable } from '../model/observable.ts';
import { initials, toneOf } from '../model/text.ts';
import { useChat } from './context.ts';
import { Icon } from './icon.tsx';

interface AvatarProps {
  readonly name: string;
  /** What the colour goes by, so that it stays when the name changes. */
  readonly id: string;
  readonly size?: 'small' | 'large';
  readonly group?: boolean;
}

/** The picture of a user, or a coloured disc with initials; the name stands beside it, so readers skip it. */
export function Avatar({ name, id, size = 'large', group = false }: AvatarProps) {
  const { names, pictures } = useChat();
  useObservable(pictures);
  const file = group ? undefined : names.user(id)?.avatar;
  const picture = file === undefined ? 'none' : pictures.of(file);
  if (typeof picture !== 'string') return <img class={`avatar avatar-${size}`} src={picture.url} alt="" />;
  return (
    <span class={`avatar avatar-${size} tone-${toneOf(id)} ${group ? 'avatar-group' : ''}`} aria-hidden="true">
      {group && initials(name) === '?' ? <Icon name="people" /> : initials(name)}
    </span>
  );
}
