import { artifact, type Artifact, type Condition, type Kind } from "../artifacts/artifact.ts";
import { directory, file, fileDifferences, ownDirectory, type FileState } from "../artifacts/files.ts";
import { runningUnit, unitDirectory, unitFile } from "../artifacts/units.ts";
import { renderClientConf } from "./config.ts";
import { renderKeyring } from "./keyring.ts";
import { mountUnit, renderMountUnit, returnsByItself, type CephMount } from "./mount-unit.ts";

/** Configuration, key, mount point and the unit that keeps it mounted. The mount point itself never holds data. */
export function mountArtifacts(mount: CephMount, key: string | undefined): Artifact[] {
  const configuration = `/etc/torocloud/ceph-${mount.name}`;
  const name = mountUnit(mount.name);
  const files = [
    ownDirectory(configuration, { mode: "700" }),
    file(`${configuration}/ceph.conf`, renderClientConf(mount)),
    keyFile(mount, configuration, key),
    unitFile(name, renderMountUnit(mount, configuration)),
  ];
  return [
    ...files,
    directory(`${unitDirectory}/${name}.d`),
    // Not followed: how it comes back is read anew while it is mounted.
    unitFile(`${name}.d/torocloud.conf`, returnsByItself(mount)),
    mountPoint(mount, `${configuration}/made-mount-point`),
    runningUnit(name, files),
    mounted(mount),
  ];
}

type KeySpec = Readonly<{
  content: string;
  mode: string;
  owner: string;
  /** Empty where the cluster has none. */
  key: string;
  entity: string;
}>;

const keyFileKind: Kind<KeySpec, FileState> = {
  name: "ceph.client-key-file",
  title: (path) => `file ${path}`,
  differences: (spec, state) =>
    spec.key === ""
      ? [`holds a key that the cluster does not know: ${missingKey(spec)}`]
      : fileDifferences(spec, state),
  missing: (spec) => (spec.key === "" ? `is missing, and ${missingKey(spec)}` : "is missing"),
  disturbs: (spec, state) =>
    state === null || fileDifferences(spec, state).includes("has other content") || "link" in state,
  secrets: ["content", "key"],
};

function missingKey({ entity }: KeySpec): string {
  return `the cluster has no key ${entity}`;
}

/** The client's key in the form that the host reads, and in no other; where the cluster has none, nothing that is there is right. */
function keyFile({ client, user }: CephMount, configuration: string, key = ""): Artifact {
  const entity = `client.${user}`;
  const content = client === "kernel" ? key : renderKeyring(entity, key);
  return artifact(keyFileKind, `${configuration}/${client === "kernel" ? "secret" : "keyring"}`, {
    spec: { content, mode: "600", owner: "root:root", key, entity },
  });
}

type MountPointSpec = Readonly<{ unit: string; made: string }>;
type MountPointState = Readonly<{ is: string }>;

/** What a mount point may be instead of an empty directory, in words. */
const unfit: Readonly<Record<string, string>> = {
  mount: "has something mounted on it",
  full: "holds files, which a mount would hide",
  other: "is no directory",
};

const mountPointKind: Kind<MountPointSpec, MountPointState> = {
  name: "ceph.mount-point",
  title: (path) => `directory ${path}`,
  differences: (_spec, state) => (state.is === "directory" ? [] : [unfit[state.is] ?? `is ${state.is}`]),
};

/** `made`: a file that says whether the directory was there before us. */
function mountPoint({ name, mountPoint: path }: CephMount, made: string): Artifact {
  const unit = `${unitDirectory}/${mountUnit(name)}`;
  return artifact(mountPointKind, path, { spec: { unit, made }, whose: "refused" });
}

type MountedSpec = Readonly<{ type: string; unit: string }>;
type MountedState = Readonly<{
  type: string;
  access: string;
  /** What is said of a client that the cluster has thrown out; empty where it answers. */
  problem: string;
  /** Nobody answers at all: Ceph may be away, and then to mount anew mends nothing. */
  silent: boolean;
}>;

const mountedKind: Kind<MountedSpec, MountedState> = {
  name: "ceph.mounted",
  title: (path) => `mount ${path}`,
  differences({ type }, state) {
    if (state.type !== type) return [`is covered by a mount of ${state.type}`];
    return [
      ...(state.access === "rw" ? [] : [`is mounted ${state.access === "ro" ? "read-only" : state.access}`]),
      ...(state.problem === "" ? [] : [`does not answer: ${state.problem}`]),
      ...(state.silent ? ["does not answer; is Ceph away?"] : []),
    ];
  },
  disturbs: ({ type }, state) => state?.type !== type || state.problem !== "",
  missing: () => "is not mounted",
};

function mounted({ name, client, mountPoint: path }: CephMount): Artifact {
  return artifact(mountedKind, path, {
    spec: { type: mountType(client), unit: mountUnit(name) },
    whose: "shared",
  });
}

function mountType(client: CephMount["client"]): string {
  return client === "kernel" ? "ceph" : "fuse.ceph-fuse";
}

/** The mount answers: a process that waits for the cluster is not enough. */
export function mountAnswers({ name, mountPoint: path, client }: CephMount): Condition {
  return {
    kind: "ceph.mount-answers",
    spec: { path, type: mountType(client), unit: mountUnit(name) },
    what: `CephFS to answer at ${path}`,
    seconds: 120,
  };
}
