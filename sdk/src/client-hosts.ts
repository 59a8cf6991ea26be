import * as pulumi from "@pulumi/pulumi";
import type { CephCluster } from "./ceph-cluster.ts";
import { Mount } from "./ceph.ts";
import type { Timeouts } from "./cloud-resource.ts";
import { given } from "./given.ts";
import { Packages } from "./host.ts";
import { machine } from "./machine.ts";
import { Hypervisor } from "./microvm.ts";
import { settings } from "./settings.ts";
import { formerly, within } from "./within.ts";

export interface ClientHostsArgs {
  /** Hosts of the inventory that are to run guests; nodes of the cluster may be among them. */
  readonly hosts: readonly string[];
  /** The cluster whose file system they mount. */
  readonly cluster: CephCluster;
  /** Where they mount it. Default: `"/srv/torocloud"`. */
  readonly mountPoint?: string;
  /** Hardware virtualisation, emulation, or what a trial on each host shows to work. Default: `"auto"`. */
  readonly accel?: "auto" | "kvm" | "tcg";
  /** How many seconds each phase of an operation may take, for each of its resources. */
  readonly timeouts?: pulumi.Input<Timeouts>;
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
    this.hosts = args.hosts.map((host) => this.#clientHost({ name, host, args }));
    this.registerOutputs({ storage: this.storage });
  }

  #clientHost({ name, host: hostName, args }: ClientHostOf): ClientHost {
    const { cluster, accel = "auto", timeouts } = args;
    const common = given({ timeouts });
    const host = machine({ host: hostName, component: this, name, common });
    const on = (part: string, ...after: pulumi.Resource[]): [string, pulumi.CustomResourceOptions] => [
      `${name}-${hostName}-${part}`,
      { ...within(this, ...after), ...formerly(`${hostName}-${part}`) },
    ];
    const [qemu, afterHost] = on("qemu", host);
    const installed = new Packages(qemu, { host: hostName, name: "qemu", packages, ...common }, afterHost);
    const vsock = { vsock: host.vsock, ...given({ vhostDeviceVsock: settings().vhostDeviceVsock }) };
    const [hypervisorName, afterPackages] = on("hypervisor", installed);
    const hypervisor = new Hypervisor(
      hypervisorName,
      { host: hostName, accel, ...vsock, ...common },
      afterPackages,
    );
    const [mountName, afterKey] = on("mount", installed, cluster.clientKey);
    const mount = new Mount(
      mountName,
      {
        host: hostName,
        name: "storage",
        keysFrom: cluster.nodes,
        fsid: cluster.fsid,
        monitors: cluster.monitors,
        user: cluster.clientKey.name,
        fileSystem: cluster.fileSystem.name,
        path: cluster.clientKey.path,
        mountPoint: this.storage,
        // The kernel's client may wait for memory that an OSD on the same host needs to free it.
        client: cluster.nodes.includes(hostName) ? "fuse" : host.cephClient,
        ...common,
      },
      afterKey,
    );
    return { name: hostName, mount, hypervisor };
  }
}

interface ClientHostOf {
  /** The component's name. */
  readonly name: string;
  readonly host: string;
  readonly args: ClientHostsArgs;
}
