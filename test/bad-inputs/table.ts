import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Props } from "../../provider/src/lifecycle/define-resource.ts";

/** A mistake in a resource's inputs: what is changed in a good example, and the sentence that a preview says. */
export interface InputRow {
  readonly title: string;
  readonly inputs: Props;
  /** Inputs that are left out. */
  readonly without?: readonly string[];
  /** The input that is named, dotted where it lies deeper. */
  readonly field: string;
  readonly says: string;
}

/** The mistakes in one resource. */
export interface ResourceRows {
  readonly resource: string;
  readonly rows: readonly InputRow[];
}

/** A mistake in an inventory file: its content, with a host's key as HOSTKEY, or a file that cannot be read. */
export interface InventoryRow {
  readonly title: string;
  readonly content?: string;
  readonly file?: string;
  readonly says: string;
}

/** A mistake that a program makes before any resource is looked at. */
export interface ProgramRow {
  readonly title: string;
  /** Of the stack. */
  readonly config?: Readonly<Record<string, string>>;
  readonly program: readonly {
    /** The class, as @torocloud/sdk exports it. */
    readonly make: string;
    readonly name: string;
    readonly args: Readonly<Record<string, unknown>>;
  }[];
  readonly says: string;
}

function table(name: string): unknown {
  return parse(readFileSync(join(import.meta.dirname, `${name}.yaml`), "utf8"));
}

export const resources = ["host", "ceph", "microvm"].flatMap(
  (name) => table(name) as readonly ResourceRows[],
);
export const inventories = table("inventory") as readonly InventoryRow[];
export const programs = table("programs") as readonly ProgramRow[];
