// What a person wrote for version 0.1.0. It stays as it is: today's torocloud has to understand it.
import { Cloud } from "@torocloud/sdk";

const cloud = new Cloud("cloud", {
  ceph: {
    nodes: ["node1", "node2", "node3"],
    store: { kind: "file", sizeGiB: 4 },
  },
  clients: {
    hosts: ["host1", "host2"],
  },
  services: {
    web: {
      image: { kernel: "files/kernel", initramfs: "files/initramfs" },
      files: "site",
      readyPath: "/healthz",
      replicas: 2,
      memoryMiB: 128,
      port: 8080,
    },
  },
});

export const urls = cloud.urls;
