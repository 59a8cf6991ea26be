import { Config } from "@pulumi/pulumi";
import { ceph, microvm } from "@torocloud/sdk";

const config = new Config();
const host = "host1";
const storage = "/srv/beside";
const adopt = config.getBoolean("adopt") ? { adopt: true } : {};
const common = { host, ...adopt };

/** A small service on a host and a cluster that another stack has set up, with names of its own. */
const key = new ceph.ClientKey("key", {
  ...adopt,
  hosts: ["node1"],
  name: "beside",
  fileSystem: "ceph",
  path: "/beside",
});
const mount = new ceph.Mount(
  "mount",
  {
    ...common,
    name: "beside",
    keysFrom: ["node1"],
    fsid: config.require("fsid"),
    monitors: config.requireObject("monitors"),
    user: key.name,
    fileSystem: "ceph",
    path: "/beside",
    mountPoint: storage,
    client: "fuse",
  },
  { dependsOn: key },
);
const mounted = { dependsOn: mount };
const stored = { ...adopt, hosts: [host], name: "beside", storage };
const image = new microvm.Image(
  "image",
  { ...stored, kernel: config.require("kernel"), initramfs: config.require("initramfs") },
  mounted,
);
const files = new microvm.SharedFiles("files", { ...stored, folder: config.require("site") }, mounted);
const share = new microvm.Share(
  "share",
  { ...stored, source: files.path, readOnly: true, quotaMiB: 16, ids: { user: 1000, group: 1000 } },
  { dependsOn: files },
);
const guest = new microvm.Guest(
  "guest",
  {
    ...common,
    name: "beside",
    kernel: image.kernelPath,
    initramfs: image.initramfsPath,
    shares: [{ tag: "site", share: share.policy }],
    accel: "tcg",
    vsock: "user",
    mountUnit: mount.unit,
    ready: { port: 80, path: "/healthz" },
  },
  { dependsOn: [image, mount, share] },
);
new microvm.PortForward(
  "forward",
  {
    ...common,
    listenPort: 8180,
    guest: guest.name,
    guestPort: 80,
    vsock: guest.vsock,
    contextId: guest.contextId,
  },
  { dependsOn: guest },
);
