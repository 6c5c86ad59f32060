import { useCallback, useEffect, useState } from 'preact/hooks';
import { asMailroomError } from '../../src/client/errors.ts';
import { explain } from '../model/text.ts';

/** Does one thing at a time, and says what went wrong with the last one; `words` are for error codes. */
export function useWork(words: Readonly<Record<string, string>> = {}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const run = async (work: () => Promise<unknown>) => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (error) {
      setProblem(explain(asMailroomError(error), words));
    }
    setBusy(false);
  };
  return { busy, problem, run };
}

/** What `load` answers, loaded anew whenever it is another function; it is best wrapped by `useCallback`. */
export function useLoaded<T>(load: () => Promise<T>) {
  const [value, setValue] = useState<T>();
  const [problem, setProblem] = useState<string>();
  const reload = useCallback(async () => {
    try {
      setValue(await load());
      setProblem(undefined);
    } catch (error) {
      setProblem(explain(asMailroomError(error)));
    }
  }, [load]);
  useEffect(() => void reload(), [reload]);
  return { value, problem, reload };
}
