import { describe, expect, it } from "vitest";
import {
  HostUnreachable,
  Interrupted,
  StepFailed,
  type AskOptions,
  type Host,
} from "../../../provider/src/host-program/host.ts";
import { ask } from "../../../provider/src/lifecycle/progress.ts";

/** What is asked of a host that begins its second step, has a command say a last word, and fails so. */
async function failing(error: Error): Promise<unknown> {
  const host: Host = {
    name: "host1",
    ask: async (_, { onProgress }: AskOptions = {}) => {
      onProgress?.({ step: 0 });
      onProgress?.({ step: 1 });
      onProgress?.({ line: "Unpacking ceph-osd ...  " });
      return Promise.reject(error);
    },
  };
  const words = (step: number): string => ["writing the marker", "making packages ceph"][step] ?? "?";
  return ask({ host, label: "packages ceph", words }, { steps: [] }).catch((reason: unknown) => reason);
}

describe("what a host is asked", () => {
  it("fails with the host, the resource and the step", async () => {
    const error = new StepFailed({ host: "host1", step: 0, how: "failed", message: "no space left" });
    expect(String(await failing(error))).toBe(
      "Error: host1: packages ceph failed while writing the marker: no space left",
    );
  });

  it("says what was said last where its time was over", async () => {
    const message = "it did not end within 60 s and was ended";
    const error = new StepFailed({ host: "host1", step: 1, how: "overdue", message });
    expect(String(await failing(error))).toBe(
      `Error: host1: packages ceph failed while making packages ceph: ${message}; it said last: Unpacking ceph-osd ...`,
    );
  });

  it("is interrupted with what it was at", async () => {
    const error = await failing(new Interrupted("host1", "the run was cancelled"));
    expect(error).toBeInstanceOf(Interrupted);
    expect((error as Error).message).toBe(
      "host1: interrupted while making packages ceph: the run was cancelled",
    );
  });

  it("leaves other errors as they are", async () => {
    const error = new HostUnreachable("host1", "connection refused");
    expect(await failing(error)).toBe(error);
  });
});
