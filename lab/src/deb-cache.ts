import { chmod, constants, copyFile, link, mkdir, rename, stat } from "node:fs/promises";
import { cacheDirectory } from "./cache.ts";
import { entries } from "./record.ts";

/** Where apt keeps the packages that it downloaded, inside a host. */
export const archives = "var/cache/apt/archives";

/** The folder of Debian packages that all hosts of all labs have downloaded so far. */
export function debCacheDirectory(): string {
  return `${cacheDirectory()}/debs`;
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

// A second name for the same file where the file system allows it, a copy elsewhere.
async function share(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (hasCode(error, "EEXIST")) return;
    if (!hasCode(error, "EXDEV", "EMLINK", "EPERM")) throw error;
    const temporary = `${to}.${process.pid}.new`;
    await copyFile(from, temporary, constants.COPYFILE_FICLONE);
    await rename(temporary, to);
  }
}

async function debsIn(directory: string): Promise<string[]> {
  return (await entries(directory)).filter((name) => name.endsWith(".deb"));
}

/** Fills a folder that becomes a layer under a host's disk: apt finds every cached package there and downloads none of them. */
export async function fillLayer(layer: string): Promise<void> {
  for (const folder of ["", "/var", "/var/cache", "/var/cache/apt", `/${archives}`]) {
    await mkdir(`${layer}${folder}`, { recursive: true });
    await chmod(`${layer}${folder}`, 0o755); // whatever the umask
  }
  const cache = debCacheDirectory();
  for (const name of await debsIn(cache)) await share(`${cache}/${name}`, `${layer}/${archives}/${name}`);
}

async function isNew(path: string): Promise<boolean> {
  return stat(path).then(
    () => false,
    () => true,
  );
}

/** Saves the packages that a host has downloaded (its disk's upper layer) and returns how many were new. */
export async function saveFrom(upper: string): Promise<number> {
  const cache = debCacheDirectory();
  await mkdir(cache, { recursive: true });
  let count = 0;
  for (const name of await debsIn(`${upper}/${archives}`)) {
    if (!(await isNew(`${cache}/${name}`))) continue;
    await share(`${upper}/${archives}/${name}`, `${cache}/${name}`);
    count += 1;
  }
  return count;
}
