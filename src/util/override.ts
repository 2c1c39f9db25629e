type Method = (...args: unknown[]) => unknown;

/** One replacement of a method. */
interface Layer {
  readonly target: object;
  /** What the method was, and whether it was the object's own. */
  below: Method;
  isOwn: boolean;
  /** The next replacement of ours. */
  above: Layer | undefined;
}

const layers = new WeakMap<Method, Layer>();

/**
 * Replaces a method of another module's object, own or inherited, and returns the function that restores it. If other
 * code has replaced it again meanwhile, it cannot be taken out: from then on it only passes calls on.
 */
export function override<T extends object, Name extends keyof T>(
  target: T,
  name: Name,
  replace: (original: T[Name]) => T[Name],
): () => void {
  const below = target[name] as Method;
  const layer: Layer = { target, below, isOwn: Object.hasOwn(target, name), above: undefined };
  const original = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(layer.below, this, args);
  };
  let current = replace(original as T[Name]) as Method;
  const replacement = function (this: unknown, ...args: unknown[]): unknown {
    return Reflect.apply(current, this, args);
  };
  layers.set(replacement, layer);
  link(layer, layer);
  // Not enumerable, like a method of a class: it does not show where the object is printed or copied.
  if (!layer.isOwn) Object.defineProperty(target, name, { writable: true, configurable: true });
  target[name] = replacement as T[Name];
  return () => {
    if (current === original) return;
    current = original;
    link(layer, layer.above);
    if (target[name] === replacement) {
      if (layer.isOwn) target[name] = layer.below as T[Name];
      else Reflect.deleteProperty(target, name);
    } else if (layer.above !== undefined) {
      layer.above.below = layer.below;
      layer.above.isOwn = layer.isOwn;
    }
  };
}

/** Tells the replacement below a layer which one is above it now. */
function link({ target, below }: Layer, above: Layer | undefined): void {
  const lower = layers.get(below);
  if (lower?.target === target) lower.above = above;
}
