import { hostname } from "node:os";
import { LabError } from "./errors.ts";
import { identityFiles, reachFiles, type KeyPair } from "./host-files.ts";
import {
  publicKeyWords,
  renderInventory,
  renderKnownHosts,
  renderSshConfig,
  type KnownHost,
} from "./inventory.ts";
import { ensureKey } from "./keys.ts";
import type { LabKind } from "./kind.ts";
import { labLock, sharedLock, withLock, type Log } from "./lock.ts";
import { readReach, type Reach } from "./machine.ts";
import {
  checkHostName,
  checkLabName,
  clientKeyFile,
  defaultHosts,
  inventoryFile,
  labDirectory,
  sshConfigFile,
} from "./names.ts";
import { enableForwarding, networkUp, readMtu, usedPrefixes } from "./network.ts";
import { labPackages, requirePackages, type EnsurePackages } from "./packages.ts";
import { kindNamed, placeOf } from "./places.ts";
import { labNames, readRecord, writeRecord, writeWhole, type HostRecord, type LabRecord } from "./record.ts";
import { run } from "./run.ts";
import { sshCommand, waitForSsh } from "./ssh.ts";
import { assignAddresses, chooseSubnet } from "./subnet.ts";

/** Which lab to bring up. */
export interface LabUpOptions {
  readonly name: string;
  /** Names of hosts; without them those that the lab has, or the default ones. Hosts that the lab has besides stay. */
  readonly hosts?: readonly string[];
  readonly log: Log;
  /** Installs what this machine lacks; without it a missing package is an error that says what to type. */
  readonly ensurePackages?: EnsurePackages;
}

/** A lab that is up. */
export interface LabInfo {
  readonly name: string;
  readonly directory: string;
  readonly inventoryFile: string;
  readonly sshConfigFile: string;
  readonly subnet: string;
  readonly hosts: readonly KnownHost[];
}

interface Work {
  readonly record: LabRecord;
  readonly kind: LabKind;
  readonly reach: Reach;
  readonly mtu: number;
  readonly client: KeyPair;
  readonly log: Log;
}

async function subnetsOfLabs(): Promise<string[]> {
  const records = await Promise.all((await labNames()).map(readRecord));
  return records.filter((record) => record !== undefined).map((record) => `${record.subnet}.0/24`);
}

// What the lab is to be is on disk before anything of it exists, so that any later command can complete or remove it.
async function reserve(options: LabUpOptions, base: string, reach: Reach): Promise<LabRecord> {
  return withLock(sharedLock(options.log), async () => {
    const known = await readRecord(options.name);
    const used = [...(await usedPrefixes()), ...(await subnetsOfLabs()), ...reach.nameservers];
    const subnet = known?.subnet ?? chooseSubnet(used);
    const addresses = new Map(known?.hosts.map((host): [string, string] => [host.name, host.address]));
    const names = options.hosts ?? (known === undefined ? defaultHosts : []);
    const hosts = [...assignAddresses(subnet, names, addresses)].map(([name, address]) => ({
      name,
      address,
    }));
    const record = { name: options.name, kind: "container", subnet, base: known?.base ?? base, hosts };
    await writeRecord(record);
    await enableForwarding();
    return record;
  });
}

interface KeyedHost {
  readonly host: KnownHost;
  readonly keys: KeyPair;
}

async function withKeys({ name, hosts }: LabRecord): Promise<KeyedHost[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const keys = await ensureKey(
        `${labDirectory(name)}/host-keys/${host.name}`,
        `${host.name} of lab ${name}`,
      );
      return { host: { ...host, hostKey: publicKeyWords(keys.publicKey) }, keys };
    }),
  );
}

async function createHost(work: Work, { host, keys }: KeyedHost): Promise<void> {
  const { record, kind, reach, mtu, client } = work;
  const place = placeOf(record, host);
  if (await kind.isCreated(place)) return;
  await kind.stop(place);
  const { subnet, hosts: all } = record;
  const identity = { host, all, subnet, mtu, hostKey: keys, clientPublicKey: client.publicKey };
  await kind.create(place, [...identityFiles(identity), ...reachFiles(reach)]);
}

// A host that was there before others joined the lab does not know their names yet.
async function introduce({ name, hosts }: LabRecord, { name: host }: HostRecord): Promise<void> {
  const lines = hosts.map((other) => `${other.address} ${other.name}`);
  const script = lines.map((line) => `grep -qx "${line}" /etc/hosts || echo "${line}" >>/etc/hosts`);
  const { exitCode, stderr } = await run(sshCommand(name, host, ["sh -s"]), { stdin: script.join("\n") });
  if (exitCode !== 0)
    throw new LabError(`${host} of lab ${name}: /etc/hosts cannot be written: ${stderr.trim()}`);
}

async function turnOn({ record, kind, log }: Work, host: HostRecord): Promise<void> {
  const place = placeOf(record, host);
  const state = kind.state(place);
  if (state === "stopped") await kind.start(place);
  if (state === "paused") await kind.resume(place);
  if (state !== "stopped") await kind.connect(place);
  const up = await waitForSsh(record.name, host.name, host.address);
  if (!up) {
    throw new LabError(
      `${host.name} of lab ${record.name}: sshd at ${host.address} does not answer with its pinned key; ` +
        `its console (${place.directory}/console.log) ends: ${await kind.console(place)}`,
    );
  }
  await introduce(record, host);
  if (state !== "running") log(`${host.name} is up at ${host.address}`);
}

async function writeAccessFiles(record: LabRecord, hosts: readonly KnownHost[]): Promise<void> {
  const lab = record.name;
  await writeWhole(inventoryFile(lab), renderInventory(lab, hosts));
  await writeWhole(`${labDirectory(lab)}/known_hosts`, renderKnownHosts(hosts));
  await writeWhole(sshConfigFile(lab), renderSshConfig(lab, hosts));
}

async function bringUp(options: LabUpOptions): Promise<LabInfo> {
  const { name, log } = options;
  const kind = kindNamed((await readRecord(name))?.kind ?? "container");
  const reach = await readReach();
  if (reach.nameservers.length === 0) {
    throw new LabError(
      "this machine: /etc/resolv.conf names no name server that a lab's hosts could reach: add one that is not on 127.0.0.0/8",
    );
  }
  const record = await reserve(options, await kind.prepare(reach, log), reach);
  const mtu = await readMtu();
  await networkUp(name, record.subnet, mtu, log);
  const client = await ensureKey(clientKeyFile(name), `lab ${name} on ${hostname()}`);
  const keyed = await withKeys(record);
  const hosts = keyed.map(({ host }) => host);
  await writeAccessFiles(record, hosts);
  const work = { record, kind, reach, mtu, client, log };
  const turned = keyed.map(async (one) => {
    await createHost(work, one);
    await turnOn(work, one.host);
  });
  const failed = (await Promise.allSettled(turned)).find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const directory = labDirectory(name);
  return {
    ...{ name, directory, subnet: `${record.subnet}.0/24`, hosts },
    ...{ inventoryFile: inventoryFile(name), sshConfigFile: sshConfigFile(name) },
  };
}

/** Brings a lab up, or completes and repairs one that is; every host's sshd answers with its pinned key when it returns. */
export async function labUp(options: LabUpOptions): Promise<LabInfo> {
  checkLabName(options.name);
  options.hosts?.forEach(checkHostName);
  if (process.getuid?.() !== 0) throw new LabError("this machine: a lab needs root: run the command as root");
  await (options.ensurePackages ?? requirePackages)(labPackages);
  return withLock(labLock(options.name, options.log), async () => bringUp(options));
}
