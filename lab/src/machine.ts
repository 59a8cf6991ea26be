import { readFile } from "node:fs/promises";
import {
  filesNamedBy,
  findMirror,
  parseSources,
  parseSourcesList,
  proxySettings,
  reachSettings,
  type AptSource,
  type Mirror,
} from "./apt.ts";
import { isMissing, LabError } from "./errors.ts";
import { entries } from "./record.ts";
import { must } from "./run.ts";

/** A file on this machine that hosts need as well. */
export interface CopiedFile {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: number;
}

/** How this machine reaches its packages: what a host needs to reach them the same way. */
export interface Reach {
  readonly mirror: Mirror;
  readonly aptSettings: readonly string[];
  readonly files: readonly CopiedFile[];
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function text(path: string): Promise<string> {
  return (await read(path))?.toString("utf8") ?? "";
}

async function aptSources(): Promise<AptSource[]> {
  const directory = "/etc/apt/sources.list.d";
  const names = (await entries(directory)).sort();
  const parsed = await Promise.all(
    names.map(async (name) => {
      if (name.endsWith(".sources")) return parseSources(await text(`${directory}/${name}`));
      return name.endsWith(".list") ? parseSourcesList(await text(`${directory}/${name}`)) : [];
    }),
  );
  return [...parseSourcesList(await text("/etc/apt/sources.list")), ...parsed.flat()];
}

async function mirrorOfMachine(): Promise<Mirror> {
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(await text("/etc/os-release"))?.[1] ?? "stable";
  const mirror = findMirror(await aptSources(), codename);
  if (mirror !== undefined) return mirror;
  throw new LabError(
    `this machine: /etc/apt names no http(s) source of ${codename}, and hosts take their mirror from there: add one`,
  );
}

/** The name servers and search domains of a resolv.conf, without those that only this machine itself can reach. */
export function parseResolvConf(content: string): { nameservers: string[]; search: string[] } {
  const lines = content.split("\n").map((line) => line.trim().split(/\s+/));
  const values = (key: string): string[] =>
    lines.filter((line) => line[0] === key).flatMap((l) => l.slice(1));
  return {
    nameservers: values("nameserver").filter((address) => !/^(127\.|::1$)/.test(address)),
    search: [...values("search"), ...values("domain")],
  };
}

async function resolvers(): Promise<{ nameservers: string[]; search: string[] }> {
  for (const path of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    const found = parseResolvConf(await text(path));
    if (found.nameservers.length > 0) return found;
  }
  return { nameservers: [], search: [] };
}

async function copies(settings: readonly string[]): Promise<CopiedFile[]> {
  const authorities = "/usr/local/share/ca-certificates";
  const credentials = "/etc/apt/auth.conf.d";
  const paths = [
    "/etc/ssl/certs/ca-certificates.crt",
    ...(await entries(authorities)).filter((n) => n.endsWith(".crt")).map((n) => `${authorities}/${n}`),
    ...(await entries(credentials)).map((name) => `${credentials}/${name}`),
    "/etc/apt/auth.conf",
    ...filesNamedBy(settings),
  ];
  const files = await Promise.all(
    [...new Set(paths)].map(async (path) => {
      const content = await read(path);
      return content && { path, content, mode: path.startsWith("/etc/apt/auth") ? 0o600 : 0o644 };
    }),
  );
  return files.filter((file) => file !== undefined);
}

/** Reads how this machine reaches its packages. */
export async function readReach(): Promise<Reach> {
  const settings = reachSettings(await must(["apt-config", "dump", "Acquire"]));
  const aptSettings = [...settings, ...proxySettings(process.env, settings)];
  return {
    mirror: await mirrorOfMachine(),
    aptSettings,
    files: await copies(aptSettings),
    ...(await resolvers()),
  };
}
