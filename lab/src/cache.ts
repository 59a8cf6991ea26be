import { homedir } from "node:os";

type Environment = Readonly<Record<string, string | undefined>>;

/** The lab's part of the cache folder, which outlives every lab. */
export function cacheDirectory(environment: Environment = process.env): string {
  const home = set(environment, "XDG_CACHE_HOME") ?? `${homedir()}/.cache`;
  return `${set(environment, "TOROCLOUD_CACHE") ?? `${home}/torocloud`}/lab`;
}

/** A variable that is empty counts as not set, here as in tools/src/folders.ts. */
function set(environment: Environment, name: string): string | undefined {
  return environment[name] === "" ? undefined : environment[name];
}
