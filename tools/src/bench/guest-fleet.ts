import { ToolError } from "../errors.ts";
import { plainHosts, type PlainHosts } from "./plain-hosts.ts";
import { openProject, type Project, type ProjectRun } from "./project.ts";

/** How many guests there are. */
export const guestCount = 200;

/** Many guests on two hosts, and as many dynamic resources with the same inputs that do nothing, both up. */
export interface GuestFleet {
  readonly hosts: PlainHosts;
  readonly guests: Project;
  readonly nothing: Project;
  close(): Promise<void>;
}

/** Makes hosts and guests anew. */
export async function guestFleet(): Promise<GuestFleet> {
  const hosts = await plainHosts();
  const [guests, nothing] = [await openGuests(hosts, guestCount), await openNothing(hosts, guestCount)];
  for (const project of [guests, nothing]) await project.run("up");
  return {
    ...{ hosts, guests, nothing },
    async close() {
      await Promise.all([guests.close(), nothing.close()]);
    },
  };
}

/** A program that declares `count` guests. */
export async function openGuests({ names, inventoryFile }: PlainHosts, count: number): Promise<Project> {
  const own = (key: string): string => `torocloud-bench-guests:${key}`;
  return openProject("guests", {
    "torocloud:inventory": inventoryFile,
    [own("hosts")]: names.join(),
    [own("count")]: String(count),
  });
}

/** A program that declares `count` dynamic resources with the inputs of guests, which do nothing. */
export async function openNothing({ names }: PlainHosts, count: number): Promise<Project> {
  const own = (key: string): string => `torocloud-bench-nothing:${key}`;
  return openProject("nothing", {
    [own("hosts")]: names.join(),
    [own("count")]: String(count),
  });
}

/** Throws ToolError unless all that a run met, the stack itself included, was of one operation. */
export function expectAll({ changes }: ProjectRun, operation: string, resources: number): void {
  if (changes[operation] === resources + 1 && Object.keys(changes).length === 1) return;
  throw new ToolError(`Expected ${resources + 1} × ${operation}, and there was ${JSON.stringify(changes)}`);
}
