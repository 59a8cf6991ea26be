import { Config } from "@pulumi/pulumi";
import { Cloud } from "@torocloud/sdk";

// Everything that may differ from stack to stack: `pulumi config set replicas 3`
const config = new Config();

// Three nodes keep the data, two hosts run the guests. Their names are those of the inventory.
const cloud = new Cloud("cloud", {
  ceph: {
    nodes: ["node1", "node2", "node3"],
    store: { kind: "file", sizeGiB: config.getNumber("osdSizeGiB") ?? 10 },
  },
  clients: {
    hosts: config.getObject<string[]>("guestHosts") ?? ["host1", "host2"],
  },
  services: {
    web: {
      image: {
        kernel: config.get("kernel") ?? "images/demo/out/vmlinux",
        initramfs: config.get("initramfs") ?? "images/demo/out/initramfs",
      },
      files: config.get("site") ?? "examples/cloud/site",
      readyPath: "/healthz",
      replicas: config.getNumber("replicas") ?? 2,
      memoryMiB: config.getNumber("memoryMiB") ?? 128,
      port: config.getNumber("port") ?? 8080,
    },
  },
});

/** Where each replica of each service answers. */
export const urls = cloud.urls;
