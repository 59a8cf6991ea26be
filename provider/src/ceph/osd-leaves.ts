import { artifact, type Kind } from "../artifacts/artifact.ts";
import type { Spec } from "../host-program/wire.ts";
import type { Leaving } from "../lifecycle/define-resource.ts";

const outKind: Kind<Spec, { readonly out: boolean }> = {
  name: "ceph.osd-out",
  title: (uuid) => `OSD ${uuid} out of the cluster`,
  differences: () => [],
};

/**
 * An OSD goes when others have taken over what it holds: it is taken out, serves on while its data moves, and is removed once the
 * cluster says that it is safe to destroy. Refused at once where the others cannot hold the copies. One at a time in a cluster.
 */
export function osdLeaves(uuid: string, fsid: string): Leaving {
  const spec = { uuid };
  return {
    turn: `an OSD of cluster ${fsid} leaves`,
    only: [
      {
        kind: "ceph.osd-drainable",
        spec,
        what: `the other OSDs to have room for what OSD ${uuid} holds`,
        seconds: 0,
      },
    ],
    drain: [artifact(outKind, uuid, { spec: {}, whose: "shared" })],
    waits: [
      { kind: "ceph.osd-drained", spec, what: `the data of OSD ${uuid} to be elsewhere`, seconds: 86_400 },
    ],
  };
}
