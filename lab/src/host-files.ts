import { randomBytes } from "node:crypto";
import { renderSources } from "./apt.ts";
import type { Reach } from "./machine.ts";
import type { HostRecord } from "./record.ts";
import { gatewayAddress } from "./subnet.ts";
import { suite } from "./tree.ts";

/** A file of a host, to be there before it starts. */
export interface HostFile {
  /** Absolute, as the host sees it. */
  readonly path: string;
  readonly content: string | Buffer;
  readonly mode: number;
}

/** A pair of SSH keys in the formats of OpenSSH. */
export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** What makes a host of a lab this one. */
export interface HostIdentity {
  readonly host: HostRecord;
  readonly all: readonly HostRecord[];
  readonly subnet: string;
  readonly mtu: number;
  readonly hostKey: KeyPair;
  readonly clientPublicKey: string;
}

function renderHosts({ host, all }: HostIdentity): string {
  const others = all.map(({ address, name }) => `${address} ${name}\n`).join("");
  return `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n${others}# this is ${host.name}\n`;
}

function renderNetwork({ host, subnet, mtu }: HostIdentity): string {
  return `[Match]
Name=host0

[Link]
MTUBytes=${mtu}

[Network]
Address=${host.address}/24
Gateway=${gatewayAddress(subnet)}
LinkLocalAddressing=no
IPv6AcceptRA=no
`;
}

function renderResolvConf({ nameservers, search }: Reach): string {
  const domains = search.length > 0 ? `search ${search.join(" ")}\n` : "";
  return `${domains}${nameservers.map((address) => `nameserver ${address}\n`).join("")}`;
}

/** The files that tell a host who it is, who its neighbours are and who may come in. */
export function identityFiles(identity: HostIdentity): HostFile[] {
  const { host, hostKey, clientPublicKey } = identity;
  const file = (path: string, content: string, mode = 0o644): HostFile => ({ path, content, mode });
  return [
    file("/etc/hostname", `${host.name}\n`),
    file("/etc/hosts", renderHosts(identity)),
    file("/etc/machine-id", `${randomBytes(16).toString("hex")}\n`, 0o444),
    file("/etc/systemd/network/10-host0.network", renderNetwork(identity)),
    file("/etc/ssh/ssh_host_ed25519_key", hostKey.privateKey, 0o600),
    file("/etc/ssh/ssh_host_ed25519_key.pub", hostKey.publicKey),
    file("/root/.ssh/authorized_keys", clientPublicKey, 0o600),
  ];
}

/** The files that let a host reach Debian's packages the way this machine does. */
export function reachFiles(reach: Reach): HostFile[] {
  return [
    { path: "/etc/resolv.conf", content: renderResolvConf(reach), mode: 0o644 },
    { path: "/etc/apt/sources.list", content: renderSources(reach.mirror, suite), mode: 0o644 },
    {
      path: "/etc/apt/apt.conf.d/91machine",
      content: reach.aptSettings.map((line) => `${line}\n`).join(""),
      mode: 0o644,
    },
    ...reach.files,
  ];
}
