import { initials, toneOf } from '../model/text.ts';
import { Icon } from './icon.tsx';

interface AvatarProps {
  readonly name: string;
  /** What the colour goes by, so that it stays when the name changes. */
  readonly id: string;
  readonly size?: 'small' | 'large';
  readonly group?: boolean;
}

/** A coloured disc with initials; the name stands beside it, so readers skip it. */
export function Avatar({ name, id, size = 'large', group = false }: AvatarProps) {
  return (
    <span class={`avatar avatar-${size} tone-${toneOf(id)} ${group ? 'avatar-group' : ''}`} aria-hidden="true">
      {group && initials(name) === '?' ? <Icon name="people" /> : initials(name)}
    </span>
  );
}
