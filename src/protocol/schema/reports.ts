/** `reports.*`: params and results. */
import { Type } from '@sinclair/typebox';
import { LIMITS } from '../limits.ts';
import { id, ordinal, RoomId, type Wire } from './common.ts';

export const ReportsCreateParams = Type.Object({
  room: Type.Optional(RoomId),
  seq: Type.Optional(ordinal('The message, together with `room`.')),
  user: Type.Optional(id('The user; where `room` and `seq` are absent.')),
  reason: Type.String({ minLength: 1, maxLength: LIMITS.maxReportLength, description: 'For the administrators.' }),
});
export type ReportsCreateParams = Wire<typeof ReportsCreateParams>;

export const ReportsCreateResult = Type.Object({ report: ordinal('Number of the report.') });
export type ReportsCreateResult = Wire<typeof ReportsCreateResult>;
