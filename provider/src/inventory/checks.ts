import { type Entry, expandPath, pathOf } from "./entry.ts";
import { hostKeys } from "./host-keys.ts";
import type { InventoryHost } from "./host.ts";
import type { InventorySource } from "./source.ts";
import { suggestion } from "./nearest.ts";
import { privateKeyProblem } from "../keys/private-key.ts";

/** The host that an entry and the defaults describe together; notes what is wrong with it in the entry's source. */
export function completeHost(entry: Entry): InventoryHost {
  const { name, own, source } = entry;
  const { address, port = 22, user = "root", become, ...fields } = { ...entry.defaults, ...own };
  const jumpHost = own.jumpHost ?? (entry.defaults.jumpHost === name ? undefined : entry.defaults.jumpHost);
  return {
    ...{ name, address, port, user, inventoryFile: source.file },
    ...hostKeys(entry, address, port),
    ...privateKeyFile(entry),
    ...agent(entry),
    ...given({ ...pick(fields, asTheyAre), jumpHost }),
    become: become ?? (user === "root" ? "none" : "sudo"),
  };
}

/** Fields that mean the same in the file and afterwards. */
const asTheyAre = [
  ...(["passphraseEnv", "sudoPasswordEnv"] as const),
  ...(["connectTimeoutSeconds", "connectAttempts", "keepAliveSeconds", "maxSessions"] as const),
];

function pick<Fields, Name extends keyof Fields>(fields: Fields, names: readonly Name[]): Pick<Fields, Name> {
  return Object.fromEntries(names.map((name) => [name, fields[name]])) as Pick<Fields, Name>;
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

function given<Fields extends object>(fields: Fields): Given<Fields> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Fields>;
}

/** Note every jump host that is not in the file, or that leads back to where it began. */
export function checkJumpHosts(
  source: InventorySource,
  hosts: ReadonlyMap<string, InventoryHost>,
  names: readonly string[],
): void {
  for (const { name, jumpHost } of hosts.values()) {
    const path = ["hosts", name, "jumpHost"];
    if (jumpHost === undefined) continue;
    if (!names.includes(jumpHost)) {
      const near = suggestion(jumpHost, names);
      source.problem(path, `${path.join(".")}: ${jumpHost} is not a host in this file${near}`);
    } else if (leadsBack(name, hosts)) {
      source.problem(
        path,
        `${path.join(".")}: ${jumpHost} leads back to ${name}; expected jump hosts without a cycle`,
      );
    }
  }
}

function leadsBack(name: string, hosts: ReadonlyMap<string, InventoryHost>): boolean {
  const seen = new Set<string>();
  let step = hosts.get(name)?.jumpHost;
  while (step !== undefined && !seen.has(step)) {
    if (step === name) return true;
    seen.add(step);
    step = hosts.get(step)?.jumpHost;
  }
  return false;
}

function privateKeyFile(entry: Entry): Pick<InventoryHost, "privateKeyFile"> {
  const { own, defaults, source, name } = entry;
  const file = own.privateKeyFile ?? defaults.privateKeyFile;
  if (file === undefined) return {};
  const path = expandPath(source.file, file);
  const problem = privateKeyProblem(path);
  if (problem !== undefined)
    source.problem(
      pathOf(entry, "privateKeyFile"),
      `hosts.${name}.privateKeyFile: ${problem}; expected a private key file`,
    );
  return { privateKeyFile: path };
}

function agent({ own, defaults, source, name }: Entry): Pick<InventoryHost, "agent"> {
  const named = own.agent ?? defaults.agent ?? false;
  if (named !== false) return { agent: named === true ? true : expandPath(source.file, named) };
  if (own.privateKeyFile === undefined && defaults.privateKeyFile === undefined)
    source.problem(
      ["hosts", name],
      `hosts.${name}: privateKeyFile and agent are missing; expected one of them`,
    );
  return {};
}
