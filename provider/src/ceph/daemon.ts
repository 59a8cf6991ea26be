import { artifact, type Artifact, type Condition, type Kind } from "../artifacts/artifact.ts";
import { ownDirectory } from "../artifacts/files.ts";
import { keyDifferences, keyDisturbs, type Caps, type KeyState } from "./key.ts";
import { daemonDirectory } from "./names.ts";

const crashReportsKind: Kind = {
  name: "ceph.crash-reports",
  title: (path) => `crash reports in ${path}`,
  differences: () => [],
};

/** What Ceph's daemons left behind when they crashed: kept with the data, destroyed with it. */
export function crashReports(): Artifact {
  const path = "/var/lib/ceph/crash";
  return artifact(crashReportsKind, path, { spec: {}, whose: "shared", data: path });
}

/** The capabilities of Ceph's manual for the daemons that authenticate with a key of their own. */
const capabilities = {
  mgr: { mds: "allow *", mon: "allow profile mgr", osd: "allow *" },
  mds: { mds: "allow *", mgr: "allow profile mds", mon: "allow profile mds", osd: "allow *" },
} as const;

const daemonKeyKind: Kind<{ readonly keyring: string; readonly caps: Caps }, KeyState> = {
  name: "ceph.daemon-key",
  title: (entity) => `key ${entity}`,
  differences: (spec, state) => keyDifferences(state, spec),
  disturbs: (_spec, state) => keyDisturbs(state),
};

/** The directory and key of a manager or metadata server: what it needs to start, and nothing that is lost with it. */
export function daemonKey(kind: "mgr" | "mds", id: string): Artifact[] {
  const directory = daemonDirectory(kind, id);
  return [
    ownDirectory(directory, { mode: "750", owner: "ceph:ceph" }),
    artifact(daemonKeyKind, `${kind}.${id}`, {
      spec: { keyring: `${directory}/keyring`, caps: capabilities[kind] },
    }),
  ];
}

/** Available as the active one, or known as a standby. */
export function managerAvailable(id: string): Condition {
  return {
    kind: "ceph.manager-available",
    spec: { id },
    what: `manager ${id} to be available`,
    seconds: 180,
  };
}

/** Known to the cluster: standing by, or serving a file system. */
export function metadataServerKnown(id: string): Condition {
  return {
    kind: "ceph.metadata-server-known",
    spec: { id },
    what: `metadata server ${id} to report for duty`,
    seconds: 120,
  };
}
