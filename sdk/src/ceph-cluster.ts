import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { ClientKey, Cluster, FileSystem, Manager, MetadataServer, Monitor, Node, Osd } from "./ceph.ts";
import { Host, Packages } from "./host.ts";
import { addressOf } from "./settings.ts";
import { expectWholeNumber } from "./whole-number.ts";
import { within } from "./within.ts";

export interface CephClusterArgs {
  /** Hosts of the inventory, an odd number of three or more. Each runs a monitor and an OSD. */
  readonly nodes: readonly string[];
  /** The nodes' addresses, where the inventory has a DNS name or an address that the other nodes cannot reach. */
  readonly addresses?: Readonly<Record<string, string>>;
  /** What each node's OSD keeps its data on. Default: a file of 10 GiB. */
  readonly store?: { readonly kind: "file"; readonly sizeGiB: number };
  /** How many nodes run a manager; all but one stand by. Default: 2. */
  readonly managers?: number;
  /** How many nodes run a metadata server; all but one stand by. Default: 2. */
  readonly metadataServers?: number;
  /** How many OSDs hold each piece of data. Default: 3. */
  readonly copies?: number;
  /** Options of ceph.conf beside those for small nodes. */
  readonly settings?: Readonly<Record<string, string>>;
}

const packages = ["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "ceph-common", "python3-cephfs"];

/** A Ceph cluster with one CephFS file system, and the key with which client hosts mount it. */
export class CephCluster extends pulumi.ComponentResource {
  /** The cluster's identity. */
  readonly fsid: pulumi.Output<string>;
  /** Name and address of each monitor. */
  readonly monitors: readonly { readonly name: string; readonly address: string }[];
  /** The node through which the cluster is managed. */
  readonly managedFrom: string;
  /** All nodes: any of them hands out keys. */
  readonly nodes: readonly string[];
  readonly fileSystem: FileSystem;
  readonly clientKey: ClientKey;

  constructor(name: string, args: CephClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:CephCluster", name, {}, opts);
    const { nodes, addresses = {}, copies = 3 } = args;
    const max = Math.max(1, nodes.length);
    expectWholeNumber({ component: name, field: "managers", value: args.managers ?? 1, max });
    expectWholeNumber({ component: name, field: "metadataServers", value: args.metadataServers ?? 1, max });
    const [first = ""] = nodes;
    this.managedFrom = first;
    this.nodes = nodes;
    this.monitors = nodes.map((node) => ({ name: node, address: addresses[node] ?? ipAddressOf(node) }));

    const installed = nodes.map((node) => {
      const host = new Host(node, { host: node }, within(this));
      return new Packages(`${node}-ceph`, { host: node, name: "ceph", packages }, within(this, host));
    });
    const { monitors } = this;
    const cluster = new Cluster(name, { host: first, name, monitors }, within(this, ...installed));
    this.fsid = cluster.fsid;
    const quorum = this.#monitors(cluster, args);
    const serving = this.#daemons(quorum, args);
    this.fileSystem = new FileSystem(`${name}-fs`, { host: first, name, copies }, within(this, ...serving));
    this.clientKey = new ClientKey(
      `${name}-key`,
      { host: first, name, fileSystem: this.fileSystem.name, path: "/torocloud" },
      within(this, this.fileSystem),
    );
    this.registerOutputs({ fsid: this.fsid });
  }

  /** All nodes join before the first monitor starts, so that they find each other at once. */
  #monitors(cluster: Cluster, { nodes, settings = {} }: CephClusterArgs): Monitor[] {
    const { fsid, monitors, nodes: keysFrom } = this;
    const membership = { cluster: cluster.name, keysFrom: [...keysFrom], fsid, monitors, settings };
    const members = nodes.map(
      (node) => new Node(`${node}-member`, { host: node, ...membership }, within(this, cluster)),
    );
    return nodes.map(
      (node) =>
        new Monitor(`${node}-mon`, { host: node, name: node, fsid, monitors }, within(this, ...members)),
    );
  }

  /** The daemons that the quorum knows; gives those that a file system needs. */
  #daemons(quorum: Monitor[], args: CephClusterArgs): pulumi.Resource[] {
    const { nodes, store = { kind: "file", sizeGiB: 10 }, managers = 2, metadataServers = 2 } = args;
    const { fsid } = this;
    const after = within(this, ...quorum);
    for (const node of nodes.slice(0, managers))
      new Manager(`${node}-mgr`, { host: node, name: node }, after);
    return [
      ...nodes.map((node) => new Osd(`${node}-osd`, { host: node, name: "osd", fsid, store }, after)),
      ...nodes
        .slice(0, metadataServers)
        .map((node) => new MetadataServer(`${node}-mds`, { host: node, name: node }, after)),
    ];
  }
}

function ipAddressOf(node: string): string {
  const address = addressOf(node);
  if (isIP(address) === 0) {
    throw new pulumi.RunError(
      `the inventory reaches ${node} at "${address}"; monitors need an IP address: give it in addresses: { ${JSON.stringify(node)}: "..." }`,
    );
  }
  return address;
}
