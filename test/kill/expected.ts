import type { StateResource } from "../cloud/support/stack.ts";

/** What one host must have, by the state. */
export interface Expected {
  /** host/kind/name without the host. */
  readonly markers: ReadonlySet<string>;
  readonly units: ReadonlySet<string>;
  /** Those of `units` that run only while somebody asks. */
  readonly onDemand: ReadonlySet<string>;
  /** Unit files of ours, and what is kept in /var/lib/torocloud. */
  readonly files: ReadonlySet<string>;
  /** Main processes by program. */
  readonly processes: ReadonlyMap<string, number>;
}

interface Parts {
  readonly units: readonly string[];
  readonly onDemand?: readonly string[];
  readonly processes: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

/** What runs for one resource of a kind; kinds that are not here run nothing. */
const parts: Readonly<Record<string, (name: string, values: Values) => Parts>> = {
  "ceph-monitor": (name) => daemon("mon", name),
  "ceph-manager": (name) => daemon("mgr", name),
  "ceph-metadata-server": (name) => daemon("mds", name),
  "ceph-osd": (_name, { number }) => daemon("osd", String(number)),
  "ceph-mount": (name) => ({ units: [`torocloud-mount-${name}.service`], processes: ["ceph-fuse"] }),
  guest: (name, { vsock, shareNames }) => {
    const shares = Object.values((shareNames ?? {}) as Record<string, string>);
    return {
      units: [
        `torocloud-guest-${name}.service`,
        ...(vsock === "user" ? [`torocloud-vsock-${name}.service`] : []),
        ...shares.flatMap((share) => [`torocloud-share-${share}.service`, `torocloud-share-${share}.socket`]),
      ],
      processes: [
        "qemu-system-x86_64",
        ...(vsock === "user" ? ["vhost-device-vsock"] : []),
        ...shares.map(() => "virtiofsd"),
      ],
    };
  },
  "port-forward": (name) => ({
    units: [`torocloud-forward-${name}.socket`],
    onDemand: [`torocloud-forward-${name}.service`],
    processes: [],
  }),
};

function daemon(kind: string, id: string): Parts {
  return { units: [`ceph-${kind}@${id}.service`], processes: [`ceph-${kind}`] };
}

/** Files that a resource of a kind has beside its units. */
const filesBeside: Readonly<Record<string, (name: string) => readonly string[]>> = {
  "ceph-node": () => [
    "/etc/systemd/system/ceph-mgr@.service.d/torocloud.conf",
    "/var/lib/torocloud/ceph/mon.keyring",
  ],
  "ceph-mount": (name) => [`/etc/systemd/system/torocloud-mount-${name}.service.d/torocloud.conf`],
};

/** Reads the state of the example cloud. */
export function expectedOn(host: string, resources: readonly StateResource[]): Expected {
  const here = resources.flatMap(({ id, outputs = {} }) => {
    const [kind = "", name = ""] = (id ?? "").split("/").slice(-2);
    const through = (outputs["hosts"] ?? [outputs["host"]]) as readonly unknown[];
    return through.includes(host) ? [{ kind, name, values: outputs }] : [];
  });
  const running = here.flatMap(({ kind, name, values }) => parts[kind]?.(name, values) ?? []);
  const onDemand = new Set(running.flatMap((part) => part.onDemand ?? []));
  const processes = new Map<string, number>();
  for (const program of running.flatMap((part) => part.processes)) {
    processes.set(program, (processes.get(program) ?? 0) + 1);
  }
  const units = [...running.flatMap((part) => part.units), ...onDemand];
  return {
    markers: new Set(here.map(({ kind, name }) => `${kind}/${name}`)),
    units: new Set(units),
    onDemand,
    files: new Set([
      ...["/var/lib/torocloud/ceph/ceph.keyring", "/var/lib/torocloud/ceph/ceph.keyring.sha256"], // kept as data
      ...units.map((unit) => `/etc/systemd/system/${unit}`),
      ...here.flatMap(({ kind, name }) => filesBeside[kind]?.(name) ?? []),
    ]),
    processes,
  };
}
