/** `devices.*`. */
import { toWireFault } from '../../../protocol/faults.ts';
import { encodeResult } from '../../../protocol/frames/rpc.ts';
import type { ParamsOf } from '../../../protocol/types.ts';
import { userKind } from '../../user/messages.ts';
import type { Conversation } from '../conversation.ts';
import { ASK_DEADLINE_MS, me } from './asking.ts';

export function listDevices(session: Conversation, id: number): void {
  const tokenHash = session.claim?.tokenHash ?? '';
  const user = session.context.ref(userKind, me(session).id);
  session.context.ask(user, { type: 'list-devices', tokenHash }, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) session.answer(encodeResult<'devices.list'>(id, { devices: reply.value }));
    else session.refuse(id, toWireFault(reply.fault));
  });
}

/** Where it is the session's own device, the socket may be closed before the answer has left. */
export function revokeDevice(session: Conversation, id: number, { device }: ParamsOf<'devices.revoke'>): void {
  const user = session.context.ref(userKind, me(session).id);
  session.context.ask(user, { type: 'revoke-device', device }, ASK_DEADLINE_MS, (reply) => {
    if (reply.ok) session.answer(encodeResult<'devices.revoke'>(id, {}));
    else session.refuse(id, toWireFault(reply.fault));
  });
}
