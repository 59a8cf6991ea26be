import type * as pulumi from "@pulumi/pulumi";

/** Options for a part of a component that comes after other resources. */
export function within(
  parent: pulumi.Resource,
  ...dependsOn: readonly pulumi.Resource[]
): pulumi.CustomResourceOptions {
  return { parent, dependsOn: [...dependsOn] };
}
