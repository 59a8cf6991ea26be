import * as pulumi from "@pulumi/pulumi";
import * as sdk from "@torocloud/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { mockEngine } from "../sdk/mocked-engine.ts";
import { programs, type ProgramRow } from "./table.ts";

let config: Record<string, string>;
beforeEach(async () => {
  const addresses = {
    node1: "node1.example.org",
    node2: "192.0.2.12",
    node3: "192.0.2.13",
    node4: "192.0.2.14",
  };
  await mockEngine({ host1: "192.0.2.21", ...addresses });
  config = pulumi.runtime.allConfig();
});

afterEach(async () => {
  await pulumi.runtime.disconnect();
});

type Constructor = new (name: string, args: unknown) => unknown;

function make({ make: name, ...given }: ProgramRow["program"][number]): unknown {
  const exported = name
    .split(".")
    .reduce<unknown>((inner, step) => (inner as Record<string, unknown>)[step], sdk);
  return new (exported as Constructor)(given.name, given.args);
}

describe("a program is refused, before anything else happens, for", () => {
  it.each(programs.map((row) => [row.title, row] as const))(
    "%s",
    (_, { program, config: settings = {}, says }) => {
      const changed = Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [`torocloud:${name}`, value]),
      );
      pulumi.runtime.setAllConfig({ ...config, ...changed });
      const steps = [...program];
      const last = steps.pop();
      for (const step of steps) make(step);
      let said = "";
      try {
        if (last) make(last);
      } catch (error) {
        said = error instanceof pulumi.RunError ? error.message : String(error);
      }
      pulumi.runtime.setAllConfig(config);
      expect(said.replaceAll(config["torocloud:inventory"] ?? "", "inventory.yaml")).toBe(says);
      expect(said).not.toMatch(/\n/);
    },
  );
});
