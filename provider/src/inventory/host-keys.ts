import { readFileSync } from "node:fs";
import { type HostKey, parseHostKey } from "../keys/host-key.ts";
import { type Entry, expandPath, pathOf } from "./entry.ts";
import type { InventoryHost } from "./host.ts";
import { present } from "./issues.ts";
import { findKnownHost, knownHostName } from "../keys/known-hosts.ts";

/** The keys of which a host must hold one, and the file that says so; notes in the entry's source when there is none. */
export function hostKeys(
  entry: Entry,
  address: string,
  port: number,
): Pick<InventoryHost, "hostKeys" | "hostKeyFile" | "trustOnFirstUse"> {
  const { own, defaults, source, name } = entry;
  if (own.hostKey !== undefined) {
    noteBoth(entry);
    return { hostKeys: pinnedKeys(entry, own.hostKey), hostKeyFile: source.file };
  }
  const trustOnFirstUse = own.trustOnFirstUse ?? defaults.trustOnFirstUse ?? false;
  const file = own.knownHostsFile ?? defaults.knownHostsFile;
  if (file === undefined) {
    source.problem(
      ["hosts", name],
      trustOnFirstUse
        ? `hosts.${name}.knownHostsFile is missing; expected the file that keys trusted on first use are written to`
        : `hosts.${name}.hostKey is missing; expected the host's public key, or knownHostsFile`,
    );
    return { hostKeys: [], hostKeyFile: source.file };
  }
  const hostKeyFile = expandPath(source.file, file);
  const known = knownKeys({ ...entry, hostKeyFile, address, port, trustOnFirstUse });
  return { hostKeys: known, hostKeyFile, ...(trustOnFirstUse && { trustOnFirstUse }) };
}

function noteBoth({ own, source, name }: Entry): void {
  for (const field of ["knownHostsFile", "trustOnFirstUse"] as const)
    if (own[field] !== undefined && own[field] !== false)
      source.keyProblem(
        ["hosts", name, field],
        `hosts.${name}: hostKey and ${field} are both given; expected one of them`,
      );
}

function pinnedKeys({ name, source }: Entry, texts: readonly string[]): HostKey[] {
  return texts.flatMap((text, index) => {
    const key = parseHostKey(text);
    if (key !== undefined) return [key];
    const path = texts.length === 1 ? ["hosts", name, "hostKey"] : ["hosts", name, "hostKey", index];
    const expected = `expected "type base64" as in the host's /etc/ssh/ssh_host_ed25519_key.pub`;
    source.problem(
      path,
      `hosts.${name}.hostKey: ${present("hostKey", text)} is not a public host key; ${expected}`,
    );
    return [];
  });
}

interface Sought extends Entry {
  readonly hostKeyFile: string;
  readonly address: string;
  readonly port: number;
  readonly trustOnFirstUse: boolean;
}

function knownKeys(entry: Sought): readonly HostKey[] {
  const { name, source, hostKeyFile, address, port, trustOnFirstUse } = entry;
  const note = (problem: string): void => {
    source.problem(
      pathOf(entry, "knownHostsFile"),
      `hosts.${name}.knownHostsFile: ${hostKeyFile} ${problem}`,
    );
  };
  try {
    const { keys, certified } = findKnownHost(readFileSync(hostKeyFile, "utf8"), address, port);
    if (keys.length === 0 && !trustOnFirstUse) note(absence(address, port, certified));
    return keys;
  } catch (error) {
    const { code = "unknown reason" } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") note(`cannot be read (${code}); expected a known_hosts file`);
    else if (!trustOnFirstUse) note("does not exist; expected a known_hosts file");
    return [];
  }
}

function absence(address: string, port: number, certified: boolean): string {
  const name = knownHostName(address, port);
  const plain = `has no key for ${name}`;
  if (!certified) return `${plain}; expected one, as ssh-keyscan prints it`;
  return (
    `${plain} but a @cert-authority, and certificates of hosts cannot be verified here; ` +
    `add the host's own key (ssh-keyscan -p ${port} ${address}, compared on the host's console)`
  );
}
