import * as pulumi from "@pulumi/pulumi";
import type { CephCluster } from "./ceph-cluster.ts";
import { Mount } from "./ceph.ts";
import { Host, Packages } from "./host.ts";
import { Hypervisor } from "./microvm.ts";
import { settings } from "./settings.ts";
import { within } from "./within.ts";

export interface ClientHostsArgs {
  /** Hosts of the inventory that are to run guests. */
  readonly hosts: readonly string[];
  /** The cluster whose file system they mount. */
  readonly cluster: CephCluster;
  /** Where they mount it. Default: `"/srv/torocloud"`. */
  readonly mountPoint?: string;
  /** Hardware virtualisation, emulation, or what a trial on each host shows to work. Default: `"auto"`. */
  readonly accel?: "auto" | "kvm" | "tcg";
}

/** One host, ready to run guests. */
export interface ClientHost {
  readonly name: string;
  readonly mount: Mount;
  readonly hypervisor: Hypervisor;
}

const packages = ["ceph-common", "ceph-fuse", "qemu-system-x86", "virtiofsd", "python3"];

/** Hosts that mount CephFS and run guests. */
export class ClientHosts extends pulumi.ComponentResource {
  /** Where CephFS is mounted on each of them. */
  readonly storage: string;
  readonly hosts: readonly ClientHost[];

  constructor(name: string, args: ClientHostsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:ClientHosts", name, {}, opts);
    this.storage = args.mountPoint ?? "/srv/torocloud";
    this.hosts = args.hosts.map((host) => this.#clientHost(host, args));
    this.registerOutputs({ storage: this.storage });
  }

  #clientHost(name: string, { cluster, accel = "auto" }: ClientHostsArgs): ClientHost {
    const host = new Host(name, { host: name }, within(this));
    const installed = new Packages(
      `${name}-qemu`,
      { host: name, name: "qemu", packages },
      within(this, host),
    );
    const { vhostDeviceVsock } = settings();
    const hypervisor = new Hypervisor(
      `${name}-hypervisor`,
      { host: name, accel, vsock: host.vsock, ...(vhostDeviceVsock !== undefined && { vhostDeviceVsock }) },
      within(this, installed),
    );
    const mount = new Mount(
      `${name}-mount`,
      {
        host: name,
        name: "storage",
        keysFrom: [...cluster.nodes],
        fsid: cluster.fsid,
        monitors: cluster.monitors,
        user: cluster.clientKey.name,
        fileSystem: cluster.fileSystem.name,
        path: cluster.clientKey.path,
        mountPoint: this.storage,
        client: host.cephClient,
      },
      within(this, installed, cluster.clientKey),
    );
    return { name, mount, hypervisor };
  }
}
