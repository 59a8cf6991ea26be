import * as pulumi from "@pulumi/pulumi";
import { CephCluster, type CephClusterArgs } from "./ceph-cluster.ts";
import { ClientHosts, type ClientHostsArgs } from "./client-hosts.ts";
import { Microservice, type MicroserviceArgs } from "./microservice.ts";

export interface CloudArgs {
  /** The storage: a Ceph cluster. */
  readonly ceph: CephClusterArgs;
  /** The hosts that run guests. */
  readonly clients: Omit<ClientHostsArgs, "cluster">;
  /** What runs there, by name. */
  readonly services: Readonly<Record<string, Omit<MicroserviceArgs, "hosts">>>;
}

/** A whole cloud: storage, hosts, services. */
export class Cloud extends pulumi.ComponentResource {
  readonly cluster: CephCluster;
  readonly clients: ClientHosts;
  readonly services: readonly Microservice[];
  /** Where each replica of each service answers. */
  readonly urls: Readonly<Record<string, readonly string[]>>;

  constructor(name: string, { ceph, clients, services }: CloudArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:Cloud", name, {}, opts);
    this.cluster = new CephCluster("ceph", ceph, { parent: this });
    this.clients = new ClientHosts("clients", { ...clients, cluster: this.cluster }, { parent: this });
    const running = Object.entries(services).map(
      ([service, args]) =>
        [service, new Microservice(service, { ...args, hosts: this.clients }, { parent: this })] as const,
    );
    this.services = running.map(([, service]) => service);
    this.urls = Object.fromEntries(running.map(([service, { urls }]) => [service, urls]));
    this.registerOutputs({ urls: this.urls });
  }
}
