import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Props } from "../../provider/src/lifecycle/define-resource.ts";
import type { Json } from "../../provider/src/host-program/wire.ts";
import type { Reply } from "./model-host.ts";

/** A resource that is valid, and another valid value for every field of its change table. */
export interface Example {
  /** As a program gives them. */
  readonly inputs: Props;
  /** One other value for each input and each derived field. */
  readonly changes: Props;
  /** What its report gives. */
  readonly outputs?: Readonly<Record<string, Json>>;
  /** What other hosts reply when secrets are fetched. */
  readonly replies?: readonly Reply[];
  /** Parts of these replies that must not leave the hosts. */
  readonly secrets?: readonly string[];
  /** How an artifact may be found, or only some fields of its state, by the start of its title; elsewhere every field is another. */
  readonly drifted?: Readonly<Record<string, Json>>;
}

/** Local files that examples name, in a folder of their own. */
export const fixtures = mkdtempSync(join(tmpdir(), "torocloud-examples-"));

/** To be called when a test file is done with the examples. */
export function removeFixtures(): void {
  rmSync(fixtures, { recursive: true, force: true });
}

export function fixture(name: string, content: string | Uint8Array = name): string {
  const path = join(fixtures, name);
  writeFileSync(path, content);
  return path;
}

/** The first bytes of an x86-64 ELF file, by elf(5). */
export function elf(machine = 62): Buffer {
  const bytes = Buffer.alloc(64);
  bytes.write("\x7fELF", 0, "latin1");
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

/** The first sector and header of a Linux kernel, by its boot protocol. */
export function bzImage(): Buffer {
  const bytes = Buffer.alloc(0x400);
  bytes.writeUInt16LE(0xaa55, 0x1fe);
  bytes.write("HdrS", 0x202, "latin1");
  return bytes;
}

function folder(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(fixtures, name);
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}

const common = { inventory: "hosts.yaml", owner: "organization/project/stack" };
const fsid = "0a9d5c33-9c55-4f0b-8f0e-0c3b8f6b7f10";
const otherFsid = "7c1e2d30-6a44-4e0a-9b53-5f3a2d1c0b9a";
const digest = "0".repeat(64);

function monitorsOf(subnet: string): unknown {
  return [1, 2, 3].map((number) => ({
    name: `node${String(number)}`,
    address: `${subnet}.${String(number)}`,
  }));
}
const monitors = monitorsOf("10.11.12");
const otherMonitors = monitorsOf("10.11.13");

const keyring = `[mon.]
	key = AQBmonmonmonmonmonmonmonmonmonmonmonmo==
	caps mon = "allow *"
[client.admin]
	key = AQBadminadminadminadminadminadminadmina==
[client.bootstrap-osd]
	key = AQBbootbootbootbootbootbootbootbootboot==
`;
const clientKey = "AQBclientclientclientclientclientclientc==";

export const examples = {
  "torocloud:host:Host": {
    inputs: { ...common, host: "node1" },
    changes: { host: "node2" },
    outputs: {
      address: "10.11.12.1",
      debian: "13.1",
      kernel: "6.12.0-1-amd64",
      cpus: 2,
      memoryMiB: 7950,
      cephClient: "fuse",
      vsock: "user",
    },
  },
  "torocloud:host:Packages": {
    inputs: { ...common, host: "node1", name: "storage", packages: ["ceph-osd", "ceph-mon"] },
    changes: { host: "node2", name: "others", packages: ["ceph-osd", "ceph-mon", "g++"] },
    drifted: { packages: { installed: ["ceph-mon"] } },
  },
  "torocloud:ceph:Cluster": {
    inputs: { ...common, host: "node1", monitors },
    changes: { host: "node2", name: "other", monitors: otherMonitors, fsid: otherFsid },
    drifted: { directory: { mode: "700", owner: "root:root" }, keyring: { holds: "other" } },
  },
  "torocloud:ceph:Node": {
    inputs: { ...common, host: "node1", cluster: "ceph", keysFrom: ["node3"], fsid, monitors },
    changes: {
      host: "node2",
      cluster: "other",
      keysFrom: ["node2", "node3"],
      fsid: otherFsid,
      monitors: otherMonitors,
      settings: { osd_pool_default_size: "2" },
    },
    replies: ["node2", "node3"].map((host) => ({ host, query: "ceph.born-keys", result: keyring })),
    secrets: [...keyring.matchAll(/key = (\S+)/g)].map(([, key]) => key ?? ""),
    drifted: { directory: { mode: "700" }, file: { digest } },
  },
  "torocloud:ceph:Monitor": {
    inputs: { ...common, host: "node1", name: "node1", fsid, monitors },
    changes: { host: "node2", name: "node2", fsid: otherFsid, monitors: otherMonitors },
    drifted: { unit: { active: "failed" }, key: { same: false } },
  },
  "torocloud:ceph:Manager": {
    inputs: { ...common, host: "node1", name: "node1" },
    changes: { host: "node2", name: "other" },
    drifted: { unit: { needsReload: true, enabled: "disabled" }, key: { known: null } },
  },
  "torocloud:ceph:Osd": {
    inputs: { ...common, host: "node1", name: "first", fsid, store: { kind: "file", sizeGiB: 2 } },
    changes: {
      host: "node2",
      name: "second",
      fsid: otherFsid,
      store: { kind: "file", sizeGiB: 3 },
      uuid: otherFsid,
    },
    outputs: { number: 4 },
    drifted: { size: { bytes: 1073741824 }, key: { known: null }, weight: { weight: 0 } },
  },
  "torocloud:ceph:MetadataServer": {
    inputs: { ...common, host: "node1", name: "node1" },
    changes: { host: "node2", name: "other" },
    drifted: { key: { known: { same: false, caps: {} } } },
  },
  "torocloud:ceph:FileSystem": {
    inputs: { ...common, hosts: ["node1"], name: "cloud" },
    changes: {
      hosts: ["node2", "node1"],
      name: "other",
      copies: 2,
      metadataPlacementGroups: 16,
      dataPlacementGroups: 64,
    },
    drifted: { pool: { autoscale: "on" }, directory: { is: "x" } },
  },
  "torocloud:ceph:ClientKey": {
    inputs: { ...common, hosts: ["node1"], name: "guests", fileSystem: "cloud" },
    changes: { hosts: ["node2"], name: "other", fileSystem: "other", path: "/below", access: "r" },
  },
  "torocloud:ceph:Mount": {
    inputs: {
      ...common,
      host: "node1",
      name: "cloud",
      keysFrom: ["node3"],
      fsid,
      monitors,
      user: "guests",
      fileSystem: "cloud",
      mountPoint: "/srv/cloud",
      client: "fuse",
    },
    changes: {
      host: "node2",
      name: "other",
      keysFrom: ["node2", "node3"],
      fsid: otherFsid,
      monitors: otherMonitors,
      user: "others",
      fileSystem: "other",
      path: "/below",
      mountPoint: "/srv/other",
      client: "kernel",
      unit: "other.service",
    },
    replies: ["node2", "node3"].map((host) => ({ host, query: "ceph.client-key", result: clientKey })),
    secrets: [clientKey],
  },
  "torocloud:microvm:Hypervisor": {
    inputs: { ...common, host: "node1", vsock: "user", vhostDeviceVsock: fixture("vhost-device-vsock") },
    changes: {
      host: "node2",
      accel: "tcg",
      vsock: "kernel",
      vhostDeviceVsock: fixture("vhost-device-vsock-2"),
      vhostDeviceVsockDigest: digest,
    },
    outputs: { acceleration: "kvm" },
  },
  "torocloud:microvm:Image": {
    inputs: {
      ...common,
      hosts: ["node1"],
      name: "demo",
      storage: "/srv/cloud",
      kernel: fixture("kernel", elf()),
      initramfs: fixture("initramfs"),
    },
    changes: {
      hosts: ["node2"],
      name: "other",
      storage: "/srv/other",
      kernel: fixture("other-kernel", bzImage()),
      initramfs: fixture("other-initramfs"),
      digest,
      kernelPath: "/srv/cloud/images/other/kernel",
      initramfsPath: "/srv/cloud/images/other/initramfs",
    },
    drifted: { files: { digest, changed: ["kernel"] } },
  },
  "torocloud:microvm:SharedFiles": {
    inputs: {
      ...common,
      hosts: ["node1"],
      name: "site",
      storage: "/srv/cloud",
      folder: folder("site", { "index.html": "<h1>Hello</h1>" }),
    },
    changes: {
      hosts: ["node2"],
      name: "other",
      storage: "/srv/other",
      folder: folder("other-site", { "index.html": "<h1>Bye</h1>" }),
      digest,
      path: "/srv/cloud/shares/other",
    },
    drifted: { files: { digest, changed: ["index.html"] } },
  },
  "torocloud:microvm:Share": {
    inputs: {
      ...common,
      hosts: ["node1"],
      name: "site",
      storage: "/srv/cloud",
      source: "/srv/cloud/shares/site",
      ids: { user: 1000, group: 1000 },
      quotaMiB: 100,
    },
    changes: {
      hosts: ["node2"],
      name: "other",
      storage: "/srv",
      source: "/srv/cloud/shares/other",
      readOnly: true,
      cache: "never",
      ids: { user: 1000, group: 100 },
      quotaMiB: 200,
      policy: { source: "/srv/cloud/shares/site", readOnly: true, cache: "never" },
    },
    drifted: { directory: { owner: "0:0" }, quota: { bytes: 1048576 } },
  },
  "torocloud:microvm:Guest": {
    inputs: {
      ...common,
      host: "node1",
      name: "web",
      kernel: "/srv/cloud/images/demo/kernel",
      shares: [{ tag: "site", share: { source: "/srv/cloud/shares/site" } }],
      accel: "kvm",
      vsock: "kernel",
      mountUnit: "torocloud-mount-cloud.service",
      ready: { port: 80, path: "/" },
    },
    changes: {
      host: "node2",
      name: "other",
      kernel: "/srv/cloud/images/other/kernel",
      initramfs: "/srv/cloud/images/other/initramfs",
      preset: "toro",
      memoryMiB: 256,
      cpus: 2,
      cpuAffinity: [0, 1],
      commandLine: "debug",
      machineOptions: { pic: "on" },
      shares: [{ tag: "site", share: { source: "/srv/cloud/shares/other", readOnly: true, cache: "never" } }],
      shareNames: { site: "shop.site" },
      accel: "tcg",
      vsock: "user",
      contextId: 4242,
      mountUnit: "other.service",
      turn: "web",
      ready: { port: 81, timeoutSeconds: 30 },
      unit: "other.service",
      console: "/var/log/other",
    },
    drifted: { virtiofsd: { serves: "another" } },
  },
  "torocloud:microvm:PortForward": {
    inputs: {
      ...common,
      host: "node1",
      listenPort: 8080,
      guest: "web",
      guestPort: 80,
      vsock: "kernel",
      contextId: 42,
    },
    changes: {
      host: "node2",
      listenPort: 8081,
      listenAddress: "127.0.0.1",
      guest: "other",
      guestPort: 81,
      vsock: "user",
      contextId: 43,
    },
  },
} as const satisfies Record<string, Example>;
