import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import type { Log } from "./lock.ts";
import { bridgeName, labsDirectory, tableName } from "./names.ts";
import { gatewayAddress } from "./subnet.ts";
import { must, run } from "./run.ts";

interface Link {
  readonly ifname: string;
  readonly mtu?: number;
  readonly master?: string;
}

const forwardingFile = "/proc/sys/net/ipv4/ip_forward";
const forwardingMark = `${labsDirectory}/.ip-forward-was-off`;

/** The rules of a lab: its hosts reach out under the machine's address, and nobody but the machine reaches in. */
export function renderRules(lab: string, subnet: string): string {
  const table = `inet ${tableName(lab)}`;
  const bridge = bridgeName(lab);
  return `table ${table} {}
delete table ${table}
table ${table} {
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname != "${bridge}" oifname "${bridge}" ct state != { established, related } drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${subnet}.0/24 oifname != "${bridge}" masquerade
  }
}
`;
}

async function links(...filter: readonly string[]): Promise<Link[]> {
  const text = await must(["ip", "-j", "link", "show", ...filter]);
  return JSON.parse(text || "[]") as Link[];
}

/** The largest packet that leaves this machine whole: that of its default route, at most 1500 bytes. */
export async function readMtu(): Promise<number> {
  const routes = JSON.parse((await must(["ip", "-j", "-4", "route", "show", "default"])) || "[]") as {
    dev?: string;
  }[];
  const device = routes[0]?.dev;
  if (device === undefined) return 1500;
  return Math.min(1500, (await links("dev", device))[0]?.mtu ?? 1500);
}

/** Every prefix that this machine has an address in or a route to. */
export async function usedPrefixes(): Promise<string[]> {
  const addresses = JSON.parse(await must(["ip", "-j", "-4", "addr", "show"])) as {
    addr_info?: { local?: string; prefixlen?: number }[];
  }[];
  const routes = JSON.parse((await must(["ip", "-j", "-4", "route", "show", "table", "all"])) || "[]") as {
    dst?: string;
  }[];
  const own = addresses
    .flatMap((link) => link.addr_info ?? [])
    .map((info) => `${info.local ?? ""}/${info.prefixlen ?? 32}`);
  return [...own, ...routes.map((route) => route.dst ?? "")];
}

// Another table that drops what is forwarded is not ours to change.
async function warnOfDrops(lab: string, log: Log): Promise<void> {
  const result = await run(["nft", "-j", "list", "chains"]);
  if (result.exitCode !== 0) return;
  const { nftables } = JSON.parse(result.stdout) as {
    nftables: { chain?: { family: string; table: string; name: string; hook?: string; policy?: string } }[];
  };
  for (const { chain } of nftables) {
    if (chain?.hook !== "forward" || chain.policy !== "drop") continue;
    const target = chain.table === "filter" && chain.family === "ip" ? "DOCKER-USER" : chain.name;
    log(
      `this machine drops forwarded packets (chain ${chain.name} of nftables table ${chain.family} ${chain.table}). ` +
        `If hosts cannot reach their mirror: nft insert rule ${chain.family} ${chain.table} ${target} iifname ${bridgeName(lab)} accept; ` +
        `nft insert rule ${chain.family} ${chain.table} ${target} oifname ${bridgeName(lab)} accept`,
    );
  }
}

/** Makes a lab's bridge and rules, or puts back what is missing of them. */
export async function networkUp(lab: string, subnet: string, mtu: number, log: Log): Promise<void> {
  const bridge = bridgeName(lab);
  if ((await run(["ip", "link", "show", bridge])).exitCode !== 0) {
    await must(["ip", "link", "add", bridge, "type", "bridge"]);
  }
  await must(["ip", "addr", "replace", `${gatewayAddress(subnet)}/24`, "dev", bridge]);
  await must(["ip", "link", "set", bridge, "mtu", String(mtu), "up"]);
  await must(["nft", "-f", "-"], { stdin: renderRules(lab, subnet) });
  await warnOfDrops(lab, log);
}

/** Removes a lab's interfaces and rules, as many as there are. */
export async function networkDown(lab: string): Promise<void> {
  const bridge = bridgeName(lab);
  if ((await run(["ip", "link", "show", bridge])).exitCode === 0) {
    for (const port of await links("master", bridge)) await run(["ip", "link", "del", port.ifname]);
    await must(["ip", "link", "del", bridge]);
  }
  const table = ["inet", tableName(lab)];
  if ((await run(["nft", "list", "table", ...table])).exitCode === 0) {
    await must(["nft", "delete", "table", ...table]);
  }
}

/** Lets this machine forward packets, remembering whether it did not before. */
export async function enableForwarding(): Promise<void> {
  if ((await readFile(forwardingFile, "utf8")).trim() === "1") return;
  await mkdir(labsDirectory, { recursive: true });
  await writeFile(forwardingMark, "");
  await writeFile(forwardingFile, "1");
}

/** Puts forwarding back as the first lab found it. */
export async function restoreForwarding(): Promise<void> {
  const marked = await readFile(forwardingMark).then(
    () => true,
    () => false,
  );
  if (!marked) return;
  await writeFile(forwardingFile, "0");
  await rm(forwardingMark);
}
