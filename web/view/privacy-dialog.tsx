import { useCallback } from 'preact/hooks';
import type { UserSettings } from '../../src/client/wire.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Form } from './form.tsx';
import { Choice, Toggle } from './form-fields.tsx';
import { useLoaded } from './work.ts';

const AUDIENCES = [
  ['everyone', 'Everybody'],
  ['contacts', 'My contacts'],
  ['nobody', 'Nobody'],
] as const;

/** What others learn of the user. */
export function PrivacyDialog({ onClose }: { readonly onClose: () => void }) {
  const { people } = useChat().client;
  const load = useCallback(() => people.settings(), [people]);
  const { value: settings, problem } = useLoaded(load);
  const save = async (value: (name: string) => string) => {
    const audience = AUDIENCES.find(([option]) => option === value('presence'));
    await people.changeSettings({
      ...(audience === undefined ? {} : { presence: audience[0] }),
      receipts: value('receipts') === 'on',
      discoverable: value('discoverable') === 'on',
    });
    onClose();
  };
  return (
    <Dialog title="Privacy" onClose={onClose}>
      {problem !== undefined && <p role="alert">{problem}</p>}
      {settings !== undefined && (
        <Form submit="Save" onSubmit={save}>
          <Fields settings={settings} />
        </Form>
      )}
    </Dialog>
  );
}

function Fields({ settings }: { readonly settings: UserSettings }) {
  return (
    <>
      <Choice label="Who sees whether I am there" name="presence" value={settings.presence} options={AUDIENCES} />
      <Toggle
        label="Others see what I have read"
        name="receipts"
        checked={settings.receipts}
        hint="Without it you do not appear among a message’s readers."
      />
      <Toggle
        label="People can find me by my name"
        name="discoverable"
        checked={settings.discoverable}
        hint="Who knows your whole username can still write to you."
      />
    </>
  );
}
