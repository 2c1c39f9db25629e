/**
 * Puts a method in place of one of somebody's object, own or inherited, and returns the function that puts the old one back.
 * Where somebody has put another over it meanwhile, it cannot be taken out: from then on it only passes calls on.
 */
export function override<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  replace: (original: T[Name]) => T[Name],
): () => void {
  const original = target[name] as Method;
  const isOwn = Object.hasOwn(target, name);
  let current = replace(original as T[Name]) as Method;
  const replacement = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(current, this, args);
  } as T[Name];
  target[name] = replacement;
  return () => {
    current = original;
    if (target[name] !== replacement) return;
    if (isOwn) target[name] = original as T[Name];
    else Reflect.deleteProperty(target, name);
  };
}

type Method = (...args: unknown[]) => unknown;
