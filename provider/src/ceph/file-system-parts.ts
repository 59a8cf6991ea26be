import { artifact, type Artifact, type Condition, type Kind } from "../artifacts/artifact.ts";
import { differentOptions } from "./pool.ts";

type FileSystemSpec = Readonly<{ metadataPool: string; dataPool: string }>;
type FileSystemState = Readonly<{ metadataPool: string; dataPools: readonly string[] }>;

const fileSystemKind: Kind<FileSystemSpec, FileSystemState> = {
  name: "ceph.file-system",
  title: (name) => `file system ${name}`,
  differences: ({ metadataPool, dataPool }, state) =>
    state.metadataPool === metadataPool && state.dataPools.join() === dataPool
      ? []
      : [
          `keeps metadata in ${state.metadataPool} and data in ${state.dataPools.join(",")}, not in ${metadataPool} and ${dataPool}`,
        ],
};

/** A CephFS file system on two pools. */
export function fileSystem(name: string, spec: FileSystemSpec): Artifact {
  return artifact(fileSystemKind, name, { spec, data: `file system ${name}` });
}

type Options = Readonly<{ maxMds: number; joinable: boolean }>;

const optionsKind: Kind<Options, Options> = {
  name: "ceph.file-system-options",
  title: (name) => `options of file system ${name}`,
  differences: (spec, state) =>
    differentOptions([
      ["max_mds", state.maxMds, spec.maxMds],
      ["joinable", String(state.joinable), String(spec.joinable)],
    ]),
};

/** That metadata servers may serve it, one at a time. */
export function fileSystemOptions(name: string): Artifact {
  return artifact(optionsKind, name, { spec: { maxMds: 1, joinable: true }, whose: "shared" });
}

/** Serving: one active metadata server, and every placement group active and clean. Health alone says OK too early. */
export function fileSystemServes(name: string): Condition[] {
  return [
    {
      kind: "ceph.file-system-served",
      spec: { fileSystem: name },
      what: `a metadata server to be active for file system ${name}`,
      seconds: 180,
    },
    {
      kind: "ceph.placement-groups-clean",
      spec: {},
      what: "all placement groups to be active+clean",
      seconds: 600,
    },
  ];
}
