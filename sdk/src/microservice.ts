import * as pulumi from "@pulumi/pulumi";
import type { ClientHost, ClientHosts } from "./client-hosts.ts";
import { urlOf } from "./address.ts";
import type { Timeouts } from "./cloud-resource.ts";
import { given } from "./given.ts";
import { Guest, Image, PortForward, Share, SharedFiles, type GuestArgs } from "./microvm.ts";
import { expectWholeNumber } from "./whole-number.ts";
import { within } from "./within.ts";

export interface MicroserviceArgs {
  /** What its image, files and guests are called on the hosts: `name`, `name-0`, `name-1`. Default: the component's name. */
  readonly name?: string;
  /** Where its replicas run, one host after the other. */
  readonly hosts: ClientHosts;
  /** What its guests boot: local files, uploaded to CephFS. */
  readonly image: {
    /** An x86-64 ELF (a unikernel, or a vmlinux with a PVH note) or a bzImage. */
    readonly kernel: string;
    /** The initial file system of a Linux kernel. */
    readonly initramfs?: string;
  };
  /**
   * A local folder, kept on CephFS, which every replica sees through virtio-fs. Locks are each guest's own: two guests that lock
   * one file of it both get the lock, so what relies on locks needs a single replica.
   */
  readonly files?: string;
  /** The tag by which a guest mounts it. Default: `"site"`. */
  readonly tag?: string;
  /** How many guests. Default: 1. A lock on one of their shared files keeps no other replica out. */
  readonly replicas?: number;
  /** The TCP port on each host; a second replica on the same host gets the next one. Without it nothing is forwarded. */
  readonly port?: number;
  /** The vsock port that the service listens on in the guest. Default: 80 where something is forwarded or asked for. */
  readonly guestPort?: number;
  /**
   * A path to GET there, to tell that it serves. Without it, an accepted connection is enough; without a port too, that its
   * process runs.
   */
  readonly readyPath?: string;
  /** Machine options and kernel command line to start from. Default: `"linux"`. */
  readonly preset?: "linux" | "toro";
  /** A guest's memory in MiB. Default: 128. */
  readonly memoryMiB?: number;
  /** A guest's virtual processors. Default: 1. */
  readonly cpus?: number;
  /** Added to each guest's kernel command line. */
  readonly commandLine?: string;
  /** The vsock addresses of its guests, one for each replica. Derived when left out. */
  readonly contextIds?: readonly number[];
  /** How many seconds each phase of an operation may take, for each of its resources; `waitSeconds` is how long a guest may take until it serves. */
  readonly timeouts?: pulumi.Input<Timeouts>;
}

/** A service as guests: replicas over hosts, each with its port, and all with the same files. */
export class Microservice extends pulumi.ComponentResource {
  readonly guests: readonly Guest[];
  /** Where each replica answers; empty without a port. */
  readonly urls: readonly string[];

  constructor(name: string, args: MicroserviceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:Microservice", name, {}, opts);
    const { hosts, image: source, files: folder, replicas = 1, timeouts } = args;
    const first = hosts.hosts[0];
    if (!first) throw new pulumi.RunError(`${name}: hosts has no hosts; expected one at least`);
    expectWholeNumber({ component: name, field: "replicas", value: replicas });
    expectContextIds(name, hosts.hosts, args);
    const common = given({ timeouts });
    const stored = {
      hosts: hosts.hosts.map((host) => host.name),
      name: args.name ?? name,
      storage: hosts.storage,
      ...common,
    };
    const mounted = within(this, ...hosts.hosts.map(({ mount }) => mount));
    const image = new Image(`${name}-image`, { ...stored, ...source }, mounted);
    const files =
      folder === undefined ? undefined : new SharedFiles(`${name}-files`, { ...stored, folder }, mounted);
    const share = files && new Share(`${name}-share`, { ...stored, source: files.path }, within(this, files));

    const parts = Array.from({ length: replicas }, (_, index) => {
      const host = hosts.hosts[index % hosts.hosts.length] ?? first;
      const port = args.port === undefined ? undefined : args.port + Math.floor(index / hosts.hosts.length);
      const service = args.name ?? name;
      const names = { declaredAs: `${name}-${String(index)}`, service, name: `${service}-${String(index)}` };
      return this.#replica({ ...names, host, port, image, share, args, contextId: args.contextIds?.[index] });
    });
    this.guests = parts.map(({ guest }) => guest);
    this.urls = parts.flatMap(({ url }) => url ?? []);
    this.registerOutputs({ urls: this.urls });
  }

  #replica(replica: Replica): { guest: Guest; url: string | undefined } {
    const { declaredAs, host, port, image, share, args } = replica;
    const { mount, hypervisor } = host;
    const { tag = "site" } = args;
    const common = { host: host.name, ...given({ timeouts: args.timeouts }) };
    const guest = new Guest(
      declaredAs,
      {
        ...common,
        ...guestArgs(replica),
        mountUnit: mount.unit,
        shares: share ? [{ tag, share: share.policy }] : [],
        accel: hypervisor.acceleration,
        vsock: hypervisor.vsock,
      },
      within(this, image, mount, hypervisor, ...(share ? [share] : [])),
    );
    if (port === undefined) return { guest, url: undefined };
    const { vsock, contextId } = guest;
    new PortForward(
      `${declaredAs}-forward`,
      { ...common, listenPort: port, guest: guest.name, guestPort: args.guestPort ?? 80, vsock, contextId },
      within(this, guest),
    );
    return { guest, url: urlOf(host.name, port) };
  }
}

/** What a guest is apart from where it runs. */
function guestArgs({ name, service, port, image, args, contextId }: Replica): Omit<GuestArgs, Placement> {
  const { preset, memoryMiB, cpus, commandLine, guestPort, readyPath, replicas = 1 } = args;
  const isAsked = [port, guestPort, readyPath].some((value) => value !== undefined);
  return {
    name,
    kernel: image.kernelPath,
    // An output that is there or not is not known in a preview; whether the image has one is.
    ...(args.image.initramfs !== undefined && { initramfs: image.initramfsPath }),
    ...given({ preset, memoryMiB, cpus, commandLine, contextId, turn: replicas > 1 ? service : undefined }),
    ...(isAsked && { ready: { port: guestPort ?? 80, ...given({ path: readyPath }) } }),
  };
}

type Placement = "host" | "mountUnit" | "accel" | "vsock";

interface Replica {
  /** Its name in the program. */
  readonly declaredAs: string;
  /** The service's name on the hosts. */
  readonly service: string;
  /** Its name on its host. */
  readonly name: string;
  readonly host: ClientHost;
  readonly port: number | undefined;
  readonly image: Image;
  readonly share: Share | undefined;
  readonly args: MicroserviceArgs;
  readonly contextId: number | undefined;
}

/** Stops the program unless there is one context id for each replica, and no host has one twice. */
function expectContextIds(component: string, hosts: readonly ClientHost[], args: MicroserviceArgs): void {
  const { contextIds, replicas = 1, name = component } = args;
  if (contextIds === undefined) return;
  if (contextIds.length !== replicas) {
    const entries = contextIds.length === 1 ? "1 entry" : `${String(contextIds.length)} entries`;
    throw new pulumi.RunError(
      `${component}: contextIds has ${entries}; expected ${String(replicas)}, one for each replica`,
    );
  }
  contextIds.forEach((contextId, index) => {
    const isTwin = (at: number): boolean => contextIds[at] === contextId && (index - at) % hosts.length === 0;
    const twin = Array.from({ length: index }, (_, at) => at).find(isTwin);
    if (twin === undefined) return;
    const host = hosts[index % hosts.length]?.name ?? "";
    throw new pulumi.RunError(
      `${component}: contextIds gives ${String(contextId)} to ${name}-${String(twin)} and ${name}-${String(index)} on ${host}; expected one of its own for each guest of a host`,
    );
  });
}
