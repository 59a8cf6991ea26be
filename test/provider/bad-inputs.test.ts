import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Props } from "../../provider/src/lifecycle/define-resource.ts";
import { lifecycleOf } from "../../provider/src/lifecycle/lifecycle.ts";
import { registry } from "../../provider/src/registry.ts";
import { elf, examples, fixture, fixtures, removeFixtures } from "./examples.ts";
import { FakeFleet } from "./fake-host.ts";

type Type = keyof typeof examples;

/** A resource, what is changed in its good example, the property that is to be named, and words of the expectation. */
type Row = readonly [type: Type, change: Props, property: string, expected: string];

const host = "torocloud:host:Host";
const packages = "torocloud:host:Packages";
const cluster = "torocloud:ceph:Cluster";
const node = "torocloud:ceph:Node";
const monitor = "torocloud:ceph:Monitor";
const osd = "torocloud:ceph:Osd";
const fileSystem = "torocloud:ceph:FileSystem";
const clientKey = "torocloud:ceph:ClientKey";
const mount = "torocloud:ceph:Mount";
const hypervisor = "torocloud:microvm:Hypervisor";
const image = "torocloud:microvm:Image";
const files = "torocloud:microvm:SharedFiles";
const share = "torocloud:microvm:Share";
const guest = "torocloud:microvm:Guest";
const forward = "torocloud:microvm:PortForward";

const name = "lower-case letters";
const path = "absolute path";
const port = "a port, 1 to 65535";
const uuid = "a UUID";
const address = "IPv4 or IPv6";

const good = examples[cluster].inputs.monitors as readonly Props[];
const [first = {}, second = {}] = good;

function folderWith(label: string, make: (folder: string) => void): string {
  const folder = join(fixtures, label);
  mkdirSync(folder);
  make(folder);
  return folder;
}
const withLink = folderWith("with-link", (folder) => {
  symlinkSync("/etc/passwd", join(folder, "link"));
});
const withManifest = folderWith("with-manifest", (folder) => {
  writeFileSync(join(folder, ".torocloud-manifest"), "{}");
});

const rows: readonly Row[] = [
  // Hosts and what all resources have
  [host, { host: "node9" }, "host", "a host of hosts.yaml: node1, node2, node3"],
  [host, { host: "NODE1" }, "host", "a host of hosts.yaml"],
  [host, { host: "node1; reboot" }, "host", "a host of hosts.yaml"],
  [host, { host: "" }, "host", "the name of a host of the inventory"],
  [host, { onDelete: "destroy" }, "onDelete", "keepData"],
  [host, { inventory: "" }, "inventory", ""],
  [host, { owner: "" }, "owner", ""],
  [node, { keysFrom: "node4" }, "keysFrom", "a host of hosts.yaml"],
  [mount, { keysFrom: "nowhere" }, "keysFrom", "a host of hosts.yaml"],

  // Names: what a shell, systemd, DNS or a path would read
  [guest, { name: "" }, "name", name],
  [guest, { name: "Web" }, "name", name],
  [guest, { name: "web server" }, "name", name],
  [guest, { name: "web;reboot" }, "name", name],
  [guest, { name: "$(reboot)" }, "name", name],
  [guest, { name: "`reboot`" }, "name", name],
  [guest, { name: "web%n" }, "name", name],
  [guest, { name: "web@1" }, "name", name],
  [guest, { name: "../web" }, "name", name],
  [guest, { name: "web/0" }, "name", name],
  [guest, { name: "web.0" }, "name", name],
  [guest, { name: "web\n" }, "name", name],
  [guest, { name: "-web" }, "name", name],
  [guest, { name: "web-" }, "name", name],
  [guest, { name: "0web" }, "name", name],
  [guest, { name: "wéb" }, "name", name],
  [guest, { name: "x".repeat(41) }, "name", "at most 40 characters"],
  [share, { name: "a b" }, "name", name],
  [forward, { guest: "web'" }, "guest", name],
  [packages, { name: "Storage" }, "name", name],

  // Packages
  [packages, { packages: [] }, "packages", "at least one package"],
  [packages, { packages: ["ceph", "ceph; reboot"] }, "packages.1", "the name of a Debian package"],
  [packages, { packages: ["--reinstall"] }, "packages.0", "the name of a Debian package"],
  [packages, { packages: ["Ceph"] }, "packages.0", "the name of a Debian package"],

  // Clusters
  [cluster, { monitors: [] }, "monitors", "at least one monitor"],
  [cluster, { monitors: good.slice(0, 1) }, "monitors", "an odd number of monitors, three or more"],
  [cluster, { monitors: good.slice(0, 2) }, "monitors", "an odd number of monitors, three or more"],
  [cluster, { monitors: [...good, { name: "node4", address: "10.11.12.4" }] }, "monitors", "an odd number"],
  [
    cluster,
    { monitors: [...good.slice(0, 2), { ...first, address: "10.0.0" }] },
    "monitors.2.address",
    address,
  ],
  [
    cluster,
    { monitors: [...good.slice(0, 2), { ...first, address: "node3" }] },
    "monitors.2.address",
    address,
  ],
  [
    cluster,
    { monitors: [...good.slice(0, 2), { ...first, address: "10.0.0.1/24" }] },
    "monitors.2.address",
    address,
  ],
  [cluster, { monitors: [...good.slice(0, 2), { ...first, name: "No de" }] }, "monitors.2.name", name],
  [cluster, { fsid: "not-a-uuid" }, "fsid", uuid],
  [node, { fsid: "0a9d5c33" }, "fsid", uuid],
  [monitor, { name: "node9" }, "name", "one of the monitors: node1, node2, node3"],
  [osd, { store: { kind: "file", sizeGiB: 1 } }, "store.sizeGiB", "a whole number of GiB, 2 or more"],
  [osd, { store: { kind: "file", sizeGiB: 2.5 } }, "store.sizeGiB", "a whole number of GiB"],
  [osd, { store: { kind: "file", sizeGiB: "10" } }, "store.sizeGiB", "a whole number of GiB"],
  [osd, { store: { kind: "disk", sizeGiB: 10 } }, "store.kind", ""],
  [osd, { store: { kind: "file", sizeGiB: 10, path: "/x" } }, "store.path", ""],
  [osd, { store: "file" }, "store", ""],
  [fileSystem, { copies: 0 }, "copies", "a whole number of copies, 1 to 10"],
  [fileSystem, { copies: 11 }, "copies", "a whole number of copies, 1 to 10"],
  [fileSystem, { dataPlacementGroups: -8 }, "dataPlacementGroups", "a whole number of placement groups"],
  [fileSystem, { metadataPlacementGroups: NaN }, "metadataPlacementGroups", "a whole number"],
  [clientKey, { path: "below" }, "path", path],
  [clientKey, { path: "/a/../b" }, "path", "a path without . and .."],
  [clientKey, { path: "/a, allow *" }, "path", path],
  [clientKey, { access: "w" }, "access", '"rw" or "r"'],
  [mount, { mountPoint: "/srv/my cloud" }, "mountPoint", path],
  [mount, { mountPoint: "/srv/%H" }, "mountPoint", path],
  [mount, { mountPoint: "/srv/cloud/" }, "mountPoint", path],
  [mount, { client: "nfs" }, "client", '"kernel" or "fuse"'],
  [mount, { monitors: [{ ...second, address: "fd00::g" }] }, "monitors.0.address", address],

  // Local files
  [hypervisor, { accel: "hvf" }, "accel", '"auto", "kvm" or "tcg"'],
  [hypervisor, { vhostDeviceVsock: undefined }, "vhostDeviceVsock", "cargo install vhost-device-vsock"],
  [hypervisor, { vhostDeviceVsock: "/no/such/program" }, "vhostDeviceVsock", "which does not exist"],
  [hypervisor, { vhostDeviceVsock: fixtures }, "vhostDeviceVsock", "which is not a file"],
  [image, { kernel: "/no/such/kernel" }, "kernel", "which does not exist; expected a file"],
  [image, { kernel: fixtures }, "kernel", "which is not a file; expected a file"],
  [image, { kernel: fixture("script", "#!/bin/sh\n") }, "kernel", "neither an x86-64 ELF nor a bzImage"],
  [image, { kernel: fixture("empty", "") }, "kernel", "neither an x86-64 ELF nor a bzImage"],
  [image, { kernel: fixture("arm", elf(183)) }, "kernel", "neither an x86-64 ELF nor a bzImage"],
  [image, { initramfs: "/no/such/initramfs" }, "initramfs", "which does not exist; expected a file"],
  [image, { storage: "srv/cloud" }, "storage", path],
  [files, { folder: "/no/such/folder" }, "folder", "which does not exist; expected a folder of files"],
  [files, { folder: fixture("no-folder") }, "folder", "which is not a folder; expected a folder of files"],
  [files, { folder: withLink }, "folder", "which holds link, which is neither a file nor a folder"],

  // Guests and what belongs to them
  [share, { source: "/srv/elsewhere" }, "source", "a directory below /srv/cloud"],
  [share, { source: "/srv/cloud" }, "source", "a directory below /srv/cloud"],
  [share, { source: "/srv/cloud-too/x" }, "source", "a directory below /srv/cloud"],
  [share, { source: "/srv/cloud/../../etc" }, "source", "a path without . and .."],
  [share, { source: "/srv/cloud/a b" }, "source", path],
  [share, { readOnly: "yes" }, "readOnly", "true or false"],
  [share, { cache: "sometimes" }, "cache", '"never", "metadata", "auto" or "always"'],
  [guest, { memoryMiB: 15 }, "memoryMiB", "a whole number of MiB, 16 to 1048576"],
  [guest, { memoryMiB: 128.5 }, "memoryMiB", "a whole number of MiB"],
  [guest, { memoryMiB: "128" }, "memoryMiB", "a whole number of MiB"],
  [guest, { memoryMiB: 2_000_000 }, "memoryMiB", "a whole number of MiB"],
  [guest, { cpus: 0 }, "cpus", "a whole number of processors, 1 to 255"],
  [guest, { cpuAffinity: [0, -1] }, "cpuAffinity.1", "a whole number of processor"],
  [guest, { kernel: "images/kernel" }, "kernel", path],
  [guest, { initramfs: "/a/./b" }, "initramfs", "a path without . and .."],
  [guest, { preset: "windows" }, "preset", '"linux" or "toro"'],
  [guest, { commandLine: "two\nlines" }, "commandLine", "printable ASCII on one line"],
  [guest, { commandLine: "x".repeat(2001) }, "commandLine", "2000"],
  [guest, { shares: [{ share: "a", tag: "has space" }] }, "shares.0.tag", "1 to 36 letters"],
  [guest, { shares: [{ share: "a", tag: "x".repeat(37) }] }, "shares.0.tag", "1 to 36 letters"],
  [guest, { shares: ["a", "b"].map((one) => ({ share: one, tag: "same" })) }, "shares", "each tag once"],
  [guest, { shares: [{ share: "a", tag: "t", readOnly: true }] }, "shares.0.readOnly", ""],
  [guest, { accel: "auto" }, "accel", '"kvm" or "tcg"'],
  [guest, { vsock: "none" }, "vsock", '"kernel" or "user"'],
  [guest, { contextId: 2 }, "contextId", "a whole number of context identifier, 3 to 4294967294"],
  [guest, { contextId: 4_294_967_295 }, "contextId", "3 to 4294967294"],
  [guest, { ready: { port: 0 } }, "ready.port", port],
  [guest, { ready: { port: 80, path: "health" } }, "ready.path", "a path that starts with /"],
  [guest, { ready: { port: 80, path: "/a b\r\nX: y" } }, "ready.path", "a path that starts with /"],
  [
    guest,
    { ready: { port: 80, timeoutSeconds: 0 } },
    "ready.timeoutSeconds",
    "a whole number of seconds, 1 to 3600",
  ],
  [guest, { ready: { port: 80, every: 1 } }, "ready.every", ""],
  [forward, { listenPort: 0 }, "listenPort", port],
  [forward, { listenPort: 65_536 }, "listenPort", port],
  [forward, { listenPort: 80.5 }, "listenPort", port],
  [forward, { listenPort: "80" }, "listenPort", port],
  [forward, { guestPort: -1 }, "guestPort", port],
  [forward, { guestPort: null }, "guestPort", port],
  [forward, { listenAddress: "localhost" }, "listenAddress", address],
  [forward, { listenAddress: "300.0.0.1" }, "listenAddress", address],
  [forward, { contextId: 0 }, "contextId", "context identifier, 3 to"],
  [node, { settings: { "osd pool": "1" } }, "settings.osd pool", "the name of a Ceph option"],
  [
    guest,
    { machineOptions: { "pic=off,x": "on" } },
    "machineOptions.pic=off,x",
    "the name of a machine option",
  ],
  [guest, { machineOptions: { pic: "o\nff" } }, "machineOptions.pic", "expected"],
  [node, { settings: { osd_x: "a\nb" } }, "settings.osd_x", "expected"],
  // A unit's name, and nothing holds anyone from writing more of the unit than that.
  [guest, { mountUnit: "x.service\nExecStartPre=/bin/sh" }, "mountUnit", "a systemd service or mount unit"],
  [share, { mountUnit: "" }, "mountUnit", "a systemd service or mount unit"],
  // The same monitor twice is no majority.
  [cluster, { monitors: [first, first, first] }, "monitors", "once"],
  // The same share twice: the second device would wait for a socket that serves one client.
  [guest, { shares: ["t", "u"].map((tag) => ({ share: "same", tag })) }, "shares", "once"],
  // A folder that was once synced would have its manifest overwritten, and drift for ever.
  [files, { folder: withManifest }, "folder", ".torocloud-manifest"],
  [mount, { mountPoint: "/" }, "mountPoint", "expected"],
];

afterAll(removeFixtures);

function problemsOf([type, change]: Row): readonly { property: string; reason: string }[] {
  const resource = registry.get(type);
  if (!resource) throw new Error(`${type} is not in the registry`);
  const example = examples[type];
  const fleet = new FakeFleet(resource, {});
  return lifecycleOf(fleet.resource, fleet.surroundings).check({ ...example.inputs, ...change }).problems;
}

function expectRefusal(row: Row): void {
  const [, change, property, expected] = row;
  const problems = problemsOf(row);
  const found = problems.find((problem) => problem.property === property);
  expect(found, JSON.stringify(problems)).toBeDefined();
  const reason = found?.reason ?? "";
  expect(reason).toContain(expected);
  expect(reason).not.toMatch(/undefined|\[object|\^\[|Invalid/);
  const [field = ""] = property.split(".");
  const value = property
    .split(".")
    .reduce<unknown>((inner, key) => (inner as Props | undefined)?.[key], change);
  if (typeof value === "string" && !/^(is not an input|has the name)/.test(reason))
    expect(reason).toContain(JSON.stringify(value.slice(0, 20)).slice(1, -1));
  expect(Object.keys(change)).toContain(field);
}

/** "torocloud:microvm:Guest" and {"memoryMiB":15} */
const labelled = (all: readonly Row[]): [string, Row][] =>
  all.map((row) => [`${row[0]} with ${JSON.stringify(row[1]).slice(0, 80)}`, row]);

describe("check refuses, before anything is asked of a host,", () => {
  it.each(labelled(rows))("%s", (_, row) => {
    expectRefusal(row);
  });

  it("at least sixty different mistakes, in every kind of resource that takes more than names", () => {
    expect(rows.length).toBeGreaterThanOrEqual(60);
    expect(new Set(rows.map(([type, change]) => JSON.stringify([type, change]))).size).toBe(rows.length);
    expect(new Set(rows.map(([type]) => type)).size).toBeGreaterThanOrEqual(15);
  });

  it("and nothing of the examples that these mistakes were made in", () => {
    for (const type of registry.keys()) expect(problemsOf([type as Type, {}, "", ""])).toEqual([]);
  });
});
