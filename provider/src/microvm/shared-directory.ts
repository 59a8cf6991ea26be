import { artifact, type Artifact, type Kind } from "../artifacts/artifact.ts";

interface Ids {
  readonly user: number;
  readonly group: number;
}

type DirectorySpec = Readonly<{ owner?: string }>;

/** What is there, or why nobody can tell: a file system may have no servers. */
type DirectoryState = { readonly type: string; readonly owner: string } | { readonly unanswered: string };

const directoryKind: Kind<DirectorySpec, DirectoryState> = {
  name: "microvm.shared-directory",
  title: (path) => `directory ${path}`,
  differences({ owner }, state) {
    if ("unanswered" in state) return [`cannot be looked at: ${state.unanswered}`];
    if (state.type !== "directory") return ["is no directory"];
    return owner === undefined || state.owner === owner ? [] : [`belongs to ${state.owner}, not ${owner}`];
  },
  disturbs: () => false,
  stays: true,
};

/** A directory that guests see: made with those above it, and never removed. With ids, it belongs to them. */
export function sharedDirectory(path: string, ids?: Ids): Artifact {
  const owner = ids && `${String(ids.user)}:${String(ids.group)}`;
  return artifact(directoryKind, path, { spec: { ...(owner !== undefined && { owner }) }, whose: "shared" });
}

type QuotaSpec = Readonly<{ bytes: number }>;
type QuotaState = { readonly bytes: number } | { readonly unanswered: string };

const mebibyte = 1024 * 1024;

const quotaKind: Kind<QuotaSpec, QuotaState> = {
  name: "microvm.quota",
  title: (path) => `quota of ${path}`,
  differences({ bytes }, state) {
    if ("unanswered" in state) return [`cannot be looked at: ${state.unanswered}`];
    return state.bytes === bytes ? [] : [`is ${inWords(state.bytes)}, not ${inWords(bytes)}`];
  },
  disturbs: () => false,
};

function inWords(bytes: number): string {
  return bytes % mebibyte === 0 ? `${String(bytes / mebibyte)} MiB` : `${String(bytes)} bytes`;
}

/** How much a directory of CephFS may hold. CephFS's clients see to it. */
export function quota(path: string, mebibytes: number): Artifact {
  return artifact(quotaKind, path, { spec: { bytes: mebibytes * mebibyte }, whose: "shared" });
}
