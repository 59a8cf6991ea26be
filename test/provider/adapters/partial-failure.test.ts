import { expect, it, vi } from "vitest";
import { titleOf } from "../../../provider/src/artifacts/artifact.ts";
import { PartialFailure } from "../../../provider/src/lifecycle/errors.ts";
import { packages } from "../../../provider/src/machine/packages.ts";
import { examples } from "../examples.ts";
import { ModelFleet } from "../model-host.ts";

const fleet = new ModelFleet(packages, {});
vi.doMock("../../../provider/src/registry.ts", () => ({
  registry: new Map([[packages.type, fleet.resource]]),
}));
vi.doMock("../../../provider/src/adapters/surroundings.ts", () => ({ surroundings: fleet.surroundings }));
const { dynamicLifecycle } = await import("../../../provider/src/adapters/dynamic-lifecycle.ts");

it("what is half-made keeps the provider's source, or Pulumi could neither read nor delete it", async () => {
  const lifecycle = dynamicLifecycle(packages.type);
  const checked = await lifecycle.check({}, examples["torocloud:host:Packages"].inputs);
  const inputs = checked.inputs as Record<string, unknown>;
  const [part] = packages.artifacts(inputs, undefined);
  fleet.host(String(inputs["host"])).stubborn.add(part ? titleOf(part) : "");

  const failed: unknown = await lifecycle
    .create({ ...inputs, __provider: "source" })
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(PartialFailure);
  expect(failed).toMatchObject({ properties: { ...inputs, __provider: "source" } });
});
