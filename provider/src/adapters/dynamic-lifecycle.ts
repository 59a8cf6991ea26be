import type { dynamic } from "@pulumi/pulumi";
import type { Props, Resource } from "../lifecycle/define-resource.ts";
import { PartialFailure } from "../lifecycle/errors.ts";
import { hostsOf, idOf } from "../lifecycle/instance.ts";
import { lifecycleOf } from "../lifecycle/lifecycle.ts";
import { registry } from "../registry.ts";
import { notesOf } from "./notes.ts";
import { surroundings } from "./surroundings.ts";

type Provider = Pick<
  Required<dynamic.ResourceProvider>,
  "check" | "diff" | "create" | "read" | "update" | "delete"
>;

/** The lifecycle of a resource type in the words of Pulumi's dynamic provider. Throws for a type that is not ours. */
export function dynamicLifecycle(type: string): Provider {
  const resource = resourceOf(type);
  const lifecycle = lifecycleOf(resource, surroundings);
  const notes = notesOf(surroundings.log);
  return {
    check: async (olds: Props, news: Props) => {
      const { inputs, problems } = lifecycle.check(withoutSource(news), withoutSource(olds));
      notes.expect(inputs);
      const failures = problems.map(({ property, reason }) => ({
        property,
        reason: `${property} ${reason}`,
      }));
      return { inputs: plain(inputs), failures };
    },
    diff: async (_id, olds: Props, news: Props) => {
      const { changes, replaces, deleteBeforeReplace, notes: found } = lifecycle.diff(olds, news);
      notes.tell(placeOf(resource, olds), withoutSource(news), found);
      return { changes, replaces: [...replaces], deleteBeforeReplace };
    },
    create: async (inputs: Props) => {
      const { id, state } = await withSource(inputs, lifecycle.create(inputs));
      return { id, outs: plain(state) };
    },
    read: async (id, props: Props = {}) => {
      const state = await concise(lifecycle.read(id, props));
      return state ? { id, props: plain(state) } : { id: "", props: {} };
    },
    update: async (id, olds: Props, news: Props) => ({
      outs: plain(await withSource(news, lifecycle.update(id, olds, news))),
    }),
    delete: async (id, props: Props) => concise(lifecycle.delete(id, props)),
  };
}

/** Pulumi prints the stack of an error beside its message here; ours say all in the message. */
async function concise<Value>(act: Promise<Value>): Promise<Value> {
  try {
    return await act;
  } catch (error) {
    if (error instanceof Error) error.stack = "";
    throw error;
  }
}

/** Where Pulumi keeps the provider's own source among the inputs. */
const sourceField = "__provider";

function withoutSource(inputs: Props): Props {
  return Object.fromEntries(Object.entries(inputs).filter(([field]) => field !== sourceField));
}

/** What is half-made is kept in state as the error has it, and without the source nothing could be done with it. */
async function withSource<Value>(inputs: Props, act: Promise<Value>): Promise<Value> {
  try {
    return await act;
  } catch (error) {
    if (!(error instanceof PartialFailure)) throw error;
    throw new PartialFailure(
      error.id,
      plain({ ...error.properties, [sourceField]: inputs[sourceField] }),
      error.cause,
    );
  }
}

/** Where a resource will be: by kind and name for whoever reads, with the host of what is on one; and its id. */
export interface Identity {
  readonly place: string;
  readonly id: string;
  /** The place on each host through which it is reached: two resources that share one are the same thing. */
  readonly claims: readonly string[];
}

/** As far as these inputs tell; undefined where it depends on others. */
export function identify(type: string, inputs: Props): Identity | undefined {
  const resource = resourceOf(type);
  const missing: (string | symbol)[] = [];
  const watched = new Proxy(inputs, {
    get(target, field) {
      if (!(field in target)) missing.push(field);
      return Reflect.get(target, field) as unknown;
    },
  });
  const place = placeOf(resource, watched);
  const id = idOf(resource, String(inputs["host"]), resource.name(watched));
  const claims = hostsOf(inputs).map((host) => `${host}/${resource.kind}/${resource.name(watched)}`);
  return missing.length === 0 ? { place, id, claims } : undefined;
}

/** Kind and name, for whoever reads, and the host of what is on one, also where its id has no place. */
function placeOf(resource: Resource, state: Props): string {
  const host = resource.lies === undefined ? `${String(state["host"])}/` : "";
  return `${host}${resource.kind}/${resource.name(state)}`;
}

/** Throws for a type that is not ours. */
export function resourceOf(type: string): Resource {
  const resource = registry.get(type);
  if (!resource)
    throw new Error(`@torocloud/provider has no resource of type ${type}; is it as new as @torocloud/sdk?`);
  return resource;
}

/** The engine's values are JSON's: no `undefined`, no Date, no NaN. */
function plain(props: Props): Record<string, unknown> {
  return JSON.parse(JSON.stringify(props)) as Record<string, unknown>;
}
