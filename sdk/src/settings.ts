import * as pulumi from "@pulumi/pulumi";
import { inventoryOf, missingCredentials } from "@torocloud/provider";
import { currentProgram } from "./program.ts";

/** What the stack's configuration says for all resources of a program. */
export interface Settings {
  /** `torocloud:inventory`, or inventory.yaml: relative to the folder of Pulumi.yaml. */
  readonly inventory: string;
  /** organization/project/stack */
  readonly owner: string;
  /** `torocloud:onDelete` */
  readonly onDelete: "keepData" | "destroyData";
  /** `torocloud:vhostDeviceVsock`: the program that stands in where a host's kernel has no vhost-vsock. */
  readonly vhostDeviceVsock: string | undefined;
}

/** Read from the stack's configuration. Stops the program when the inventory cannot be used, and says where it is wrong. */
export function settings(): Settings {
  const config = new pulumi.Config("torocloud");
  const onDelete = config.get("onDelete") ?? "keepData";
  if (onDelete !== "keepData" && onDelete !== "destroyData") {
    throw new pulumi.RunError(`torocloud:onDelete is "${onDelete}"; expected "keepData" or "destroyData"`);
  }
  const inventory = config.get("inventory") ?? "inventory.yaml";
  try {
    inventoryOf(inventory);
    tellMissingCredentials(inventory);
  } catch (error) {
    throw new pulumi.RunError(error instanceof Error ? error.message : String(error));
  }
  return {
    inventory,
    owner: `${pulumi.getOrganization()}/${pulumi.getProject()}/${pulumi.getStack()}`,
    onDelete,
    vhostDeviceVsock: config.get("vhostDeviceVsock"),
  };
}

/** A preview needs no key: one that is missing is told, once, and refused only where a host is to be reached. */
function tellMissingCredentials(inventory: string): void {
  const { told } = currentProgram();
  if (told.has(inventory)) return;
  told.add(inventory);
  for (const problem of missingCredentials(inventory)) void pulumi.log.warn(problem);
}
