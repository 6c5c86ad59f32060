/** The error object of a response. */
import { Type } from '@sinclair/typebox';
import { uint, type Wire } from './common.ts';

export const ErrorObject = Type.Object(
  {
    code: Type.String({
      minLength: 1,
      maxLength: 32,
      description: 'One of the codes below; a client treats others as `internal`.',
    }),
    message: Type.String({ description: 'For people. It may change at any time.' }),
    retryAfter: Type.Optional(uint('Milliseconds after which a repetition has a chance.')),
  },
  { description: 'Why there is no result.' },
);
export type ErrorObject = Wire<typeof ErrorObject>;
