import { artifact, type Artifact, type Condition, type Kind } from "../artifacts/artifact.ts";
import { addressVector, type MonitorAddress } from "./config.ts";
import { keyringDifferences } from "./key.ts";
import { daemonDirectory } from "./names.ts";

interface MonitorStore {
  readonly id: string;
  readonly fsid: string;
  readonly monitors: readonly MonitorAddress[];
}

type StoreSpec = Readonly<{
  id: string;
  fsid: string;
  /** Name and addresses of each first monitor. */
  addresses: readonly (readonly [string, string])[];
}>;

const storeKind: Kind<StoreSpec, { readonly fsid: string | null }> = {
  name: "ceph.monitor-store",
  title: (directory) => `monitor store ${directory}`,
  differences({ fsid }, state) {
    if (state.fsid === null) return ["does not say of which cluster it is"];
    return state.fsid === fsid ? [] : [`is of the cluster ${state.fsid}, not ${fsid}`];
  },
  disturbs: (_spec, state) => state === null,
};

/**
 * A monitor's store, made from a map that names all first monitors, so that they find each other at once. One that was complete
 * once is never made again.
 */
export function monitorStore({ id, fsid, monitors }: MonitorStore): Artifact {
  const directory = daemonDirectory("mon", id);
  const addresses = monitors.map(({ name, address }) => [name, addressVector(address)] as const);
  return artifact(storeKind, directory, { spec: { id, fsid, addresses }, data: directory });
}

type MonitorKeyState = Readonly<{ mode: string; owner: string; same: boolean }>;

const keyKind: Kind<{ readonly keyring: string }, MonitorKeyState> = {
  name: "ceph.monitor-key",
  title: (id) => `key of monitor ${id}`,
  differences: ({ keyring }, state) => keyringDifferences(state, keyring),
  disturbs: (_spec, state) => state?.same !== true,
};

/** The monitors' common key in a monitor's store, from which the daemon reads it: as the host has it. */
export function monitorKey(id: string): Artifact {
  const keyring = `${daemonDirectory("mon", id)}/keyring`;
  return artifact(keyKind, id, { spec: { keyring }, whose: "shared" });
}

/** Asked at the monitor's own socket, which answers without quorum. */
export function inQuorum(id: string): Condition {
  return { kind: "ceph.quorum", spec: { id }, what: `monitor ${id} to join the quorum`, seconds: 180 };
}
