import { LabError } from "./errors.ts";

/** The folder that holds one folder per lab. */
export const labsDirectory = "/var/lib/torocloud-lab";

/** The folder of lock files, one per lab and one for what labs share. */
export const locksDirectory = "/run/torocloud-lab";

/** The hosts of a lab that was given none: three Ceph nodes and two client hosts. */
export const defaultHosts: readonly string[] = ["node1", "node2", "node3", "host1", "host2"];

const labPattern = /^[a-z][a-z0-9]{0,7}$/;
const hostPattern = /^[a-z][a-z0-9-]{0,14}$/;

/** Returns the name when it can be a lab's name (it becomes part of interface names, hence at most 8 characters); throws otherwise. */
export function checkLabName(name: string): string {
  if (labPattern.test(name)) return name;
  throw new LabError(
    `"${name}" cannot be a lab's name: use a lower-case letter and then up to 7 lower-case letters or digits`,
  );
}

/** Returns the name when it can be a lab host's name; throws otherwise. */
export function checkHostName(name: string): string {
  if (hostPattern.test(name) && !name.endsWith("-")) return name;
  throw new LabError(
    `"${name}" cannot be a host's name: use a lower-case letter and then up to 14 lower-case letters, digits or dashes`,
  );
}

/** The folder that holds everything a lab keeps on disk. */
export function labDirectory(lab: string): string {
  return `${labsDirectory}/${lab}`;
}

/** The folder that holds everything one host of a lab keeps on disk. */
export function hostDirectory(lab: string, host: string): string {
  return `${labDirectory(lab)}/hosts/${host}`;
}

/** The private key that opens every host of a lab. */
export function clientKeyFile(lab: string): string {
  return `${labDirectory(lab)}/id_ed25519`;
}

/** The inventory that a cloud's program reads. */
export function inventoryFile(lab: string): string {
  return `${labDirectory(lab)}/inventory.yaml`;
}

/** The configuration for the machine's own ssh: `ssh -F FILE node1`. */
export function sshConfigFile(lab: string): string {
  return `${labDirectory(lab)}/ssh_config`;
}

/** The bridge that a lab's hosts are plugged into. */
export function bridgeName(lab: string): string {
  return `tl-${lab}`;
}

/** The nftables table (family inet) that holds all of a lab's rules. */
export function tableName(lab: string): string {
  return `torocloud_lab_${lab}`;
}

/** What a host is called among all machines of all labs. */
export function machineName(lab: string, host: string): string {
  return `${lab}-${host}`;
}

/** The control group (version 2) that holds a lab's hosts, below the root. */
export function controlGroupName(lab: string): string {
  return `torocloud-lab.${lab}`;
}
