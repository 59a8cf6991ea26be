import { artifact, type Artifact, type Condition, type Kind, type Query } from "../artifacts/artifact.ts";
import type { Spec } from "../host-program/wire.ts";
import { unitDifferences, unitDisturbs, unitMissing, type UnitState } from "../artifacts/units.ts";
import { keyDifferences, keyDisturbs, type Caps, type KeyState } from "./key.ts";
import { crushName } from "./names.ts";

/** Where the bootstrap key lies by Ceph's own convention. */
export const bootstrapKeyring = "/var/lib/ceph/bootstrap-osd/ceph.keyring";

const gibibyte = 1024 ** 3;

export interface FileStore {
  readonly uuid: string;
  readonly fsid: string;
  readonly sizeGiB: number;
  /** The inventory's name of the machine, which is a new OSD's place in the CRUSH map. */
  readonly host: string;
}

type StoreSpec = Readonly<{ fsid: string; sizeGiB: number; host: string }>;

const storeKind: Kind<StoreSpec, { readonly fsid: string }> = {
  name: "ceph.osd-store",
  title: (uuid) => `OSD store ${uuid}`,
  differences: ({ fsid }, state) =>
    state.fsid === fsid ? [] : [`is of the cluster ${state.fsid}, not ${fsid}`],
  missing: () => "is missing, or its labels are",
};

const sizeKind: Kind<{ readonly sizeGiB: number }, { readonly bytes: number }> = {
  name: "ceph.osd-size",
  title: (uuid) => `size of OSD store ${uuid}`,
  differences: ({ sizeGiB }, { bytes }) =>
    bytes === sizeGiB * gibibyte ? [] : [`is ${String(bytes / gibibyte)} GiB, not ${String(sizeGiB)} GiB`],
};

const capabilities = { mgr: "allow profile osd", mon: "allow profile osd", osd: "allow *" };

const keyKind: Kind<{ readonly caps: Caps }, KeyState> = {
  name: "ceph.osd-key",
  title: (uuid) => `key of OSD store ${uuid}`,
  differences: ({ caps }, state) => keyDifferences(state, { keyring: "its directory", caps }),
  disturbs: (_spec, state) => keyDisturbs(state),
};

/**
 * An OSD on a plain file: no loop device to re-attach at boot. It can stop anywhere while it is made, and go on later. Its key
 * is put right from the cluster's, or the cluster's from it.
 */
export function fileStore({ uuid, fsid, sizeGiB, host }: FileStore): Artifact[] {
  return [
    artifact(storeKind, uuid, {
      spec: { fsid, sizeGiB, host: crushName(host) },
      data: `the OSD store with UUID ${uuid} in /var/lib/ceph/osd`,
    }),
    artifact(sizeKind, uuid, { spec: { sizeGiB }, whose: "shared" }),
    artifact(keyKind, uuid, { spec: { caps: capabilities }, whose: "shared" }),
  ];
}

type PlaceState = Readonly<{
  /** Its host in the CRUSH map. */
  host: string | null;
  /** OSDs of other machines that are there too. */
  besides: readonly string[];
}>;

const placeKind: Kind<{ readonly host: string }, PlaceState> = {
  name: "ceph.osd-place",
  title: (uuid) => `place of OSD ${uuid}`,
  differences: (spec, { host, besides }) =>
    // Where it has the name of its own machine, it is the others that have to go.
    besides.length === 0 || host === spec.host
      ? []
      : [`is that of ${besides.join(", ")} of another machine: ${String(host)}`],
  disturbs: () => false,
};

/** Copies of data count machines by their place in the CRUSH map: no two may have one. */
export function osdPlace({ uuid, host }: Pick<FileStore, "uuid" | "host">): Artifact {
  return artifact(placeKind, uuid, { spec: { host: crushName(host) }, whose: "shared" });
}

const weightKind: Kind<Spec, { readonly weight: number }> = {
  name: "ceph.osd-weight",
  title: (uuid) => `weight of OSD ${uuid}`,
  differences: (_spec, { weight }) => {
    if (weight === 1) return [];
    return [
      weight === 0
        ? "is 0, not 1: it is out of the cluster"
        : `is ${String(Number(weight.toPrecision(6)))}, not 1`,
    ];
  },
};

/** How much of its share of the data an OSD gets: all, unless somebody took it out. */
export function osdWeight(uuid: string): Artifact {
  return artifact(weightKind, uuid, { spec: {}, whose: "shared" });
}

const unitKind: Kind<Spec, UnitState> = {
  name: "ceph.osd-unit",
  title: () => "unit ceph-osd@",
  differences: (_spec, state) => unitDifferences(state),
  missing: () => unitMissing,
  disturbs: (_spec, state) => unitDisturbs(state),
  serves: true,
};

/** The daemon, whose unit is named after the number that the cluster chose. */
export function osdUnit(uuid: string, follows: readonly Artifact[]): Artifact {
  return artifact(unitKind, uuid, { spec: {}, follows });
}

/** The number that the cluster gave it. */
export function osdNumber(uuid: string): Query {
  return { kind: "ceph.osd-number", spec: { uuid }, what: `asking for the number of OSD ${uuid}` };
}

export function osdUp(uuid: string): Condition {
  return { kind: "ceph.osd-up", spec: { uuid }, what: `OSD ${uuid} to be up and in`, seconds: 180 };
}
