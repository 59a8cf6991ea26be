import { isIP } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { addressOf } from "./address.ts";
import {
  ClientKey,
  Cluster,
  FileSystem,
  Manager,
  MetadataServer,
  Monitor,
  Node,
  Osd,
  type ManagerArgs,
} from "./ceph.ts";
import type { Timeouts } from "./cloud-resource.ts";
import { given, type Given } from "./given.ts";
import { Packages } from "./host.ts";
import { machine } from "./machine.ts";
import { expectWholeNumber } from "./whole-number.ts";
import { formerly, within } from "./within.ts";

export interface CephClusterArgs {
  /** What the cluster, its file system and its clients' key are called on the nodes. Default: the component's name. */
  readonly name?: string;
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
  /** How many seconds each phase of an operation may take, for each of its resources. */
  readonly timeouts?: pulumi.Input<Timeouts>;
}

const packages = ["ceph-mon", "ceph-mgr", "ceph-osd", "ceph-mds", "ceph-common", "python3-cephfs"];

/** A Ceph cluster with one CephFS file system, and the key with which client hosts mount it. */
export class CephCluster extends pulumi.ComponentResource {
  /** The cluster's identity. */
  readonly fsid: pulumi.Output<string>;
  /** Name and address of each monitor. */
  readonly monitors: readonly { readonly name: string; readonly address: string }[];
  /** Its nodes: the cluster is managed through any that has quorum, which hands out keys too. */
  readonly nodes: readonly string[];
  readonly fileSystem: FileSystem;
  readonly clientKey: ClientKey;
  readonly #name: string;
  readonly #common: Given<Pick<CephClusterArgs, "timeouts">>;

  constructor(name: string, args: CephClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:CephCluster", name, {}, opts);
    const { nodes, addresses = {}, copies = 3, name: cephName = name } = args;
    const max = Math.max(1, nodes.length);
    expectWholeNumber({ component: name, field: "managers", value: args.managers ?? 1, max });
    expectWholeNumber({ component: name, field: "metadataServers", value: args.metadataServers ?? 1, max });
    const [first = ""] = nodes;
    this.nodes = nodes;
    this.#name = name;
    const common = given({ timeouts: args.timeouts });
    this.#common = common;
    this.monitors = nodes.map((node) => ({ name: node, address: addresses[node] ?? ipAddressOf(node) }));

    const installed = nodes.map((node) => {
      const host = machine({ host: node, component: this, name, common });
      const args = { host: node, name: "ceph", packages, ...common };
      return new Packages(...this.#on(node, "ceph", args, host));
    });
    const { monitors } = this;
    const named = { name: cephName, ...common };
    const cluster = new Cluster(name, { host: first, ...named, monitors }, within(this, ...installed));
    this.fsid = cluster.fsid;
    const quorum = this.#monitors(cluster, args);
    const serving = this.#daemons(quorum, args);
    this.fileSystem = new FileSystem(
      `${name}-fs`,
      { hosts: nodes, ...named, copies },
      within(this, ...serving),
    );
    this.clientKey = new ClientKey(
      `${name}-key`,
      { hosts: nodes, ...named, fileSystem: this.fileSystem.name, path: "/torocloud" },
      within(this, this.fileSystem),
    );
    this.registerOutputs({ fsid: this.fsid });
  }

  /** All nodes join before the first monitor starts, so that they find each other at once. */
  #monitors(cluster: Cluster, { nodes, settings = {} }: CephClusterArgs): Monitor[] {
    const { fsid, monitors } = this;
    const membership = { cluster: cluster.name, keysFrom: nodes, fsid, monitors, settings };
    const members = nodes.map(
      (node) =>
        new Node(...this.#on(node, "member", { host: node, ...membership, ...this.#common }, cluster)),
    );
    const monitor = { fsid, monitors, ...this.#common };
    return nodes.map(
      (node) => new Monitor(...this.#on(node, "mon", { host: node, name: node, ...monitor }, ...members)),
    );
  }

  /** The daemons that the quorum knows; gives those that a file system needs. */
  #daemons(quorum: Monitor[], args: CephClusterArgs): pulumi.Resource[] {
    const { nodes, store = { kind: "file", sizeGiB: 10 }, managers = 2, metadataServers = 2 } = args;
    const osd = { name: "osd", fsid: this.fsid, store, ...this.#common };
    const named = (node: string): ManagerArgs => ({ host: node, name: node, ...this.#common });
    for (const node of nodes.slice(0, managers))
      new Manager(...this.#on(node, "mgr", named(node), ...quorum));
    return [
      ...nodes.map((node) => new Osd(...this.#on(node, "osd", { host: node, ...osd }, ...quorum))),
      ...nodes
        .slice(0, metadataServers)
        .map((node) => new MetadataServer(...this.#on(node, "mds", named(node), ...quorum))),
    ];
  }

  /** Name, arguments and options of what a node has, `part` being what it is. */
  #on<Args>(
    node: string,
    part: string,
    args: Args,
    ...after: readonly pulumi.Resource[]
  ): [string, Args, pulumi.CustomResourceOptions] {
    const opts = { ...within(this, ...after), ...formerly(`${node}-${part}`) };
    return [`${this.#name}-${node}-${part}`, args, opts];
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
