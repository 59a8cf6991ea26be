import { z } from "zod";
import { debianPackages } from "../artifacts/packages.ts";
import { defineResource } from "../lifecycle/define-resource.ts";
import { HostName, Name, none, Text } from "../validation/schemas.ts";

const PackageName = Text("the name of a Debian package", /^[a-z0-9][a-z0-9.+-]+$/);

const inputs = z.object({
  host: HostName.describe("Where they are installed."),
  name: Name.describe("What they are for: a word of your choice."),
  packages: z
    .array(PackageName)
    .min(1, "expected at least one package")
    .describe("Names of Debian packages."),
});

/** Debian packages on a host. They stay when the resource goes: something else may use them by then. */
export const packages = defineResource({
  type: "torocloud:host:Packages",
  summary: "Debian packages on a host.",
  kind: "packages",
  inputs,
  derived: none,
  outputs: none,
  derive: {},
  onChange: { host: "replace", name: "replace", packages: "live" },
  replaceOrder: "create-then-delete",

  name: ({ name }) => name,
  artifacts: (desired) => [debianPackages(desired.packages)],
});
