import { fault } from '../../../protocol/faults.ts';

/** Pages of one socket that may be on their way: together they fit what a socket may have waiting. */
export const MAX_HISTORIES = 8;
export const TOO_MANY_HISTORIES = fault('overloaded', 'too many pages of history are on their way', 100);
