import { stringify } from "yaml";
import { clientKeyFile, labDirectory } from "./names.ts";
import type { HostRecord } from "./record.ts";

/** A host and its public host key, as "ssh-ed25519 AAAA...". */
export interface KnownHost extends HostRecord {
  readonly hostKey: string;
}

/** The two words of a public key that matter, without its comment. */
export function publicKeyWords(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** The inventory of a lab: how a cloud's program reaches its hosts. */
export function renderInventory(lab: string, hosts: readonly KnownHost[]): string {
  const entries = hosts.map(({ name, address, hostKey }): [string, unknown] => [
    name,
    { address, port: 22, user: "root", hostKey, privateKeyFile: clientKeyFile(lab) },
  ]);
  return stringify({ hosts: Object.fromEntries(entries) }, { lineWidth: 0 });
}

/** The host keys of a lab in the format of OpenSSH's known_hosts. */
export function renderKnownHosts(hosts: readonly KnownHost[]): string {
  return hosts.map(({ name, address, hostKey }) => `${name},${address} ${hostKey}\n`).join("");
}

/** A configuration for the machine's own ssh that knows the lab's hosts by name and nothing else. */
export function renderSshConfig(lab: string, hosts: readonly KnownHost[]): string {
  const aliases = hosts.map(({ name, address }) => `Host ${name}\n  HostName ${address}\n`).join("");
  return `${aliases}Host *
  User root
  IdentityFile ${clientKeyFile(lab)}
  IdentitiesOnly yes
  UserKnownHostsFile ${labDirectory(lab)}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  LogLevel ERROR
`;
}
