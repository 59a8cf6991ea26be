import { createHmac, randomBytes } from "node:crypto";
import { type HostKey, parseHostKey } from "./host-key.ts";

/** What a known_hosts file says about one address and port. */
export interface KnownHost {
  readonly keys: readonly HostKey[];
  /** Keys that must not be believed, whoever holds them. */
  readonly revoked: readonly HostKey[];
  /** Whether a certificate authority is named for it. */
  readonly certified: boolean;
}

/** What the text of a known_hosts file says about an address and port; hashed names, patterns and revoked keys count. */
export function findKnownHost(content: string, address: string, port: number): KnownHost {
  const name = knownHostName(address, port);
  const lines = content.split("\n").flatMap((line) => parseLine(line, name));
  const marked = (wanted: string | undefined): HostKey[] =>
    lines.flatMap(({ marker, key }) => (marker === wanted && key !== undefined ? [key] : []));
  const revoked = marked("@revoked");
  const keys = marked(undefined).filter(({ body }) => !revoked.some((bad) => bad.body === body));
  return { keys, revoked, certified: lines.some(({ marker }) => marker === "@cert-authority") };
}

/** How known_hosts names an address: with its port in brackets unless that is 22. */
export function knownHostName(address: string, port: number): string {
  return port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
}

/** The line for a key that goes with the others in `content`: its name is hashed where theirs are. */
export function knownHostLine(content: string, name: string, { type, body }: HostKey): string {
  return `${/^\|1\|/m.test(content) ? hashed(name, randomBytes(20)) : name} ${type} ${body}\n`;
}

interface Line {
  readonly marker: string | undefined;
  readonly key: HostKey | undefined;
}

function parseLine(line: string, name: string): Line[] {
  const found = /^(?:(@\S+)\s+)?([^\s#@]\S*)\s+(.+)$/.exec(line.trim());
  if (found === null) return [];
  const [, marker, names = "", text = ""] = found;
  return matches(names, name) ? [{ marker, key: parseHostKey(text) }] : [];
}

function matches(names: string, name: string): boolean {
  if (names.startsWith("|")) return matchesHash(names, name);
  const patterns = names.toLowerCase().split(",");
  const refused = patterns.some((pattern) => pattern.startsWith("!") && glob(pattern.slice(1)).test(name));
  return !refused && patterns.some((pattern) => !pattern.startsWith("!") && glob(pattern).test(name));
}

function matchesHash(names: string, name: string): boolean {
  const [, version, salt = ""] = names.split("|");
  return version === "1" && hashed(name, Buffer.from(salt, "base64")) === names;
}

function hashed(name: string, salt: Buffer): string {
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$+.()|[\]{}]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
