import * as pulumi from "@pulumi/pulumi";

/** What a run of a program has declared and said so far. */
export interface Program {
  /** The resources, by what each is on its host: "host1/share/web". */
  readonly declared: Map<string, Declared>;
  /** The inventories of which it was told what is missing. */
  readonly told: Set<string>;
}

export interface Declared {
  /** In the program. */
  readonly name: string;
  readonly resource: pulumi.Resource;
}

const programs = new WeakMap<object, Program>();
const outsideOfAny = {};

/**
 * The run of a program that is under way here. A process may run a program again, or several side by side (the Automation API):
 * Pulumi makes a stack resource for each, and in tests with mocks alone a monitor.
 */
export function currentProgram(): Program {
  const run: object = pulumi.runtime.getStackResource() ?? pulumi.runtime.getMonitor() ?? outsideOfAny;
  const known = programs.get(run) ?? { declared: new Map<string, Declared>(), told: new Set<string>() };
  programs.set(run, known);
  return known;
}
