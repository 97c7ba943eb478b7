/** What is being loaded now. */
const underWay = new Set<Promise<unknown>>();

/**
 * Loads modules that only some programs need, when they are first needed.
 *
 * A virtual clock waits for it: reading a file takes no virtual time, but must be over before more of that passes.
 */
export function load<Module>(modules: Promise<Module>): Promise<Module> {
  underWay.add(modules);
  const over = (): void => {
    underWay.delete(modules);
  };
  modules.then(over, over);
  return modules;
}

/** Resolves when nothing is being loaded; `undefined` when nothing is now. */
export function loaded(): Promise<unknown> | undefined {
  if (underWay.size === 0) return undefined;
  return Promise.allSettled(underWay).then(() => loaded());
}
