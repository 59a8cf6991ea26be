import type { z } from "zod";
import type { Artifact, Condition, Query } from "../artifacts/artifact.ts";
import type { Host } from "../host-program/host.ts";
import type { CommonInputs } from "../validation/common-inputs.ts";
import type { Facts } from "../validation/facts.ts";

/** What a changed field does to what already exists. */
export type OnChange =
  /** Brought about without interrupting what it serves. */
  | "live"
  /** Brought about; what runs is restarted. */
  | "restart"
  /** Stopped where it was and started elsewhere, of a `host`: never on both. What may move has an id without a place. */
  | "move"
  /** Another one in its place. */
  | "replace"
  /** Only the state and the ownership marker learn of it; nothing that runs notices. */
  | "record"
  /** Refused in preview: there is no way yet that keeps people's data. */
  | "refuse";

export type ReplaceOrder = "create-then-delete" | "delete-then-create";

/** `otherwise` counts for what is not named, and where several fields that differ in this ask for it. */
export type ReplaceOrders<Field extends PropertyKey> = Readonly<
  Partial<Record<Field, ReplaceOrder>> & { otherwise: ReplaceOrder }
>;

/** What a change of a field does, always or as the two values say; `mostly` counts while one of them is not known yet. */
export type Rule<Value = unknown> =
  | OnChange
  | {
      readonly mostly: OnChange;
      /** A refusal says what was expected: "expected 5 GiB or more, because a store cannot shrink". */
      of(before: Value, after: Value): OnChange | { readonly refuse: string };
    };

/** What every definition is handed: its own inputs, and those that all resources have. */
export type Desired<Inputs extends z.ZodObject, Derived extends z.ZodObject> = z.output<Inputs> &
  z.output<Derived> &
  CommonInputs;

/** A value that cannot be used, in words for the person who wrote it. */
export interface Problem {
  /** The input it is about, dotted where it lies deeper: "shares.0.tag". */
  readonly property: string;
  /** "is 70000; expected a port, 1 to 65535" */
  readonly reason: string;
}

/** The hosts of the inventory, connected when first used. */
export type Hosts = (name: string) => Host;

/** How something goes that must not go at once: its data moves elsewhere first. */
export interface Leaving {
  /** Of what goes in the same turn only one goes at a time. */
  readonly turn: string;
  /** What must be so, or it is refused with what was seen. */
  readonly only: readonly Condition[];
  /** Applied first; what is applied here is undone by an update, when it is put back into the program. */
  readonly drain: readonly Artifact[];
  /** What is waited for before anything is removed. */
  readonly waits: readonly Condition[];
}

interface Definition<
  Inputs extends z.ZodObject,
  Derived extends z.ZodObject,
  Outputs extends z.ZodObject,
  Secrets,
> {
  readonly type: `${string}:${string}:${string}`;
  /** One sentence for documentation and previews. */
  readonly summary: string;
  /** The middle of the id, and the directory of its ownership markers. */
  readonly kind: string;
  readonly inputs: Inputs;
  /** What is computed from the inputs while they are checked, so that previews show it. */
  readonly derived: Derived;
  /** What a host alone can tell: `report` asks for it. */
  readonly outputs: Outputs;
  /** How each derived field is computed. Pure, without SSH; may read an input that is not known yet. */
  readonly derive: {
    readonly [Field in keyof z.output<Derived>]: (
      inputs: z.output<Inputs> & CommonInputs,
    ) => z.output<Derived>[Field];
  };
  /** Derived fields that identify what exists: computed when state has none, and kept from state ever after. */
  readonly keeps?: readonly (keyof z.output<Derived> & string)[];
  /** One rule per field: a field without a rule, or a rule without a field, does not compile. */
  readonly onChange: {
    readonly [Field in keyof z.output<Inputs>]-?: Rule<NonNullable<z.output<Inputs>[Field]>>;
  } & { readonly [Field in keyof z.output<Derived>]-?: Rule<NonNullable<z.output<Derived>[Field]>> };
  /** For all fields that replace it, or for each by itself: another host can be made first, the same port of a host cannot. */
  readonly replaceOrder: ReplaceOrder | ReplaceOrders<keyof z.output<Inputs> | keyof z.output<Derived>>;

  /**
   * Where it lies, and its marker with it, when that is not its host: on CephFS, or in the cluster itself. It takes `hosts` then,
   * through any of which it is managed, and no `host`.
   */
  readonly lies?: "storage" | "cluster";

  /** Unique on its host among its kind; in its stack, where its id has no place. */
  name(desired: Desired<Inputs, Derived>): string;
  /** Rules that concern several fields, or local files. Pure, without SSH; may read a field that is not known yet. */
  validate?(inputs: z.output<Inputs> & CommonInputs): readonly Problem[];
  /** Rules over what its host was found to be, which a preview knows once the host has been asked. As `validate`. */
  requires?(inputs: z.output<Inputs> & CommonInputs, facts: Facts): readonly Problem[];
  /** Secrets that the artifacts need and that live on another host. Fetched in every operation, never stored. */
  fetchSecrets?(hosts: Hosts, desired: Desired<Inputs, Derived>): Promise<Secrets>;
  /** What it is made of, in the order of making. There are no secrets when it is only to be removed. */
  artifacts(desired: Desired<Inputs, Derived>, secrets: Secrets | undefined): readonly Artifact[];
  /** What comes by itself (a log, a runtime directory): nobody makes or looks at it, and it goes with the resource. */
  comesByItself?(desired: Desired<Inputs, Derived>): readonly Artifact[];
  /** What must be so before it is made the first time: nobody else listens on its port. */
  preconditions?(desired: Desired<Inputs, Derived>): readonly Condition[];
  /** What is waited for after a change, in order; what does not come true is the change's failure. */
  readyWhen?(desired: Desired<Inputs, Derived>): readonly Condition[];
  /** Asks for the outputs. */
  report?(desired: Desired<Inputs, Derived>): Query;
  /** What must be so before anything is removed; otherwise the removal is refused with what was seen. */
  removableWhen?(desired: Desired<Inputs, Derived>): readonly Condition[];
  /** How it goes, where it must not go at once; undefined where it may. */
  leaving?(desired: Desired<Inputs, Derived>): Leaving | undefined;
  /** What it serves together with others: of these only one is interrupted at a time. */
  turn?(desired: Desired<Inputs, Derived>): string | undefined;
}

export type Props = Readonly<Record<string, unknown>>;

/** A definition once its types have done their work: what the lifecycle, registry and adapters see. */
export interface Resource {
  readonly type: string;
  readonly summary: string;
  readonly kind: string;
  readonly inputs: z.ZodObject;
  readonly derived: z.ZodObject;
  readonly outputs: z.ZodObject;
  readonly derive: Readonly<Record<string, (inputs: Props) => unknown>>;
  readonly keeps?: readonly string[];
  readonly onChange: Readonly<Record<string, Rule>>;
  readonly replaceOrder: ReplaceOrder | ReplaceOrders<string>;
  readonly lies?: "storage" | "cluster";
  name(inputs: Props): string;
  validate?(inputs: Props): readonly Problem[];
  requires?(inputs: Props, facts: Facts): readonly Problem[];
  fetchSecrets?(hosts: Hosts, desired: Props): Promise<unknown>;
  artifacts(desired: Props, secrets: unknown): readonly Artifact[];
  comesByItself?(desired: Props): readonly Artifact[];
  preconditions?(desired: Props): readonly Condition[];
  readyWhen?(desired: Props): readonly Condition[];
  report?(desired: Props): Query;
  removableWhen?(desired: Props): readonly Condition[];
  leaving?(desired: Props): Leaving | undefined;
  turn?(desired: Props): string | undefined;
}

/** Declare a resource. Every one has a `host` input: where its marker is and its requests go; or `hosts`, where it `lies` elsewhere. */
export function defineResource<
  Inputs extends
    z.ZodObject<{ host: z.ZodType<string> }> | z.ZodObject<{ hosts: z.ZodType<readonly string[]> }>,
  Derived extends z.ZodObject,
  Outputs extends z.ZodObject,
  Secrets = undefined,
>(definition: Definition<Inputs, Derived, Outputs, Secrets>): Resource {
  // The lifecycle hands over exactly what `inputs` and `derive` produced; the types say so only up to here.
  return definition as unknown as Resource;
}
