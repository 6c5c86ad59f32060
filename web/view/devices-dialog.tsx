import { useCallback } from 'preact/hooks';
import type { Device } from '../../src/client/wire.ts';
import { momentOf } from '../model/text.ts';
import { useChat } from './context.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { useLoaded, useWork } from './work.ts';

/** Where the user is logged in. */
export function DevicesDialog({ onClose }: { readonly onClose: () => void }) {
  const { client } = useChat();
  const load = useCallback(() => client.devices(), [client]);
  const { value: devices, problem, reload } = useLoaded(load);
  return (
    <Dialog title="Devices" onClose={onClose}>
      {problem !== undefined && <p role="alert">{problem}</p>}
      <ul class="people-list" aria-label="Devices">
        {devices?.map((device) => (
          <DeviceRow
            key={device.device}
            device={device}
            logOut={() => client.revokeDevice(device.device).then(reload)}
          />
        ))}
      </ul>
    </Dialog>
  );
}

function DeviceRow({ device, logOut }: { readonly device: Device; readonly logOut: () => Promise<void> }) {
  const { busy, problem, run } = useWork();
  const seen = device.sockets > 0 ? 'Connected now' : `Last there ${momentOf(device.lastSeen)}`;
  return (
    <li class="person">
      <Icon name="device" />
      <span class="person-names">
        {device.current ? 'This device' : device.device}
        <span class="person-note">
          {seen} · logged in {momentOf(device.createdAt)}
        </span>
      </span>
      {!device.current && (
        <button type="button" class="button button-small" disabled={busy} onClick={() => void run(logOut)}>
          Log out
        </button>
      )}
      {problem !== undefined && (
        <p class="person-problem" role="alert">
          {problem}
        </p>
      )}
    </li>
  );
}
