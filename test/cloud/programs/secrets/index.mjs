import { Config } from "@pulumi/pulumi";
import { Cloud } from "@torocloud/sdk";

const config = new Config();

new Cloud("cloud", {
  ceph: { nodes: ["node1", "node2", "node3"], store: { kind: "file", sizeGiB: 2 } },
  clients: { hosts: ["host1"] },
  services: {
    web: {
      image: { kernel: config.require("kernel"), initramfs: config.require("initramfs") },
      files: config.require("site"),
      readyPath: "/healthz",
      memoryMiB: config.getNumber("memoryMiB") ?? 128,
      port: 8080,
      // A secret has no business here, and the program is told so.
      commandLine:
        process.env["TORO_MISUSE"] === "yes" ? config.requireSecret("token") : config.require("decoy"),
    },
  },
});

/** No secret: what must be found where secrets must not. */
export const decoy = config.require("decoy");

/** A secret of the program's own, which Pulumi keeps encrypted. */
export const token = config.requireSecret("token");
