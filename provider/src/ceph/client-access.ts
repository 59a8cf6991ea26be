import { artifact, type Artifact, type Kind, type Query } from "../artifacts/artifact.ts";
import { capsOf, type Caps } from "./key.ts";

type DirectorySpec = Readonly<{ fileSystem: string; path: string }>;

/** What is there, or why nobody can tell: a file system may refuse its clients. */
type DirectoryState = { readonly type: string } | { readonly problem: string };

const directoryKind: Kind<DirectorySpec, DirectoryState> = {
  name: "ceph.directory",
  title: (_key, { fileSystem, path }) => `directory ${path} of file system ${fileSystem}`,
  differences(_spec, state) {
    if ("problem" in state) return [`cannot be looked at: ${state.problem}`];
    return state.type === "directory" ? [] : ["is no directory"];
  },
  stays: true,
};

/** A directory of the file system itself, made with its parents. What is in it is not ours to remove. */
export function fileSystemDirectory(fileSystem: string, path: string): Artifact {
  return artifact(directoryKind, `${fileSystem}:${path}`, { spec: { fileSystem, path }, whose: "shared" });
}

interface ClientKey {
  readonly entity: string;
  readonly fileSystem: string;
  /** Absolute; the key reaches nothing above it. */
  readonly path: string;
  readonly access: "rw" | "r";
}

const clientKeyKind: Kind<{ readonly caps: Caps }, { readonly caps: Caps }> = {
  name: "ceph.client-key",
  title: (entity) => `key ${entity}`,
  differences({ caps }, state) {
    const [may, wanted] = [capsOf(state.caps) || "nothing", capsOf(caps)];
    return may === wanted ? [] : [`may "${may}", not "${wanted}"`];
  },
};

/** A client's key, limited to one path of one file system. The key itself stays in the cluster. */
export function clientKey({ entity, fileSystem, path, access }: ClientKey): Artifact {
  // p: to set quotas.
  const may = access === "rw" ? "rwp" : "r";
  const caps = {
    mds: `allow ${may} fsname=${fileSystem} path=${capPath(path)}`,
    mon: `allow r fsname=${fileSystem}`,
    osd: `allow ${access} tag cephfs data=${fileSystem}`,
  };
  return artifact(clientKeyKind, entity, { spec: { caps } });
}

/** The key itself; null where the cluster has none. */
export function readClientKey(user: string): Query {
  return {
    kind: "ceph.client-key",
    spec: { entity: `client.${user}` },
    what: `reading the key of client.${user}`,
  };
}

/** In capabilities a path of other characters than these stands in quotes. */
function capPath(path: string): string {
  return /^[A-Za-z0-9_./-]+$/.test(path) ? path : `"${path}"`;
}
