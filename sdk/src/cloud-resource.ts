import * as pulumi from "@pulumi/pulumi";
import { dynamicSource, Facts, factsField, identify, registry } from "@torocloud/provider";
import { noSecrets } from "./no-secrets.ts";
import { currentProgram } from "./program.ts";
import { settings } from "./settings.ts";

/** What every resource takes beside its own arguments. */
export interface CommonArgs {
  /**
   * What happens to people's data when the resource is deleted: kept where it is, or destroyed.
   * Default: the stack's configuration `torocloud:onDelete`, or else `"keepData"`.
   */
  readonly onDelete?: pulumi.Input<"keepData" | "destroyData">;
  /**
   * Take over what is there already and belongs to no stack: what matches is left as it is, what is missing is made, what
   * differs is told and repaired by the next `up`. Default: false, which refuses it.
   */
  readonly adopt?: pulumi.Input<boolean>;
  /** How many seconds each phase of an operation may take. */
  readonly timeouts?: pulumi.Input<Timeouts>;
}

/** What is left out has its default. */
export interface Timeouts {
  /** For looking at what is there. Default: 120. */
  readonly lookSeconds?: pulumi.Input<number>;
  /** For making a change, waiting until it serves included. Default: 1800. */
  readonly changeSeconds?: pulumi.Input<number>;
  /** For each wait until something serves. Default: each has a limit of its own. */
  readonly waitSeconds?: pulumi.Input<number>;
  /** For taking it away. Default: 1800. */
  readonly removeSeconds?: pulumi.Input<number>;
}

interface Declaration {
  /** The provider's type token. */
  readonly type: string;
  readonly name: string;
  readonly args: CommonArgs & object;
  /** All its properties; what the program leaves out, the provider fills in. */
  readonly fields: readonly string[];
}

/**
 * Pulumi takes four stack traces for each property of each resource, to show them under this variable alone. Through ts-node
 * they are a third of a program with hundreds of resources.
 */
const debugsPromises = process.env["PULUMI_DEBUG_PROMISE_LEAKS"] !== undefined;

/** Where Pulumi's provider process looks for the source of a resource's provider. */
const sourceField = "__provider";

/** A resource of torocloud: its lifecycle is @torocloud/provider's. To Pulumi it is a dynamic resource whose provider was not serialized but written. */
export abstract class CloudResource extends pulumi.CustomResource {
  /** What was found to be otherwise on the host than declared, a sentence each; the next update repairs it. */
  declare readonly drift: pulumi.Output<readonly string[]>;

  constructor({ type, name, args, fields }: Declaration, opts?: pulumi.CustomResourceOptions) {
    const { inventory, owner, onDelete } = settings();
    const inputs = { onDelete, ...noSecrets(name, args), inventory, owner };
    const facts = factsOf(type, args as { readonly host?: unknown });
    const outputs = Object.fromEntries([...fields, "drift"].map((field) => [field, undefined]));
    const source = { [sourceField]: dynamicSource(type) };
    const hideDiffs = [sourceField, ...(opts?.hideDiffs ?? [])];
    const dynamicType = `pulumi-nodejs:dynamic/torocloud:${type.slice(type.lastIndexOf(":") + 1)}`;
    const depth = Error.stackTraceLimit;
    Error.stackTraceLimit = debugsPromises ? depth : 0;
    try {
      super(dynamicType, name, { ...outputs, ...inputs, ...facts, ...source }, { ...opts, hideDiffs });
    } finally {
      Error.stackTraceLimit = depth;
    }
    claim(this, type, name, args);
  }
}

/** A text or a number, or a list of such. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value === "string" || typeof value === "number";
}

/** What the program's `Host` of the same machine is found to be, for the rules of a resource that has such. */
function factsOf(type: string, { host }: { readonly host?: unknown }): Readonly<Record<string, unknown>> {
  const machine = currentProgram().declared.get(`${String(host)}/host/${String(host)}`)?.resource;
  if (machine === undefined || registry.get(type)?.requires === undefined) return {};
  const found = machine as unknown as Readonly<Record<string, unknown>>;
  const fields = Object.keys(Facts.shape).map((field) => [field, found[field]]);
  return { [factsField]: Object.fromEntries(fields) as unknown };
}

/**
 * Two resources of a program must not be the same thing on a host, nor two guests of a host answer to one number: the second is
 * refused before anything happens.
 */
function claim(resource: pulumi.Resource, type: string, name: string, args: object): void {
  const plain = Object.fromEntries(Object.entries(args).filter(([, value]) => isPlain(value)));
  const { declared } = currentProgram();
  const take = (key: string, refusal: (other: string) => string): void => {
    const other = declared.get(key);
    if (other !== undefined) throw new pulumi.RunError(refusal(other.name));
    declared.set(key, { name, resource });
  };
  const known = identify(type, plain);
  for (const place of known?.claims ?? [])
    take(
      place,
      (other) =>
        `${name} and ${other} are both ${String(known?.place)}; give one of them another name, port or host`,
    );
  const { host, contextId } = plain;
  if (type === "torocloud:microvm:Guest" && host !== undefined && contextId !== undefined)
    take(
      `${String(host)} context id ${String(contextId)}`,
      (other) =>
        `${name} and ${other} both have the contextId ${String(contextId)} on ${String(host)}; give one of them another`,
    );
}
