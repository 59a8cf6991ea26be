import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { isMissing } from "./errors.ts";
import type { KeyPair } from "./host-files.ts";
import { must } from "./run.ts";

async function readPair(path: string): Promise<KeyPair | undefined> {
  try {
    const privateKey = await readFile(path, "utf8");
    return { privateKey, publicKey: await readFile(`${path}.pub`, "utf8") };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Returns the pair of ed25519 keys at a path (private, 0600) and path.pub, making it when it is not there whole. */
export async function ensureKey(path: string, comment: string): Promise<KeyPair> {
  const found = await readPair(path);
  if (found !== undefined) return found;
  const temporary = `${path}.new`;
  await mkdir(dirname(path), { recursive: true });
  await Promise.all([temporary, `${temporary}.pub`].map(async (file) => rm(file, { force: true })));
  await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", temporary]);
  await rename(temporary, path);
  await rename(`${temporary}.pub`, `${path}.pub`); // last: a pair is whole when its public half is there
  return ensureKey(path, comment);
}
