/** A resource as Pulumi writes it into a state, as far as it matters here. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Properties;
  readonly outputs?: Properties;
  /** It has been replaced, and is to be deleted. */
  readonly delete?: boolean;
  /** It has been deleted, and its replacement is to be created. */
  readonly pendingReplacement?: boolean;
}

export type Properties = Readonly<Record<string, unknown>>;

/** What the engine was at when it was killed. */
export interface PendingOperation {
  readonly type: string;
  readonly resource: StateResource;
}

/** The `deployment` of `pulumi stack export`. */
export interface Deployment {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly PendingOperation[];
}

/** What a host says of something that was being created. */
export type Finding =
  | { readonly urn: string; readonly id: string; readonly outputs: Properties }
  /** Nothing of it was made. */
  | { readonly urn: string; readonly absent: true }
  | { readonly urn: string; readonly error: string };

/** A state without the operations that could be settled, and what those were: "creating node1-mon". */
export interface TakenOver {
  readonly deployment: Deployment;
  readonly settled: readonly string[];
}

const ours = "pulumi-nodejs:dynamic/torocloud:";

/** The operations that hosts have to be asked about. */
export function creates({ pending_operations: operations = [] }: Deployment): readonly StateResource[] {
  return operations.filter((one) => one.type === "creating" && isOurs(one)).map(({ resource }) => resource);
}

/**
 * Settles pending operations: what had been begun on its host goes into the state, so that the next `up` goes on from it and
 * the next `destroy` deletes it; what was being changed or deleted is marked as drifted, so that the next `up` looks at it.
 */
export function takeOver(deployment: Deployment, findings: readonly Finding[]): TakenOver {
  const found = new Map(findings.map((finding) => [finding.urn, finding]));
  let resources = deployment.resources ?? [];
  const left: PendingOperation[] = [];
  const settled: string[] = [];
  for (const operation of deployment.pending_operations ?? []) {
    const after = isOurs(operation) ? settle(resources, operation, found) : undefined;
    if (after === undefined) left.push(operation);
    else settled.push(`${operation.type} ${nameOf(operation.resource.urn)}`);
    resources = after ?? resources;
  }
  return { deployment: { ...deployment, resources, pending_operations: left }, settled };
}

function isOurs({ resource }: PendingOperation): boolean {
  return resource.type.startsWith(ours);
}

/** The resources once an operation is settled; undefined where it has to stay. */
function settle(
  resources: readonly StateResource[],
  { type, resource }: PendingOperation,
  found: ReadonlyMap<string, Finding>,
): readonly StateResource[] | undefined {
  if (type !== "creating") {
    return resources.map((other) => (isSame(other, resource) ? drifted(other) : other));
  }
  const finding = found.get(resource.urn);
  if (finding === undefined || "error" in finding) return undefined;
  if ("absent" in finding) return resources;
  const { id, outputs } = finding;
  const others = resources.filter((other) => !(isSame(other, resource) && other.pendingReplacement === true));
  const known = others.find((other) => isSame(other, resource));
  // A later run has completed it; or what it is to replace still lives, and only an `up` can put it in its place.
  if (known !== undefined) return known.id === id ? resources : undefined;
  return [...others, { ...resource, id, outputs }];
}

function isSame(one: StateResource, other: StateResource): boolean {
  return one.urn === other.urn && one.delete !== true;
}

function drifted(resource: StateResource): StateResource {
  const drift = ["a run that was killed may have left it half-way"];
  return { ...resource, outputs: { ...resource.outputs, drift } };
}

function nameOf(urn: string): string {
  return urn.slice(urn.lastIndexOf("::") + 2);
}
