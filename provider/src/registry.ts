import type { Resource } from "./lifecycle/define-resource.ts";
import { cephClientKey } from "./ceph/client-key.ts";
import { cephCluster } from "./ceph/cluster.ts";
import { cephFileSystem } from "./ceph/file-system.ts";
import { cephManager } from "./ceph/manager.ts";
import { cephMetadataServer } from "./ceph/metadata-server.ts";
import { cephMonitor } from "./ceph/monitor.ts";
import { cephMount } from "./ceph/mount.ts";
import { cephNode } from "./ceph/node.ts";
import { cephOsd } from "./ceph/osd.ts";
import { guest } from "./microvm/guest.ts";
import { host } from "./machine/host.ts";
import { hypervisor } from "./microvm/hypervisor.ts";
import { image } from "./microvm/image.ts";
import { packages } from "./machine/packages.ts";
import { portForward } from "./microvm/port-forward.ts";
import { share } from "./microvm/share.ts";
import { sharedFiles } from "./microvm/shared-files.ts";

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
