import { Config } from "@pulumi/pulumi";
import { ceph, microvm } from "@torocloud/sdk";

const config = new Config();
const fsid = config.require("fsid");
const monitors = config.requireObject("monitors");
const forward = { host: "host1", guest: "web-0", guestPort: 80, vsock: "user", contextId: 42 };
const mount = {
  host: "host1",
  keysFrom: ["node1"],
  fsid,
  monitors,
  user: "ceph",
  fileSystem: "ceph",
  client: "fuse",
};

/** Some of it is asked for with adopt, some not at all then. */
const adopt = config.getBoolean("adopt") ?? false;
const common = adopt ? { adopt } : {};

new microvm.PortForward("port", { ...forward, ...common, listenPort: 9998 });
new microvm.Hypervisor("user", { host: "node3", accel: "tcg", vsock: "kernel", ...common });
new microvm.Hypervisor("directory", { host: "node2", accel: "tcg", vsock: "kernel", ...common });
new ceph.ClientKey("key", { hosts: ["node1"], name: "theirs", fileSystem: "ceph", ...common });
if (!adopt) alone();

function alone() {
  new microvm.PortForward("unit", { ...forward, listenPort: 9997 });
  new ceph.ClientKey("bare", { hosts: ["node1"], name: "bare", fileSystem: "ceph" });
  new ceph.FileSystem("pool", { hosts: ["node1"], name: "theirs" });
  new ceph.Mount("mount", { ...mount, name: "mounted", mountPoint: "/srv/mounted" });
  new ceph.Mount("full", { ...mount, name: "full", mountPoint: "/srv/full" });
  new ceph.Node("configuration", { host: "host2", cluster: "ceph", keysFrom: ["node1"], fsid, monitors });
  new microvm.SharedFiles("files", {
    hosts: ["host1"],
    name: "theirs",
    storage: "/srv/torocloud",
    folder: config.require("site"),
  });
}
