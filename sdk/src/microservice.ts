import * as pulumi from "@pulumi/pulumi";
import type { ClientHost, ClientHosts } from "./client-hosts.ts";
import { Guest, Image, PortForward, Share, SharedFiles, type GuestArgs } from "./microvm.ts";
import { addressOf } from "./settings.ts";
import { expectWholeNumber } from "./whole-number.ts";
import { within } from "./within.ts";

export interface MicroserviceArgs {
  /** Where its replicas run, one host after the other. */
  readonly hosts: ClientHosts;
  /** What its guests boot: local files, uploaded to CephFS. */
  readonly image: {
    /** An x86-64 ELF (a unikernel, or a vmlinux with a PVH note) or a bzImage. */
    readonly kernel: string;
    /** The initial file system of a Linux kernel. */
    readonly initramfs?: string;
  };
  /** A local folder, kept on CephFS, which every replica sees through virtio-fs. */
  readonly files?: string;
  /** The tag by which a guest mounts it. Default: `"site"`. */
  readonly tag?: string;
  /** How many guests. Default: 1. */
  readonly replicas?: number;
  /** The TCP port on each host; a second replica on the same host gets the next one. */
  readonly port: number;
  /** The vsock port that the service listens on in the guest. Default: 80. */
  readonly guestPort?: number;
  /** A path to GET there, to tell that it serves. Without it, an accepted connection is enough. */
  readonly readyPath?: string;
  /** Machine options and kernel command line to start from. Default: `"linux"`. */
  readonly preset?: "linux" | "toro";
  /** A guest's memory in MiB. Default: 128. */
  readonly memoryMiB?: number;
  /** A guest's virtual processors. Default: 1. */
  readonly cpus?: number;
  /** Added to each guest's kernel command line. */
  readonly commandLine?: string;
}

/** A service as guests: replicas over hosts, each with its share and its port. */
export class Microservice extends pulumi.ComponentResource {
  readonly guests: readonly Guest[];
  /** Where each replica answers. */
  readonly urls: readonly string[];

  constructor(name: string, args: MicroserviceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("torocloud:index:Microservice", name, {}, opts);
    const { hosts, image: source, files: folder, replicas = 1 } = args;
    const first = hosts.hosts[0];
    if (!first) throw new pulumi.RunError(`${name}: hosts has no hosts; expected one at least`);
    expectWholeNumber({ component: name, field: "replicas", value: replicas });
    const upload = { host: first.name, name, storage: hosts.storage };
    const uploaded = within(this, first.mount);
    const image = new Image(`${name}-image`, { ...upload, ...source }, uploaded);
    const files =
      folder === undefined ? undefined : new SharedFiles(`${name}-files`, { ...upload, folder }, uploaded);

    const parts = Array.from({ length: replicas }, (_, index) => {
      const host = hosts.hosts[index % hosts.hosts.length] ?? first;
      const port = args.port + Math.floor(index / hosts.hosts.length);
      return this.#replica({ name: `${name}-${String(index)}`, host, port, image, files, args });
    });
    this.guests = parts.map(({ guest }) => guest);
    this.urls = parts.map(({ url }) => url);
    this.registerOutputs({ urls: this.urls });
  }

  #replica({ name, host, port, image, files, args }: Replica): { guest: Guest; url: string } {
    const { mount, hypervisor } = host;
    const { guestPort = 80, tag = "site" } = args;
    const common = { host: host.name, mountUnit: mount.unit };
    const share =
      files &&
      new Share(
        `${name}-share`,
        { ...common, name, storage: mount.mountPoint, source: files.path },
        within(this, mount, files, hypervisor),
      );
    const guest = new Guest(
      name,
      {
        ...common,
        name,
        kernel: image.kernelPath,
        initramfs: image.initramfsPath as GuestArgs["initramfs"] & pulumi.Output<string>,
        ...given({
          preset: args.preset,
          memoryMiB: args.memoryMiB,
          cpus: args.cpus,
          commandLine: args.commandLine,
        }),
        shares: share ? [{ share: share.name, tag }] : [],
        accel: hypervisor.acceleration,
        vsock: hypervisor.vsock,
        ready: { port: guestPort, ...given({ path: args.readyPath }) },
      },
      within(this, image, mount, hypervisor, ...(share ? [share] : [])),
    );
    const { vsock, contextId } = guest;
    new PortForward(
      `${name}-forward`,
      { host: host.name, listenPort: port, guest: guest.name, guestPort, vsock, contextId },
      within(this, guest),
    );
    return { guest, url: `http://${addressOf(host.name)}:${String(port)}/` };
  }
}

interface Replica {
  readonly name: string;
  readonly host: ClientHost;
  readonly port: number;
  readonly image: Image;
  readonly files: SharedFiles | undefined;
  readonly args: MicroserviceArgs;
}

type Given<Values> = { [Field in keyof Values]?: Exclude<Values[Field], undefined> };

/** The fields that have a value. */
function given<Values extends object>(values: Values): Given<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Given<Values>;
}
