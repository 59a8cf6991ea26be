import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { foreignThings, plantForeignThings } from "./foreign.ts";
import { listHosts, packagesOf, type Listing } from "./listing.ts";
import type { Workspace } from "./workspace.ts";

/** The hosts before anything of ours was there. */
export interface Baseline {
  readonly listings: ReadonlyMap<string, Listing>;
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  /** What is there of somebody else's. */
  readonly foreign: string;
}

interface Saved {
  readonly listings: Readonly<Record<string, readonly string[]>>;
  readonly packages: Readonly<Record<string, readonly string[]>>;
  readonly foreign: string;
}

/** Plants what is not ours and writes everything down; in a folder that was kept it is read again. */
export async function takeBaseline(workspace: Workspace): Promise<Baseline> {
  const file = join(workspace.folder, "baseline.json");
  if (!existsSync(file)) {
    await plantForeignThings(workspace);
    const foreign = await foreignThings(workspace);
    const listings = await listHosts(workspace);
    const packages = await Promise.all(
      workspace.hosts.map(async ({ name }) => [name, [...(await packagesOf(workspace, name))]] as const),
    );
    const saved: Saved = {
      listings: Object.fromEntries([...listings].map(([host, lines]) => [host, [...lines]])),
      packages: Object.fromEntries(packages),
      foreign,
    };
    writeFileSync(file, JSON.stringify(saved));
  }
  const { listings, packages, foreign } = JSON.parse(readFileSync(file, "utf8")) as Saved;
  return { listings: sets(listings), packages: sets(packages), foreign };
}

function sets(record: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(Object.entries(record).map(([host, lines]) => [host, new Set(lines)]));
}
