import { setTimeout as sleep } from "node:timers/promises";
import { askCeph } from "../cloud/support/hosts.ts";
import type { Stack, StateResource } from "../cloud/support/stack.ts";
import type { Workspace } from "../cloud/support/workspace.ts";
import { expectedOn, type Expected } from "./expected.ts";
import { inspectHosts, type Sections } from "./inspection.ts";

const calmWithinSeconds = 240;

/** What is on the hosts and not in the state, in the state and not on the hosts, there twice, or half-done: a sentence each. */
export async function disagreements(workspace: Workspace, cloud: Stack): Promise<readonly string[]> {
  const state = JSON.parse(await cloud.exported()) as {
    readonly deployment: { readonly resources?: StateResource[]; readonly pending_operations?: unknown[] };
  };
  const { resources = [], pending_operations: pending = [] } = state.deployment;
  const found = await untilCalm(async () => compareHosts(workspace, resources));
  const twice = resources.map(({ urn }) => urn).filter((urn, index, all) => all.indexOf(urn) !== index);
  return [
    ...found,
    ...twice.map((urn) => `the state has ${urn} twice`),
    ...pending.map(
      (operation) => `the state has a pending operation: ${JSON.stringify(operation).slice(0, 200)}`,
    ),
    ...(resources.length > 0 ? await cephDisagreements(workspace, resources) : []),
  ];
}

/** After a reboot, systemd is at work for a while; what is wrong then is wrong only if it stays. */
async function untilCalm(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const until = performance.now() + calmWithinSeconds * 1000;
  let found = await look();
  while (found.length > 0 && performance.now() < until) {
    await sleep(3000);
    found = await look();
  }
  return found;
}

async function compareHosts(
  workspace: Workspace,
  resources: readonly StateResource[],
): Promise<readonly string[]> {
  const seen = await inspectHosts(workspace);
  return [...seen].flatMap(([host, sections]) =>
    compareHost(sections, expectedOn(host, resources)).map((line) => `${host}: ${line}`),
  );
}

/** One host's differences. */
export function compareHost(sections: Sections, expected: Expected): readonly string[] {
  const section = (name: string): readonly string[] => sections.get(name) ?? [];
  const kept = expected.markers.size === 0;
  const present = (name: string, lines: readonly string[]): string[] =>
    lines.map((line) => `${name} ${line}`);
  return [
    ...markerDifferences(section("marker"), expected, kept),
    ...unitDifferences(section("unit"), expected),
    ...present(
      "unit file that nothing declares:",
      section("unit-file").filter((file) => !expected.files.has(file)),
    ),
    ...processDifferences(section("process"), expected),
    ...present("the host program still runs: process", section("program")),
    ...present("systemd has a job:", section("job")),
    ...present("packages are half-installed:", section("dpkg")),
    ...present(
      "left behind:",
      section("file").filter((file) => !expected.files.has(file)),
    ),
    ...present("there twice:", twice(section("store"))),
    ...(section("user").length > 0 &&
    ![...expected.markers].some((marker) => marker.startsWith("hypervisor/"))
      ? ["the user torocloud is left"]
      : []),
  ];
}

function markerDifferences(lines: readonly string[], { markers }: Expected, kept: boolean): string[] {
  const seen = new Map(
    lines.map((line) => {
      const [file = "", state = "?"] = line.split(" ");
      return [
        file.replace(
          /^(?:\/etc\/torocloud|\/srv\/torocloud\/\.torocloud|torocloud)\/(.*?)(?:\.json)?$/,
          "$1",
        ),
        state,
      ] as const;
    }),
  );
  return [
    ...[...markers].filter((name) => !seen.has(name)).map((name) => `no marker of ${name}`),
    ...[...seen].flatMap(([name, state]) => {
      if (markers.has(name)) return state === "ready" ? [] : [`marker of ${name} is ${state}`];
      return kept && state === "kept"
        ? []
        : [`marker of ${name}, which the state does not have, is ${state}`];
    }),
  ];
}

function unitDifferences(lines: readonly string[], { units, onDemand }: Expected): string[] {
  const seen = new Map(lines.map((line) => line.split(" ") as [string, string]));
  const wrong = [...seen].flatMap(([unit, state]) => {
    if (!units.has(unit))
      return state === "inactive" ? [] : [`unit ${unit}, which nothing declares, is ${state}`];
    const fine = state === "active" || (state === "inactive" && onDemand.has(unit));
    return fine ? [] : [`unit ${unit} is ${state}`];
  });
  const missing = [...units].filter((unit) => !seen.has(unit) && !onDemand.has(unit));
  return [...wrong, ...missing.map((unit) => `unit ${unit} does not run`)];
}

function processDifferences(seen: readonly string[], { processes }: Expected): string[] {
  const programs = new Set([...seen, ...processes.keys()]);
  return [...programs].flatMap((program) => {
    const count = seen.filter((other) => other === program).length;
    const wanted = processes.get(program) ?? 0;
    return count === wanted ? [] : [`${count} processes of ${program}, not ${wanted}`];
  });
}

/** Stores of one kind on one host, where there are several. */
function twice(stores: readonly string[]): readonly string[] {
  const folder = (store: string): string => store.slice(0, store.lastIndexOf("/"));
  return stores.filter((store) => stores.some((other) => other !== store && folder(other) === folder(store)));
}

const born = [
  "admin",
  "bootstrap-mds",
  "bootstrap-mgr",
  "bootstrap-osd",
  "bootstrap-rbd",
  "bootstrap-rbd-mirror",
  "bootstrap-rgw",
];

async function cephDisagreements(
  workspace: Workspace,
  resources: readonly StateResource[],
): Promise<readonly string[]> {
  const ids = resources.flatMap(({ id, outputs = {} }) => {
    const [kind, name = ""] = (id ?? "").split("/").slice(-2);
    return [{ kind, name, outputs }];
  });
  const names = (kind: string): string[] => ids.flatMap((one) => (one.kind === kind ? [one.name] : []));
  const osds = ids.filter(({ kind }) => kind === "ceph-osd").map(({ outputs }) => String(outputs["number"]));
  const keys = [
    ...born.map((name) => `client.${name}`),
    ...names("ceph-client-key").map((name) => `client.${name}`),
    ...names("ceph-manager").map((name) => `mgr.${name}`),
    ...names("ceph-metadata-server").map((name) => `mds.${name}`),
    ...osds.map((number) => `osd.${number}`),
  ];
  const pools = [
    ".mgr",
    ...names("ceph-file-system").flatMap((name) => [`${name}_metadata`, `${name}_data`]),
  ];
  const auth = (await askCeph(workspace, "auth ls")) as { auth_dump: { entity: string }[] };
  const listed = (await askCeph(workspace, "osd pool ls")) as string[];
  const dump = (await askCeph(workspace, "osd dump")) as { osds: { osd: number; up: number; in: number }[] };
  return [
    ...setDifference(
      "key",
      auth.auth_dump.map(({ entity }) => entity),
      keys,
    ),
    ...setDifference("pool", listed, pools),
    ...setDifference(
      "OSD",
      dump.osds.map(({ osd }) => String(osd)),
      osds,
    ),
  ];
}

function setDifference(what: string, seen: readonly string[], wanted: readonly string[]): string[] {
  return [
    ...seen
      .filter((one) => !wanted.includes(one))
      .map((one) => `Ceph has ${what} ${one}, which nothing declares`),
    ...wanted.filter((one) => !seen.includes(one)).map((one) => `Ceph has no ${what} ${one}`),
  ];
}
