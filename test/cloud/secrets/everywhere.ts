import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { onHost } from "../support/hosts.ts";
import { ownProject } from "../support/stack.ts";
import type { Life } from "./life.ts";
import { needlesOf, type Secret } from "./needles.ts";
import { searchHere, searchHost, type Find } from "./search.ts";
import { plantProcesses } from "./watch.ts";

/** What a search found. */
export interface Searched {
  /** As root. */
  readonly finds: readonly Find[];
  /** As a user who has no business on the hosts. */
  readonly nobody: readonly Find[];
}

/** What is compressed in its files, or only in memory, as text: the journal, and what Ceph's monitors remember of orders and settings. */
const writeOut = `journalctl --all --output export >/dev/shm/torocloud-watch/journal
if [ -e /etc/ceph/ceph.client.admin.keyring ]; then
  { timeout 60 ceph log last 10000 debug '*'; timeout 60 ceph config dump; timeout 60 ceph config log 1000
    for socket in /run/ceph/*.asok; do timeout 20 ceph --admin-daemon "$socket" config show; done
  } >/dev/shm/torocloud-watch/ceph 2>&1 || :
fi`;

/** Searches every host, and on this machine all that Pulumi wrote, printed or passed to a program. */
export async function searchEverywhere(life: Life): Promise<Searched> {
  const needles = new Map([...life.needles(), ...needlesOf(writtenDecoys)]);
  const finds: Find[] = [];
  const nobody: Find[] = [];
  for (const { name } of life.workspace.hosts) {
    await onHost(life.workspace, name, writeOut);
    finds.push(...(await searchHost(life.workspace, name, { needles })));
    nobody.push(...(await searchHost(life.workspace, name, { needles: life.needles(), user: "nobody" })));
  }
  finds.push(...(await searchHere(needles, await rootsHere(life))));
  return { finds, nobody };
}

/** The run's own folder has Pulumi's state, its backups and history, its home, its temporary files and its words. */
async function rootsHere({ workspace, stack }: Life): Promise<readonly string[]> {
  const { birthtimeMs } = await stat(workspace.folder);
  const shared = ["/tmp", "/var/tmp", "/dev/shm"];
  const files = await Promise.all(
    shared.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
  );
  const fresh = await Promise.all(
    files.flat().map(async (path) => {
      const found = await stat(path).catch(() => undefined);
      return found?.isFile() === true && found.mtimeMs > birthtimeMs ? [path] : [];
    }),
  );
  return [workspace.folder, join(ownProject("secrets"), `Pulumi.${stack.name}.yaml`), ...fresh.flat()];
}

const written = Buffer.from("a decoy: +/=&? \u00e9", "utf8");

/** Decoys in other writings than the plain one. */
const writtenDecoys: readonly Secret[] = [{ name: "decoy, written otherwise", values: [written] }];

/** Where a decoy must be found. */
export interface Expected {
  readonly where: string;
  readonly path: RegExp;
}

/**
 * Puts the decoy where no cloud puts anything, and tells all places where a search must find it: these, and those to which the
 * program's configuration has led it.
 */
export async function plantDecoys(life: Life): Promise<readonly Expected[]> {
  const { workspace, decoy } = life;
  const plants = [
    ...["/tmp/decoy", "/var/tmp/decoy", "/dev/shm/decoy", "/run/decoy", "/root/.bash_history"].map(
      (path) => [path, decoy] as const,
    ),
    ["/var/lib/decoy.torocloud-new", written.toString()] as const,
    ["/tmp/decoy-base64", Buffer.concat([Buffer.from("x"), written]).toString("base64")] as const,
    ["/tmp/decoy-hex", written.toString("hex")] as const,
    ["/tmp/decoy-url", encodeURIComponent(written.toString("latin1"))] as const,
  ];
  const script = plants.map(([path, text]) => `cat >>${path} <<'END'\n${text}\nEND`).join("\n");
  await onHost(workspace, "host1", `${script}\nlogger ${decoy}\njournalctl --sync`);
  await onHost(workspace, "node1", `timeout 60 ceph log ${decoy}`);
  await plantProcesses(workspace, "host1", { short: decoy, long: decoy, environment: decoy });
  return [
    ...plants.map(([path]) => at("host1", path)),
    at("host1", "/dev/shm/torocloud-watch/execs"),
    at("host1", "/dev/shm/torocloud-watch/samples"),
    at("host1", "/etc/torocloud/guest/web-0.json"),
    at("host1", "/etc/systemd/system/torocloud-guest-web-0.service"),
    at("host1", "/dev/shm/torocloud-watch/journal"),
    at("node1", "/dev/shm/torocloud-watch/ceph"),
    ...[
      "state/.pulumi/stacks/",
      "state/.pulumi/history/",
      "state/.pulumi/backups/",
      "events-",
      "log",
      "said",
      "processes",
    ].map((name) => at("here", join(workspace.folder, name), "")),
  ];
}

function at(where: string, path: string, end = "$"): Expected {
  return { where, path: new RegExp(`^${path.replaceAll(".", "\\.")}${end}`) };
}
