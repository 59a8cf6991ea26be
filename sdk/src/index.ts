export * as ceph from "./ceph.ts";
export * as host from "./host.ts";
export * as microvm from "./microvm.ts";
export { CephCluster, type CephClusterArgs } from "./ceph-cluster.ts";
export { ClientHosts, type ClientHost, type ClientHostsArgs } from "./client-hosts.ts";
export { Cloud, type CloudArgs } from "./cloud.ts";
export { Microservice, type MicroserviceArgs } from "./microservice.ts";
export { CloudResource, type CommonArgs, type Timeouts } from "./cloud-resource.ts";
