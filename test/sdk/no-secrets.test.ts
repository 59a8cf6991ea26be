import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";
import { noSecrets } from "../../sdk/src/no-secrets.ts";
import { mockEngine } from "./mocked-engine.ts";

beforeAll(async () => {
  await mockEngine({});
});

async function valueOf(output: unknown): Promise<unknown> {
  return (output as { promise(): Promise<unknown> }).promise();
}

// That a secret is refused, which ends a program, is seen in the lab.
describe("what is no secret", () => {
  it("passes as it is: plain values, outputs, outputs within", async () => {
    const shares = [{ share: pulumi.output("web"), tag: "site" }];
    const passed = noSecrets("web-0", { host: "host1", contextId: pulumi.output(7), shares });
    expect(passed.host).toBe("host1");
    expect(await valueOf(passed.contextId)).toBe(7);
    expect(await valueOf(passed.shares)).toEqual([{ share: "web", tag: "site" }]);
  });
});
