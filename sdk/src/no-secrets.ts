import * as pulumi from "@pulumi/pulumi";

/** The arguments of a resource; one that holds a secret stops the program before anything of it leaves this process. */
export function noSecrets<Args extends object>(resource: string, args: Args): Args {
  const entries = Object.entries(args).map(([field, value]) => [
    field,
    refused(`${resource}: ${field}`, value),
  ]);
  return Object.fromEntries(entries) as Args;
}

function refused(place: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const output = pulumi.output(value);
  const checked = pulumi.isSecret(output).then((secret) => {
    if (!secret) return output;
    throw new pulumi.RunError(
      `${place} is a secret, and inputs are readable on the hosts, in ownership markers, units and process lists; ` +
        `put it into a file of a share that its guest reads`,
    );
  });
  return pulumi.output(checked);
}
