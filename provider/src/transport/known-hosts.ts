import { createHmac } from "node:crypto";
import { type HostKey, parseHostKey } from "./host-key.ts";

/** The keys that the text of a known_hosts file gives for an address and port; hashed names, patterns and revoked keys count. */
export function findKnownHost(content: string, address: string, port: number): readonly HostKey[] {
  const name = knownHostName(address, port);
  const matching = content.split("\n").flatMap((line) => parseLine(line, name));
  const revoked = new Set(matching.filter((found) => found.revoked).map(({ key }) => key.body));
  return matching.filter(({ key, revoked: bad }) => !bad && !revoked.has(key.body)).map(({ key }) => key);
}

/** How known_hosts names an address: with its port in brackets unless that is 22. */
export function knownHostName(address: string, port: number): string {
  return port === 22 ? address.toLowerCase() : `[${address.toLowerCase()}]:${port}`;
}

function parseLine(line: string, name: string): { key: HostKey; revoked: boolean }[] {
  const found = /^(?:(@\S+)\s+)?([^\s#@]\S*)\s+(.+)$/.exec(line.trim());
  if (found === null) return [];
  const [, marker, names = "", text = ""] = found;
  if (marker === "@cert-authority" || !matches(names, name)) return [];
  const key = parseHostKey(text);
  return key === undefined ? [] : [{ key, revoked: marker === "@revoked" }];
}

function matches(names: string, name: string): boolean {
  if (names.startsWith("|")) return matchesHash(names, name);
  const patterns = names.toLowerCase().split(",");
  const refused = patterns.some((pattern) => pattern.startsWith("!") && glob(pattern.slice(1)).test(name));
  return !refused && patterns.some((pattern) => !pattern.startsWith("!") && glob(pattern).test(name));
}

function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt = "", hash] = hashed.split("|");
  if (version !== "1") return false;
  return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
}

function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[\\^$+.()|[\]{}]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}
