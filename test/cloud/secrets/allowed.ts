import type { Find } from "./search.ts";

/** A place where a secret belongs. */
export interface Place {
  readonly secrets: RegExp;
  /** Hosts, or "here". */
  readonly where: RegExp;
  readonly path: RegExp;
  readonly access: RegExp;
  readonly because: string;
}

const nodes = /^node\d$/;
const root = /^600 root:root$/;
const ceph = /^600 ceph:ceph$/;

/** All places where secrets may be, with the reason. Everything else is a leak. */
export const places: readonly Place[] = [
  {
    secrets: /^(mon\.|client\.admin|client\.bootstrap-osd)$/,
    where: /^node1$/,
    path: /^\/var\/lib\/torocloud\/ceph\/ceph\.keyring$/,
    access: root,
    because:
      "the keys that a cluster is born with, on the host that made them: other nodes get theirs from here",
  },
  {
    secrets: /^(mon\.|client\.admin|client\.bootstrap-osd)$/,
    where: nodes,
    path: /^\/var\/lib\/torocloud\/ceph\/mon\.keyring$/,
    access: ceph,
    because: "what ceph-mon, as the user ceph, begins a monitor's store with",
  },
  {
    secrets: /^client\.admin$/,
    where: nodes,
    path: /^\/etc\/ceph\/ceph\.client\.admin\.keyring$/,
    access: root,
    because: "the administrator's key, with which a node asks and tells its cluster",
  },
  {
    secrets: /^client\.bootstrap-osd$/,
    where: nodes,
    path: /^\/var\/lib\/ceph\/bootstrap-osd\/ceph\.keyring$/,
    access: ceph,
    because: "the key that may only add OSDs",
  },
  {
    secrets: /^mon\.$/,
    where: nodes,
    path: /^\/var\/lib\/ceph\/mon\/ceph-node\d\/keyring$/,
    access: ceph,
    because: "a monitor's own",
  },
  {
    secrets: /^(mon|mgr|mds|osd|client)\./,
    where: nodes,
    path: /^\/var\/lib\/ceph\/mon\/ceph-node\d\/store\.db\//,
    access: /^(6\d\d ceph:ceph|gone)$/, // it replaces its files all the time
    because: "the monitors' database of all keys, in a directory that only the user ceph may enter",
  },
  {
    secrets: /^(mgr|mds|osd)\./,
    where: nodes,
    path: /^\/var\/lib\/ceph\/(mgr|mds|osd)\/ceph-\w+\/keyring$/,
    access: ceph,
    because: "a daemon's own",
  },
  {
    secrets: /^client\.torocloud$|^client\.ceph$/,
    where: /^host1$/,
    path: /^\/etc\/torocloud\/ceph-storage\/keyring$/,
    access: root,
    because: "the key of the host's mount, limited to one directory",
  },
  {
    secrets: /^the shared file$/,
    where: /^host1$/,
    path: /^\/srv\/torocloud\/shares\/web\/private\.txt$/,
    access: /./,
    because: "a person's content, where the person put it",
  },
  {
    secrets: /^the shared file$/,
    where: nodes,
    path: /^\/var\/lib\/ceph\/osd\/ceph-\d\/block$/,
    access: /^6\d\d ceph:ceph$/,
    because: "CephFS keeps its files on the OSDs",
  },
  {
    secrets: /^the shared file$/,
    where: /^here$/,
    path: /\/site\/private\.txt$/,
    access: /./,
    because: "a person's content, where it came from",
  },
  {
    secrets: /^the encrypted key$/,
    where: /^here$/,
    path: /\/keys\/sealed$/,
    access: /^600 /,
    because: "a person's key file, encrypted",
  },
  {
    secrets: /^the secret of the configuration$/,
    where: /^here$/,
    path: /\/log$/,
    access: /./,
    because: "at its highest level, Pulumi's own log tells the configuration that it has decrypted",
  },
];

/** What was found where it does not belong, a line each. */
export function leaks(finds: readonly Find[]): readonly string[] {
  return finds.filter((find) => !places.some((place) => covers(place, find))).map(describeFind);
}

/** The places where nothing was found: a list that allows more than it must hides leaks. */
export function unused(finds: readonly Find[]): readonly string[] {
  return places
    .filter((place) => !finds.some((find) => covers(place, find)))
    .map(({ path, because }) => `${path.source}: ${because}`);
}

function covers(place: Place, find: Find): boolean {
  return (
    place.secrets.test(find.secret) &&
    place.where.test(find.where) &&
    place.path.test(find.path) &&
    place.access.test(find.access)
  );
}

export function describeFind({ where, path, access, secret }: Find): string {
  return `${where} ${path} (${access}): ${secret}`;
}
