/**
 * Replaces a method of another module's object, own or inherited, and returns the function that restores it. If other
 * code has replaced it again meanwhile, it cannot be taken out: from then on it only passes calls on.
 */
export function override<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  replace: (original: T[Name]) => T[Name],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original = target[name] as Method;
  let current = replace(original as T[Name]) as Method;
  const replacement = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(current, this, args);
  } as T[Name];
  // Not enumerable, like a method of a class: it does not show where the object is printed or copied.
  if (own === undefined) Object.defineProperty(target, name, { writable: true, configurable: true });
  target[name] = replacement;
  return () => {
    current = original;
    if (target[name] !== replacement) return;
    if (own !== undefined) target[name] = original as T[Name];
    else Reflect.deleteProperty(target, name);
  };
}

type Method = (...args: unknown[]) => unknown;
