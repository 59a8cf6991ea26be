import type * as pulumi from "@pulumi/pulumi";

/** Options for a part of a component that comes after other resources. */
export function within(
  parent: pulumi.Resource,
  ...dependsOn: readonly pulumi.Resource[]
): pulumi.CustomResourceOptions {
  return { parent, dependsOn: [...dependsOn] };
}

/** Options for what version 0.1.0 declared under another name in the same component: what a stack has of that time is this one. */
export function formerly(name: string): { aliases: pulumi.Alias[] } {
  return { aliases: [{ name }] };
}
