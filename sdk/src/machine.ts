import type * as pulumi from "@pulumi/pulumi";
import { Host, type HostArgs } from "./host.ts";
import { currentProgram } from "./program.ts";
import { formerly } from "./within.ts";

interface Machine {
  /** Its name in the inventory. */
  readonly host: string;
  /** The component that needs it. */
  readonly component: pulumi.ComponentResource;
  readonly name: string;
  readonly common: Pick<HostArgs, "timeouts">;
}

/**
 * The `Host` of a machine: the one that the program has declared already, or a new one within the component. So a machine may be
 * a node of a cluster and a client host at once.
 */
export function machine({ host, component, name, common }: Machine): Host {
  const known = currentProgram().declared.get(`${host}/host/${host}`)?.resource;
  if (known instanceof Host) return known;
  return new Host(`${name}-${host}`, { host, ...common }, { parent: component, ...formerly(host) });
}
