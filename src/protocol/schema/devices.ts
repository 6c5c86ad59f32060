/** `devices.*`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { uint, type Wire } from './common.ts';

const DeviceName = Type.String({ minLength: 1, maxLength: LIMITS.maxDeviceLength, description: 'Name of the device.' });

export const Device = Type.Object(
  {
    device: DeviceName,
    createdAt: uint('When it logged in: milliseconds since the epoch.'),
    expiresAt: uint('When its token ends by itself.'),
    lastSeen: uint('When it was last known to be there; exact to some minutes.'),
    sockets: uint('Sockets that it has open now.'),
    current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
  },
  { description: 'A device on which the user is logged in.' },
);
export type Device = Wire<typeof Device>;

export const DevicesListResult = Type.Object({
  devices: Type.Array(Device, { description: 'The latest login first.' }),
});
export type DevicesListResult = Wire<typeof DevicesListResult>;

export const DevicesRevokeParams = Type.Object({ device: DeviceName });
export type DevicesRevokeParams = Wire<typeof DevicesRevokeParams>;
