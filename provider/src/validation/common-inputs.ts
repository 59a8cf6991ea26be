import { z } from "zod";

const seconds = (what: string): z.ZodOptional<z.ZodInt> =>
  z
    .int("expected a whole number of seconds, 1 to 86400")
    .min(1, "expected a whole number of seconds, 1 to 86400")
    .max(86_400, "expected a whole number of seconds, 1 to 86400")
    .optional()
    .describe(what);

/** Seconds for each phase of an operation; what is left out has its default. */
export const Timeouts = z.strictObject(
  {
    lookSeconds: seconds("For looking at what is there; 120 by default."),
    changeSeconds: seconds("For making a change, waiting until it serves included; 1800 by default."),
    waitSeconds: seconds("For each wait until something serves; by default each has a limit of its own."),
    removeSeconds: seconds("For taking it away; 1800 by default."),
  },
  "expected lookSeconds, changeSeconds, waitSeconds, removeSeconds",
);

/** What a phase may take where a resource does not say. A new default changes nobody's state. */
export const defaultTimeouts = { lookSeconds: 120, changeSeconds: 1800, removeSeconds: 1800 } as const;

/**
 * What every resource takes; the SDK fills in the first two. A new one must be optional and without a default, or every
 * state that is older would differ.
 */
export const commonInputs = z.object({
  inventory: z
    .string()
    .min(1)
    .describe("The inventory file, relative to the folder of Pulumi.yaml. It is read anew in every run."),
  owner: z.string().min(1).describe("The stack that owns the thing: organization/project/stack."),
  onDelete: z
    .enum(["keepData", "destroyData"])
    .default("keepData")
    .describe("What happens to people's data when the resource is deleted: kept where it is, or destroyed."),
  adopt: z
    .boolean("expected true or false")
    .optional()
    .describe(
      "Take over what is there already and nobody's: what matches is left as it is, what differs is told and repaired by the next up.",
    ),
  timeouts: Timeouts.optional().describe("How long each phase of an operation may take."),
});

export type CommonInputs = z.output<typeof commonInputs>;

/** A change of these is written to state and marker, and touches nothing that runs. */
export const commonFields = Object.keys(commonInputs.shape);
