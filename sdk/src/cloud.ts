import * as pulumi from "@pulumi/pulumi";
import { CephCluster, type CephClusterArgs } from "./ceph-cluster.ts";
import { ClientHosts, type ClientHostsArgs } from "./client-hosts.ts";
import type { Timeouts } from "./cloud-resource.ts";
import { given } from "./given.ts";
import { Microservice, type MicroserviceArgs } from "./microservice.ts";
import { formerly } from "./within.ts";

export interface CloudArgs {
  /** The storage: a Ceph cluster. */
  readonly ceph: CephClusterArgs;
  /** The hosts that run guests. */
  readonly clients: Omit<ClientHostsArgs, "cluster">;
  /** What runs there, by name. */
  readonly services: Readonly<Record<string, Omit<MicroserviceArgs, "hosts" | "name">>>;
  /**
   * How many seconds each phase of an operation may take, for each resource; storage, hosts and services may say otherwise for
   * theirs. `waitSeconds` is how long a guest may take until it serves.
   */
  readonly timeouts?: pulumi.Input<Timeouts>;
}

/** A whole cloud: storage, hosts, services. */
export class Cloud extends pulumi.ComponentResource {
  readonly cluster: CephCluster;
  readonly clients: ClientHosts;
  readonly services: readonly Microservice[];
  /** Where each replica of each service answers; an empty list for one without a port. */
  readonly urls: Readonly<Record<string, readonly string[]>>;

  constructor(name: string, args: CloudArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:Cloud", name, {}, opts);
    const { ceph, clients, services } = args;
    const common = given({ timeouts: args.timeouts });
    // Its parts are called after it, and what they make on the hosts is called as in every cloud.
    const part = (of: string): pulumi.ComponentResourceOptions => ({ parent: this, ...formerly(of) });
    this.cluster = new CephCluster(`${name}-ceph`, { name: "ceph", ...common, ...ceph }, part("ceph"));
    this.clients = new ClientHosts(
      `${name}-clients`,
      { ...common, ...clients, cluster: this.cluster },
      part("clients"),
    );
    const running = Object.entries(services).map(([service, own]) => {
      const serviceArgs = { ...common, ...own, name: service, hosts: this.clients };
      return [service, new Microservice(`${name}-${service}`, serviceArgs, part(service))] as const;
    });
    this.services = running.map(([, service]) => service);
    this.urls = Object.fromEntries(running.map(([service, { urls }]) => [service, urls]));
    this.registerOutputs({ urls: this.urls });
  }
}
