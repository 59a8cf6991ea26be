import { homedir } from "node:os";

/** The lab's part of the cache folder, which outlives every lab. */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const base = environment["XDG_CACHE_HOME"] ?? `${homedir()}/.cache`;
  return `${environment["TOROCLOUD_CACHE"] ?? `${base}/torocloud`}/lab`;
}
