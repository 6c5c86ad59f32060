/** The storage fault that `work` throws; anything else that happens fails the test. */
import { StorageFault, type StorageFaultCode } from '../../src/storage/ports/faults.ts';

export async function faultFrom(work: () => unknown): Promise<StorageFault> {
  try {
    await work();
  } catch (error) {
    if (error instanceof StorageFault) return error;
    throw error;
  }
  throw new Error('expected a storage fault, and nothing was thrown');
}

/** Its code alone. */
export async function faultOf(work: () => unknown): Promise<StorageFaultCode> {
  return (await faultFrom(work)).code;
}
