import { titleOf, type Artifact } from "../../provider/src/artifacts/artifact.ts";
import { sha256 } from "../../provider/src/artifacts/files.ts";
import type { Json, Spec } from "../../provider/src/host-program/wire.ts";

const owned = ({ mode, owner }: Spec): Json => ({ mode, owner });
const content = ({ mode, owner, content: text, digest }: Spec): Json => ({
  mode,
  owner,
  digest: digest ?? sha256(text as string),
});

const key = ({ caps }: Spec): Json => ({ mode: "600", owner: "ceph:ceph", known: { same: true, caps } });
const runningUnit = (): Json => ({ active: "active", enabled: "enabled", needsReload: false, dropIns: [] });

/** What the host's half of each kind observes where all is as a spec declares. */
const states: Readonly<Record<string, (spec: Spec) => Json>> = {
  "ceph.born-keyring": () => ({ mode: "600", owner: "root:root", holds: "same" }),
  "ceph.client-key": ({ caps }) => ({ caps }),
  "ceph.client-key-file": content,
  "ceph.daemon-key": key,
  "ceph.directory": () => ({ type: "directory" }),
  "ceph.file-system": ({ metadataPool, dataPool }) => ({ metadataPool, dataPools: [dataPool ?? null] }),
  "ceph.file-system-options": ({ maxMds, joinable }) => ({ maxMds, joinable }),
  "ceph.monitor-key": () => ({ mode: "600", owner: "ceph:ceph", same: true }),
  "ceph.monitor-store": ({ fsid }) => ({ fsid }),
  "ceph.mount-point": () => ({ is: "directory" }),
  "ceph.mounted": ({ type }) => ({ type, access: "rw", problem: "", silent: false }),
  "ceph.osd-key": key,
  // Whether it is out is seen in its weight.
  "ceph.osd-out": () => null,
  "ceph.osd-place": ({ host }) => ({ host, besides: [] }),
  "ceph.osd-size": ({ sizeGiB }) => ({ bytes: Number(sizeGiB) * 1024 ** 3 }),
  "ceph.osd-store": ({ fsid }) => ({ fsid }),
  "ceph.osd-unit": runningUnit,
  "ceph.osd-weight": () => ({ weight: 1 }),
  "ceph.pool": ({ pgNum, size, minSize, use, fileSystem }) => ({
    ...{ pgNum, size, minSize, autoscale: "off" },
    applications: [`cephfs:${use as string}=${fileSystem as string}`],
  }),
  directory: owned,
  file: content,
  "own-directory": owned,
  "microvm.clock": () => ({ mode: "644", owner: "root:root", measured: true }),
  "microvm.quota": ({ bytes }) => ({ bytes }),
  "microvm.shared-directory": ({ owner }) => ({ type: "directory", owner: owner ?? "0:0" }),
  "microvm.share-source": () => ({ serves: "source" }),
  "microvm.socket": owned,
  packages: ({ names }) => ({ installed: names }),
  "sent-file": content,
  "passive-unit": () => ({ dropIns: [] }),
  tree: ({ digest }) => ({ digest, changed: [], more: 0, listInside: false }),
  unit: runningUnit,
  "unit-file": content,
  user: () => ({ shell: "/usr/sbin/nologin", groups: ["torocloud"], locked: true }),
};

/** Kinds that are there before anybody makes them, and as declared: only what people do to them is seen. */
const natural: ReadonlySet<string> = new Set(["passive-unit", "microvm.share-source"]);

/** What is observed where nobody has made anything yet. */
export function untouched(kind: string, spec: Spec): Json {
  return natural.has(kind) ? asDeclared(kind, spec) : null;
}

export function asDeclared(kind: string, spec: Spec): Json {
  const state = states[kind];
  if (!state) throw new Error(`test/provider/as-declared.ts knows no kind ${kind}`);
  return state(spec);
}

/** How an artifact may be found to be otherwise than declared: as an example says, or with another value in each field. */
export function altered(artifact: Artifact, drifted: Readonly<Record<string, Json>> = {}): Json {
  const title = titleOf(artifact);
  const given = Object.entries(drifted).find(([start]) => title.startsWith(start))?.[1];
  const state = asDeclared(artifact.kind.name, artifact.spec);
  if (given === undefined) return otherwise(state);
  const isPart = typeof given === "object" && given !== null && !Array.isArray(given);
  return isPart ? Object.assign({}, state, given) : given;
}

/** Another value of the same type, in each of its fields. */
function otherwise(state: Json): Json {
  if (typeof state === "string") return state === "" ? "something" : `other-${state}`;
  if (typeof state === "number") return state + 1;
  if (typeof state === "boolean") return !state;
  if (Array.isArray(state)) return ["something", "else"];
  return Object.fromEntries(
    Object.entries(state ?? {}).map(([field, value]) => [field, otherwise(value ?? null)]),
  );
}
