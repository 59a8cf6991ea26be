import type { Resource } from "./lifecycle/define-resource.ts";
import { cephClientKey } from "./resources/ceph-client-key.ts";
import { cephCluster } from "./resources/ceph-cluster.ts";
import { cephFileSystem } from "./resources/ceph-filesystem.ts";
import { cephManager } from "./resources/ceph-manager.ts";
import { cephMetadataServer } from "./resources/ceph-metadata-server.ts";
import { cephMonitor } from "./resources/ceph-monitor.ts";
import { cephMount } from "./resources/ceph-mount.ts";
import { cephNode } from "./resources/ceph-node.ts";
import { cephOsd } from "./resources/ceph-osd.ts";
import { guest } from "./resources/guest.ts";
import { host } from "./resources/host.ts";
import { hypervisor } from "./resources/hypervisor.ts";
import { image } from "./resources/image.ts";
import { packages } from "./resources/packages.ts";
import { portForward } from "./resources/port-forward.ts";
import { share } from "./resources/share.ts";
import { sharedFiles } from "./resources/shared-files.ts";

export type { Resource };

/** Every resource this provider offers, by type token. */
export const registry: ReadonlyMap<string, Resource> = new Map(
  [
    host,
    packages,
    cephCluster,
    cephNode,
    cephMonitor,
    cephManager,
    cephOsd,
    cephMetadataServer,
    cephFileSystem,
    cephClientKey,
    cephMount,
    hypervisor,
    image,
    sharedFiles,
    share,
    guest,
    portForward,
  ].map((resource) => [resource.type, resource]),
);
