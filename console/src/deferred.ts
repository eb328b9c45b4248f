// A value that changes often, such as what is typed, for work that takes long.

import { useEffect, useState } from 'preact/hooks';

export function useDeferred<T>(value: T, millis = 150): T {
  const [deferred, setDeferred] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDeferred(() => value), millis);
    return () => clearTimeout(timer);
  }, [value, millis]);
  return deferred;
}
