import {
  appendFileSync,
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fingerprint, type HostKey } from "./host-key.ts";
import type { InventoryHost } from "../inventory/host.ts";
import { findKnownHost, knownHostLine, knownHostName } from "./known-hosts.ts";

/** What became of a key that was shown by a host of which no key was known. */
export type Trust =
  { readonly outcome: "written" | "known" } | { readonly outcome: "refused"; readonly problem: string };

/** A lock that is older was left behind by a process that ended at the wrong moment: holding it takes milliseconds. */
const staleLockMs = 10_000;

/**
 * Writes the key that a host shows for the first time into its known_hosts file; one process at a time, and whoever comes
 * second goes by what the first has written.
 */
export async function trust(entry: InventoryHost, shown: HostKey): Promise<Trust> {
  const { hostKeyFile: file } = entry;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const release = await lock(`${file}.torocloud-lock`);
    try {
      return decide(entry, shown);
    } finally {
      release();
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { outcome: "refused", problem: `its host key cannot be written to ${file}: ${reason}` };
  }
}

function decide({ hostKeyFile: file, address, port }: InventoryHost, shown: HostKey): Trust {
  const content = contentOf(file);
  const { keys, revoked } = findKnownHost(content, address, port);
  const isShown = ({ body }: HostKey): boolean => body === shown.body;
  if (revoked.some(isShown))
    return {
      outcome: "refused",
      problem: `the host key ${fingerprint(shown)} is marked as revoked in ${file}`,
    };
  if (keys.some(isShown)) return { outcome: "known" };
  if (keys.length > 0) {
    const problem = `the host key is ${fingerprint(shown)}, but another one was just written to ${file}; somebody may be in between`;
    return { outcome: "refused", problem };
  }
  const separator = content === "" || content.endsWith("\n") ? "" : "\n";
  const isNew = statSync(file, { throwIfNoEntry: false }) === undefined;
  appendFileSync(file, separator + knownHostLine(content, knownHostName(address, port), shown), {
    mode: 0o600,
    flush: true,
  });
  if (isNew) chmodSync(file, 0o600);
  return { outcome: "written" };
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

async function lock(path: string): Promise<() => void> {
  for (;;) {
    try {
      closeSync(openSync(path, "wx", 0o600));
      return () => {
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const since = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (since !== undefined && Date.now() - since > staleLockMs) rmSync(path, { force: true });
    else await delay(20);
  }
}
