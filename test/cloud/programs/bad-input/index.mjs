import { Config } from "@pulumi/pulumi";
import { CephCluster, host, microvm } from "@torocloud/sdk";

const config = new Config();

const guest = {
  host: "host1",
  name: "web",
  kernel: "/srv/torocloud/images/web/kernel",
  accel: "tcg",
  vsock: "user",
  mountUnit: "torocloud-mount-storage.service",
};

const forward = {
  host: "host1",
  listenPort: 8080,
  guest: "web",
  guestPort: 80,
  vsock: "user",
  contextId: 42,
};

const image = { hosts: ["host1"], name: "web", storage: "/srv/torocloud" };

/** One mistake each. */
const mistakes = {
  host: () => {
    new host.Host("machine", { host: "node9" });
  },
  guests: () => {
    new microvm.Guest("one", guest);
    new microvm.Guest("other", guest);
  },
  forwards: () => {
    new microvm.PortForward("one", forward);
    new microvm.PortForward("other", { ...forward, guest: "web-2" });
  },
  monitors: () => {
    new CephCluster("ceph", { nodes: ["node1", "node2"] });
  },
  port: () => {
    new microvm.PortForward("forward", { ...forward, listenPort: 70_000 });
  },
  missing: () => {
    new microvm.Image("image", { ...image, kernel: "no/such/vmlinux" });
  },
  text: () => {
    new microvm.Image("image", { ...image, kernel: config.require("kernel") });
  },
  none: () => {
    new host.Host("machine", { host: "node1" });
  },
};

mistakes[config.require("mistake")]?.();
