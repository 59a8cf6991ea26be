import type { Props } from "../lifecycle/define-resource.ts";
import { lifecycleOf } from "../lifecycle/lifecycle.ts";
import { resourceOf } from "./dynamic-lifecycle.ts";
import { surroundings } from "./surroundings.ts";

/** One resource as Pulumi's preview tells of it. */
export interface Previewed {
  /** "create", "update", "same", "replace", "delete" ... */
  readonly op: string;
  readonly inputs: Props;
  readonly state?: Props | undefined;
}

/** What the next `up` would do for it, in lines for a person. Looks at its host, and changes nothing. */
export async function explain(type: string, { op, inputs, state }: Previewed): Promise<string[]> {
  const lifecycle = lifecycleOf(resourceOf(type), surroundings);
  if (op.startsWith("delete")) return lifecycle.explainRemoval(state ?? inputs);
  return lifecycle.explain(inputs, op.startsWith("create") ? undefined : state);
}
