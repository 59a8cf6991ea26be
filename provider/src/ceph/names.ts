import { createHash } from "node:crypto";

/** Where things of ours that Ceph's packages know nothing of are kept on the hosts of a cluster. */
export const stateDirectory = "/var/lib/torocloud/ceph";

/** The keys that a cluster is born with, on the host that made them. */
export function seedKeyring(cluster: string): string {
  return `${stateDirectory}/${cluster}.keyring`;
}

/** The monitors' common key, with those of the administrator, on each host that is to run one. */
export const monitorKeyring = `${stateDirectory}/mon.keyring`;

/** Ceph's own location of a daemon's data. */
export function daemonDirectory(kind: "mon" | "mgr" | "mds", id: string): string {
  return `/var/lib/ceph/${kind}/ceph-${id}`;
}

/** A host of the inventory as the CRUSH map takes it: its own name, but for characters that mean something there. */
export function crushName(host: string): string {
  if (/^[A-Za-z0-9_.-]+$/.test(host)) return host;
  const digest = createHash("sha256").update(JSON.stringify(host)).digest("hex").slice(0, 16);
  return `${host.slice(0, 40).replaceAll(/[^A-Za-z0-9_.-]/gu, "-")}-${digest}`;
}

/** A UUID that only depends on what it is for, so that the next run knows it again (RFC 9562, version 8). */
export function stableUuid(...meaning: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(meaning)).digest();
  digest[6] = (digest.readUInt8(6) & 0x0f) | 0x80;
  digest[8] = (digest.readUInt8(8) & 0x3f) | 0x80;
  const hex = digest.toString("hex").slice(0, 32);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
