import { z } from "zod";

/** What every resource takes; the SDK fills in the first two. */
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
});

export type CommonInputs = z.output<typeof commonInputs>;

/** A change of these is written to state and marker, and touches nothing that runs. */
export const commonFields = Object.keys(commonInputs.shape);
